"""Maps errors to HTTP statuses and JSON error bodies, in the dialect of each version. No other module does this.

Body: ``{"status": 409, "message": "..."}``; a 400 adds ``method``, ``path`` (the route's pattern) and
``request``, which the GNS3 GUI reads. Version 3 has the message alone, and ``{"detail": ...}`` where no route is.
A browser that opens a page gets a page instead.
"""

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gns3trio.api.dialects import Dialect, dialect_of
from gns3trio.api.error_pages import error_page, wants_page
from gns3trio.encoding import dumps_sorted
from gns3trio.errors import (
    ComputeAway,
    Conflict,
    Forbidden,
    ImageMissing,
    Invalid,
    LabError,
    NotFound,
    Refused,
    Unavailable,
    sole_cause,
    what_is_lacking,
)
from gns3trio.notifications.events import log_event

log = logging.getLogger(__name__)

WS_POLICY_VIOLATION = 1008  # RFC 6455 7.4.1


class BodyTooLarge(LabError):
    """The request's body exceeds the limit."""


STATUS_OF_ERROR: dict[type[LabError], int] = {
    Invalid: 400,
    Refused: 400,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    BodyTooLarge: 413,
    ComputeAway: 409,  # as GNS3 answers then
    Unavailable: 503,
}

_CONVERTER = re.compile(r":\w+\}")  # the pattern of a parameter in the path of a route

_IMAGE_MISSING = "ImageMissingError"  # by which GNS3's controllers know it

MAX_DRAINED_BYTES = 1024 * 1024
MAX_REPEATED_BYTES = 64 * 1024  # characters of a body in the reply that rejects it
MAX_MESSAGE_LENGTH = 4000

_HTTP_MESSAGES = {
    404: "There is no such path: {path}",
    405: "Method {method} is not allowed for {path}",
    426: "{path} is a websocket, and the request does not ask for one. A reverse proxy that leaves out the headers "
    "Upgrade and Connection is a usual cause.",
}


def status_of(error: LabError) -> int:
    """The HTTP status of a domain error."""
    return next((status for kind, status in STATUS_OF_ERROR.items() if isinstance(error, kind)), 500)


def error_response(
    dialect: Dialect, status: int, message: str, headers: dict[str, str] | None = None, **more: Any
) -> Response:
    """The reply for an error. The message is cut, because it may repeat megabytes of the request. ``more`` is told in
    the dialect that has details, and ``exception`` in all.
    """
    if len(message) > MAX_MESSAGE_LENGTH:
        message = f"{message[:MAX_MESSAGE_LENGTH]}..."
    body: dict[str, Any] = {"message": message}
    if dialect.errors == "detailed":
        body |= {"status": status, **more}
    elif dialect.errors == "validation" and status == dialect.invalid_status:
        field, _, reason = message.partition(": ")
        body = {"detail": [{"type": "value_error", "loc": ["body", *field.split(".")], "msg": reason or message}]}
    elif "exception" in more:
        body["exception"] = more["exception"]
    return Response(dumps_sorted(body), status, {"content-type": "application/json", **(headers or {})})


def _no_route(dialect: Dialect, status: int, message: str, headers: dict[str, str]) -> Response:
    """The reply where no route is. GNS3 3 tells it in a form of its own, except its computes."""
    if dialect.errors != "message":
        return error_response(dialect, status, message, headers)
    return Response(dumps_sorted({"detail": message}), status, {"content-type": "application/json", **headers})


