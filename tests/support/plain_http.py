"""What a client of httpx needs for a server without TLS: ``AsyncClient(verify=NO_TLS)``.

Otherwise it reads all certificates that the system trusts, which takes longer than to start a server.
"""

import ssl

# Trusts nobody.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
