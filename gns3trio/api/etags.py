"""Conditional replies: a client need not fetch an unchanged reply again (RFC 9110 13.1.2)."""

import hashlib

from starlette.responses import Response

from gns3trio.api.routing import ApiRequest


def with_etag(api: ApiRequest, data: bytes, headers: dict[str, str]) -> Response:
    """A reply with an entity tag; 304 without a body if the client has the same version (RFC 9110 13.1.2)."""
    tag = f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'
    known = {each.strip().removeprefix("W/") for each in api.http.headers.get("if-none-match", "").split(",")}
    if tag in known or "*" in known:
        return Response(status_code=304, headers={"etag": tag})
    return Response(data, headers={**headers, "etag": tag})
