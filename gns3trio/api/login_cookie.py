"""The cookie (RFC 6265) in which a browser keeps the token of a user of our page.

Scripts cannot read it, pages of other sites cannot send it, and a browser sends it with downloads and websockets, too.
"""

from http.cookies import CookieError, SimpleCookie

from starlette.types import Scope

LOGIN = "/login"
_NAME = "gns3trio"


def cookie_name(scope: Scope) -> str:
    """The name of the cookie. Browsers send cookies to all ports of a host, so the name has the port."""
    host = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1")
    port = host.rpartition(":")[2]
    return _NAME + port if port.isascii() and port.isdigit() else _NAME


def token_in_cookie(scope: Scope) -> str | None:
    """The token in the cookie of a request, if there is one."""
    for header, value in scope["headers"]:
        if header == b"cookie" and _NAME.encode() in value:
            try:
                cookie = SimpleCookie(value.decode("latin-1")).get(cookie_name(scope))
            except CookieError:
                return None
            return cookie.value or None if cookie is not None else None
    return None