def response_for(error: Exception, request: Request) -> Response:
    """The reply for any exception of a handler. Unexpected ones are logged; their reply has no details."""
    error = sole_cause(error)
    dialect = dialect_of(request.scope["path"])
    if lacking := what_is_lacking(error):
        log.warning("%s %s: the server has no %s left: %s", request.method, request.url.path, lacking, error)
        told = f": {error}" if isinstance(error, LabError) else ""
        return reply_to(request, 503, f"The server has no {lacking} left; try again in a moment{told}")
    if isinstance(error, LabError):
        status = status_of(error)
        if isinstance(error, Invalid) and not wants_page(request):
            status = dialect.invalid_status
            is_long = len(getattr(request.state, "data", b"")) > MAX_REPEATED_BYTES
            body = {} if is_long else getattr(request.state, "body", {})
            path = _CONVERTER.sub("}", request.scope.get("route_path", request.url.path))
            return error_response(dialect, status, str(error), method=request.method, path=path, request=body)
        if wants_page(request):
            return error_page(status, str(error), request)
        more: dict[str, Any] = (
            {"exception": _IMAGE_MISSING, "image": error.image} if isinstance(error, ImageMissing) else {}
        )
        return error_response(dialect, status, str(error), **more)
    if isinstance(error, HTTPException):
        message = _HTTP_MESSAGES.get(error.status_code, str(error.detail))
        message = message.format(method=request.method, path=request.url.path)
        if error.status_code < 400:
            return Response(None, error.status_code, error.headers)
        if wants_page(request):
            return error_page(error.status_code, message, request, error.headers)
        return _no_route(dialect, error.status_code, message, dict(error.headers or {}))
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return reply_to(request, 500, "Internal server error; the server's log has the details")


def reply_to(request: Request, status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """The reply for an error without details: a page for a browser, else in the dialect of the path."""
    if wants_page(request):
        return error_page(status, message, request, headers)
    return error_response(dialect_of(request.scope["path"]), status, message, dict(headers or {}))


class ErrorBoundary:
    """The innermost middleware: turns exceptions of handlers into replies."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request or websocket (ASGI entry point)."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        started = False

        async def watch_send(message: Any) -> None:
            nonlocal started
            started = True
            await send(message)

        body = BodyReader(receive)
        try:
            await self._app(scope, body, watch_send)
        except ClientDisconnect:
            pass
        except Exception as error:
            if started:
                raise  # the reply has begun, so the connection is cut
            if scope["type"] == "http":
                await body.drain()
            await _send_error(error, scope, receive, send)


class BodyReader:
    """An ASGI ``receive`` that records whether the request's body has been read.

    HTTP/1.1 cannot continue with the next request before that. If a reply leaves the body unread, the connection must
    be closed, perhaps while the client sends its next request.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._ended = False

    async def __call__(self) -> Any:
        """Receive the next message (ASGI ``receive``)."""
        message = await self._receive()
        if not message.get("more_body", False):
            self._ended = True
        return message

    async def drain(self) -> None:
        """Read the rest of the body, unless it is too long."""
        size = 0
        while not self._ended and size < MAX_DRAINED_BYTES:
            size += len((await self()).get("body", b""))


async def refuse(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    """Reject a request or a websocket handshake of which nothing has been read."""
    if scope["type"] == "websocket":
        await refuse_websocket(response, send)
    else:
        await BodyReader(receive).drain()
        await response(scope, receive, send)


async def _send_error(error: Exception, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await response_for(error, Request(scope))(scope, receive, send)
        return
    response = response_for(error, Request({**scope, "type": "http", "method": "GET"}))
    await refuse_websocket(response, send)


async def close_websocket(message: str, receive: Receive, send: Send) -> None:
    """Accept a handshake, tell an error as an event, and close, as GNS3 3 refuses a websocket."""
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": log_event("error", message).line.decode()})
    await send({"type": "websocket.close", "code": WS_POLICY_VIOLATION, "reason": ""})


async def refuse_websocket(response: Response, send: Send) -> None:
    """Answer a websocket handshake with an HTTP reply (ASGI extension ``websocket.http.response``)."""
    await send(
        {
            "type": "websocket.http.response.start",
            "status": response.status_code,
            "headers": response.raw_headers,
        }
    )
    await send({"type": "websocket.http.response.body", "body": response.body})
