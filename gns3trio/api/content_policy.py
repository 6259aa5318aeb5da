"""The Content Security Policies (https://www.w3.org/TR/CSP3) of replies.

Every client can upload files, and imported labs contain files of strangers. A browser that opens such a file must not
let it act with the rights of the user. So by default every reply has the policy ``SANDBOX``, which forbids everything;
our pages have policies that allow what they need.
"""

import mimetypes
from collections.abc import Iterable
from pathlib import PurePosixPath

POLICY = b"content-security-policy"

# No scripts, no frames, an origin of its own. Pictures are shown with their styles; in ``<img>`` no policy applies.
SANDBOX = b"default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox"

# For our page and the API viewer. The terminal and the viewer set inline styles; pictures of drawings are data URLs.
OWN_PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

# For pages without scripts.
PLAIN_PAGE = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)

# The GNS3 web UI has inline scripts, that of GNS3 3 makes functions of texts, and both connect to other servers that
# their user enters. Their analytics script from another host is blocked.
WEB_UI = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src * data: blob:; font-src 'self' data:; connect-src *; object-src 'none'; base-uri 'self'; "
    "frame-ancestors 'self'"
)

_ALWAYS = (b"x-content-type-options", b"nosniff")
_SANDBOXED = (_ALWAYS, (POLICY, SANDBOX))
_OF_ITS_OWN = (_ALWAYS,)

# Types of uploaded files that browsers display but cannot execute. All others are downloaded: a script would be allowed
# by ``script-src 'self'``.
_SHOWN_TYPES = frozenset({"text/plain", "image/gif", "image/jpeg", "image/png", "image/webp"})
BINARY = "application/octet-stream"


def policy_headers(headers: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[bytes, bytes], ...]:
    """The policy headers to add to a reply with these ``headers`` (with lower-case names)."""
    return _OF_ITS_OWN if any(name == POLICY for name, _ in headers) else _SANDBOXED


def shown_type(path: str) -> str | None:
    """The media type of an uploaded file that a browser may display; None if it must be downloaded."""
    media_type = mimetypes.guess_type(PurePosixPath(path).name)[0]
    return media_type if media_type in _SHOWN_TYPES else None
