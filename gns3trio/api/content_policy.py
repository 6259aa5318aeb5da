"""What a browser may do with our replies: the policies (CSP, https://www.w3.org/TR/CSP3) that they carry.

Whoever may use the server may upload a file, and an imported lab brings files of strangers. Opened in a browser, such a
file must not act in the name of its reader. So every reply forbids everything by ``SANDBOX``, and what is meant to be
a page says what it needs instead.
"""

import mimetypes
from collections.abc import Iterable
from pathlib import PurePosixPath

POLICY = b"content-security-policy"

# No script, no frame, an origin of its own. A picture shows, with its styles; used in ``<img>`` it needs no policy.
SANDBOX = b"default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox"

# For our own page and the viewer of the API. The terminal and the viewer set styles by themselves; pictures of drawings
# come as data.
OWN_PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

# For pages without a script.
PLAIN_PAGE = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)

# The GNS3 web UI has scripts inside its page, and talks to other servers that its user names. It also counts its
# visitors by a script of another host, which is refused.
WEB_UI = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src * data: blob:; "
    "font-src 'self' data:; connect-src *; object-src 'none'; base-uri 'self'; frame-ancestors 'self'"
)

_ALWAYS = (b"x-content-type-options", b"nosniff")
_SANDBOXED = (_ALWAYS, (POLICY, SANDBOX))
_OF_ITS_OWN = (_ALWAYS,)

# Types of uploaded files that browsers show and cannot run. Whatever else it is goes to the disk: as a script, a file
# would pass ``script-src 'self'``.
_SHOWN_TYPES = frozenset({"text/plain", "image/gif", "image/jpeg", "image/png", "image/webp"})
BINARY = "application/octet-stream"


def policy_headers(headers: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[bytes, bytes], ...]:
    """What a reply with ``headers`` (of lower-case names) gets beside them."""
    return _OF_ITS_OWN if any(name == POLICY for name, _ in headers) else _SANDBOXED


def shown_type(path: str) -> str | None:
    """The media type of an uploaded file that a browser may show; None for one that is to be saved."""
    media_type = mimetypes.guess_type(PurePosixPath(path).name)[0]
    return media_type if media_type in _SHOWN_TYPES else None
