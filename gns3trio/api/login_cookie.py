"""The cookie (RFC 6265) in which a browser keeps the token of a user of our page.

Scripts cannot read it, pages of other sites cannot send it, and a browser sends it with downloads and websockets, too.
"""

from starlette.types import Scope

LOGIN = "/login"
_NAME = "gns3trio"


def cookie_name(scope: Scope) -> str:
    """The name of the cookie. Browsers send cookies to all ports of a host, so the name has the port."""
    host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1")
    port = host.rpartition(":")[2]
    return _NAME + port if port.isascii() and port.isdigit() else _NAME


def token_in_cookie(scope: Scope) -> str | None:
    """The token in the cookie of a request, if there is one. Other servers on this host set cookies too, with whatever
    contents: they do not matter. Of several with our name, the last one counts, which has the shortest path.
    """
    token = None
    for header, value in scope["headers"]:
        if header == b"cookie" and _NAME.encode() in value:
            wanted = cookie_name(scope)
            for pair in value.decode("latin-1").split(";"):  # RFC 6265 (5.4)
                name, _, text = pair.strip().partition("=")
                if name == wanted:
                    token = text
    return token or None
