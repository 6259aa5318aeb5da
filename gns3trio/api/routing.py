"""Route tables, which dispatch requests and convert their data: a handler gets checked values and returns plain data.

A handler is ``async def name(api, <path parameters>, body)``. Its annotations define how path parameters (UUID, int,
str) and the body are checked. The body is an attrs class; unknown keys are rejected unless its IGNORES_UNKNOWN_KEYS is
true. The result of the handler, plain data, a WithHeaders or a Response, is sent with the route's status.
"""

import inspect
import typing
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar
from uuid import UUID

import attrs
from cattrs.preconf.orjson import OrjsonConverter
from starlette.convertors import IntegerConvertor, register_url_convertor
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from gns3trio import threads
from gns3trio.api.access import Access, AnyRoute, HttpRoute, Privileges, SocketRoute, rule_for
from gns3trio.api.console_host import tell_console_host
from gns3trio.api.context import ApiContext
from gns3trio.api.dialects import Dialect, dialect_of
from gns3trio.api.encoded_lists import PiecesResponse, encode_pieces
from gns3trio.api.errors import WS_POLICY_VIOLATION, BodyTooLarge
from gns3trio.api.identity import visible_projects, while_welcome
from gns3trio.api.streams import EndlessResponse
from gns3trio.classes import define, frozen
from gns3trio.controller.controller import Controller
from gns3trio.controller.people.privileges import Privilege
from gns3trio.controller.project.project import Project
from gns3trio.convert import make_strict_converter, parse_uuid, structure, without_nulls
from gns3trio.encoding import dumps_sorted
from gns3trio.errors import Invalid, LabError, NotFound, Unavailable
from gns3trio.json_text import read_json
from gns3trio.limits import MAX_TEXT
from gns3trio.memory import Holder
from gns3trio.sizes import size_text

# A drawing may contain an image as text; no other body is nearly as large.
MAX_JSON_BODY_BYTES = 16 * 1024 * 1024

# The number of characters of an invalid body that the error repeats.
MAX_TOLD_BYTES = 64 * 1024

# Longer bodies are parsed in a thread. Its overhead equals the time to parse this many bytes.
_SHORT_BODY_BYTES = 8 * 1024

MAX_QUERY_BYTES = 16 * 1024

MAX_PATH_NUMBER = 999_999_999

JSON = "application/json"

_UNWELCOME = "the user may not use this any more"


class _NumberConvertor(IntegerConvertor):
    """A number in a path. Starlette's own converter accepts any number of digits, but Python refuses to parse
    thousands.
    """

    regex = "[0-9]{1,9}"


register_url_convertor("number", _NumberConvertor())

_body_converter = make_strict_converter(forbid_extra_keys=True)
_known_keys_converter = make_strict_converter(forbid_extra_keys=False)
_coercing_converter = make_strict_converter(forbid_extra_keys=False, coerces=True)
Handler = Callable[..., Awaitable[Any]]
_T = TypeVar("_T")
WebSocketHandler = Callable[..., Awaitable[None]]


class JSONResponse(Response):
    """Sorted JSON. Its type has no charset, because the GNS3 GUI compares the type for equality."""

    def __init__(self, content: Any, status_code: int = 200, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(dumps_sorted(content), status_code, {"content-type": "application/json", **(headers or {})})


@frozen
class ApiRequest:
    """The request, as a handler sees it beside its parameters."""

    context: ApiContext
    http: Request

    @property
    def controller(self) -> Controller:
        """The controller, with all projects of this server."""
        return self.context.controller

    @property
    def projects(self) -> list[Project]:
        """The projects of which the user is told who makes the request. All lists are made from these."""
        return visible_projects(self.http.scope, self.controller.projects.values())

    def given(self, body: Any) -> dict[str, Any]:
        """The fields of ``body`` that the client sent, by name; all other fields have meaningless defaults."""
        sent = self.http.state.body
        return {f.name: getattr(body, f.name) for f in attrs.fields(type(body)) if f.name in sent}

    def query(self, kind: type[_T]) -> _T:
        """The parameters of the query as an object of an attrs class with defaults: texts are numbers and truth values
        where these are expected, and unknown parameters are ignored. Raises Invalid with the name of a wrong one.
        """
        return structure(_coercing_converter, dict(self.http.query_params), kind)

    @property
    def declares_json(self) -> bool:
        """Whether the Content-Type is JSON: true for every GNS3 2.2 client, false for plain curl."""
        return self.http.headers.get("content-type", "").startswith("application/json")


@frozen
class WithHeaders:
    """A result of a handler that is sent with headers of its own."""

    result: Any
    headers: Mapping[str, str]


@frozen
class Operation:
    """The data of a route for OpenAPI.

    ``reply`` is the type of a JSON reply, if it has a fixed shape; ``query`` describes each query parameter.
    """

    method: str
    path: str
    handler: Handler
    status: int
    raw_body: bool
    reply: Any
    raw_body_type: Any
    media_type: str
    query: Mapping[str, str]

    @property
    def hints(self) -> dict[str, Any]:
        """The types of the handler's parameters and of its result."""
        return typing.get_type_hints(self.handler)

    @property
    def body(self) -> Any:
        """The class of the body, or None if there is none."""
        return self.raw_body_type or _body_type(self.handler)


@define
class RouteTable:
    """The routes of one family, all of one version, whose dialect they have.

    A request to a project that is being opened waits until it is open, as in GNS3, unless ``while_opening``. ``access``
    says who may use the routes that do not say it.
    """

    prefix: str
    while_opening: bool = False
    access: Access | None = None
    routes: list[AnyRoute] = attrs.field(factory=list)
    operations: list[Operation] = attrs.field(factory=list)

    @property
    def dialect(self) -> Dialect:
        """How its routes read requests."""
        return dialect_of(self.prefix)

    def route(
        self,
        method: str | Sequence[str],
        *paths: str,
        status: int = 200,
        raw_body: bool = False,
        body: Any = None,
        media_type: str = JSON,
        reply: Any = None,
        query: Mapping[str, str] = MappingProxyType({}),
        described: bool = True,
        access: Access | None = None,
        privilege: Privileges | None = None,
        at: str | None = None,
        also: Sequence[tuple[Privilege, str]] = (),
        another: Privilege | None = None,
    ) -> Callable[[Handler], Handler]:
        """Register a handler for ``method``, or several methods, on every one of ``paths`` (below the prefix).

        With ``raw_body`` the handler reads the body itself, as ``api.http.stream()``, of any size and content.
        ``body`` then describes its body, which has a ``media_type``, ``reply`` the JSON reply (see ``replies``) and
        ``query`` the query parameters; these only affect the OpenAPI document. Only ``described`` routes are in that
        document.

        Each route says who may use it: it requires a ``privilege`` (or several) of its user, for its path or the one
        that is given as ``at``, without the version, and ``also`` others for other paths; ``another`` one is enough
        instead. Or ``access`` says that every user may use it, or everybody.
        """

        methods = [method] if isinstance(method, str) else list(method)

        def register(handler: Handler) -> Handler:
            if described:
                self.operations += [
                    Operation(each, self.prefix + path, handler, status, raw_body, reply, body, media_type, query)
                    for each in methods
                    for path in paths
                ]
            waiting = handler if self.while_opening else _once_opened(handler)
            endpoint = _Endpoint(_make_endpoint(handler, waiting, status, self.dialect, raw_body))
            self.routes += [
                HttpRoute(
                    self.prefix + path,
                    endpoint,
                    methods=methods,
                    name=handler.__name__,
                    rule=rule_for(self.prefix + path, access or self.access, privilege, at, also, another),
                )
                for path in paths
            ]
            return handler

        return register

    def websocket(
        self,
        *paths: str,
        access: Access | None = None,
        privilege: Privileges | None = None,
        at: str | None = None,
    ) -> Callable[[WebSocketHandler], WebSocketHandler]:
        """Register a handler for websockets; it gets the ApiContext, the WebSocket and the path parameters. The rest is
        as for ``route``. When the user loses the right to it, the websocket is closed.
        """

        def register(handler: WebSocketHandler) -> WebSocketHandler:
            hints = typing.get_type_hints(handler)

            async def endpoint(websocket: WebSocket) -> None:
                arguments = _path_arguments(websocket.path_params, hints, self.dialect)
                check_query(websocket)
                if not self.while_opening:
                    await websocket.app.state.context.controller.wait_until_opened(arguments.get("project_id"))
                serve = partial(handler, websocket.app.state.context, websocket, **arguments)
                if await while_welcome(websocket.scope, serve):
                    await websocket.close(WS_POLICY_VIOLATION, _UNWELCOME)

            endpoint.__doc__ = handler.__doc__
            self.routes += [
                SocketRoute(
                    self.prefix + path,
                    endpoint,
                    name=handler.__name__,
                    rule=rule_for(self.prefix + path, access or self.access, privilege, at, ()),
                )
                for path in paths
            ]
            return handler

        return register


class _Endpoint:
    """The ASGI application of a route. Because it is not a function, Starlette does not wrap it in its own error
    handling for every request; ``ErrorBoundary`` handles errors.
    """

    def __init__(self, answer: Callable[[Request], Awaitable[Response]]) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The connection must not keep the bodies of earlier requests in memory.
        scope["state"] = {}
        with Holder(scope["app"].state.context.memory.bodies) as held:
            scope["state"]["held"] = held
            response = await self._answer(Request(scope, receive, send))
        scope["state"] = {}  # a streamed reply may last for hours
        if isinstance(response, EndlessResponse):
            # Left without its end, the reply is cut.
            await while_welcome(scope, partial(response, scope, receive, send))
        else:
            await response(scope, receive, send)


def _once_opened(handler: Handler) -> Handler:
    """Wrap the handler so that it waits while its project is being opened."""
    if "project_id" not in inspect.signature(handler).parameters:
        return handler

    async def wait_and_handle(api: ApiRequest, **arguments: Any) -> Any:
        await api.controller.wait_until_opened(arguments["project_id"])
        return await handler(api, **arguments)

    return wait_and_handle


def _make_endpoint(
    handler: Handler, waiting: Handler, status: int, dialect: Dialect, raw_body: bool
) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint that calls ``waiting``; ``handler`` has the types of its parameters."""
    hints = typing.get_type_hints(handler)
    body_type = _body_type(handler)
    converter = _converter_for(body_type, dialect)

    async def endpoint(request: Request) -> Response:
        arguments = _path_arguments(request.path_params, hints, dialect)
        check_query(request)
        if raw_body:
            return await _handle_raw(waiting, request, arguments, status)
        data = await read_body(request)  # even if it is unused: an unread body would cost the client its connection
        request.state.data = data
        if body_type is not None:
            read = partial(_read_object, request, data, converter, body_type, dialect)
            if len(data) <= _SHORT_BODY_BYTES:
                arguments["body"] = read()
            else:
                arguments["body"] = await threads.parsers.run(read)
        return await _reply(await waiting(ApiRequest(request.app.state.context, request), **arguments), status, request)

    return endpoint


def _converter_for(body_type: Any, dialect: Dialect) -> OrjsonConverter:
    if dialect.coerces:
        return _coercing_converter
    ignores = dialect.ignores_unknown_keys or getattr(body_type, "IGNORES_UNKNOWN_KEYS", False)
    return _known_keys_converter if ignores else _body_converter


def _body_type(handler: Handler) -> Any:
    return typing.get_type_hints(handler)["body"] if "body" in inspect.signature(handler).parameters else None


async def _reply(result: Any, status: int, request: Request) -> Response:
    if isinstance(result, Response):
        return result
    if result is None:
        return Response(status_code=status)
    headers = {"content-type": "application/json"}
    if isinstance(result, WithHeaders):
        headers |= result.headers
        result = result.result
    pieces = await encode_pieces(result)
    told = (tell_console_host(piece, request.scope, request.app.state.context.config) for piece in pieces)
    return PiecesResponse(told, status, headers) if len(pieces) > 1 else Response(next(told), status, headers)


async def _handle_raw(handler: Handler, request: Request, arguments: dict[str, Any], status: int) -> Response:
    try:
        return await _reply(await handler(ApiRequest(request.app.state.context, request), **arguments), status, request)
    except LabError:
        # Many clients send the whole body before they read the reply. They would see a broken connection, not the
        # reason.
        with suppress(RuntimeError):  # the stream was read to its end
            async for _ in request.stream():
                pass
        raise


def _path_arguments(parameters: Mapping[str, Any], hints: Mapping[str, Any], dialect: Dialect) -> dict[str, Any]:
    arguments = dict(parameters)
    for name, value in parameters.items():
        if isinstance(value, str) and len(value) > MAX_TEXT:
            raise NotFound(f"{name}: has {len(value)} characters, and may have {MAX_TEXT}")
        if hints.get(name) is UUID:
            try:
                arguments[name] = parse_uuid(value)
            except ValueError:
                if dialect.strict_ids:
                    raise Invalid(f"{name}: {value!r} is not a UUID") from None
                raise NotFound(f"{name.removesuffix('_id').capitalize()} ID {value} doesn't exist") from None
    return arguments


def check_query(connection: HTTPConnection) -> None:
    """Raises Invalid for a query that is too long, or a parameter in it."""
    if len(connection.scope["query_string"]) > MAX_QUERY_BYTES:
        raise Invalid(f"query: has more than {size_text(MAX_QUERY_BYTES)}")
    for name, value in connection.query_params.items():
        if len(value) > MAX_TEXT:
            raise Invalid(f"{name[:MAX_TEXT]}: has {len(value)} characters, and may have {MAX_TEXT}")


async def read_body(request: Request) -> bytearray:
    """Read a whole body, which counts in ``Memory.bodies`` until the request is answered.

    Raises BodyTooLarge, and Unavailable if the bodies of all clients together are too large.
    """
    held: Holder = request.state.held
    data = bytearray()
    async for chunk in request.stream():
        if len(data) + len(chunk) > MAX_JSON_BODY_BYTES:
            raise BodyTooLarge(f"body: larger than {size_text(MAX_JSON_BODY_BYTES)}")
        if not held.take(len(chunk)):
            raise Unavailable("body: the server is busy with other large requests; send it again in a moment")
        data += chunk
    return data


def _read_object(
    request: Request, data: bytearray, converter: OrjsonConverter, kind: type[Any], dialect: Dialect
) -> Any:
    """Read the body as a ``kind``: JSON. What an empty body, another Content-Type and query parameters mean depends on
    the dialect.
    """
    if dialect.needs_body:
        _require_json(request, data)
    try:
        body = read_json(data) if data.strip() else {}
    except Invalid as error:
        request.state.body = {"malformed_json": data[:MAX_TOLD_BYTES].decode(errors="replace")}
        raise Invalid(f"body: {error}") from None
    if dialect.merges_query and request.query_params and isinstance(body, dict):
        body = {**body, **request.query_params}
    if isinstance(body, dict):
        # gns3fy sends an internal key of pydantic: __pydantic_initialised__.
        body = {name: value for name, value in body.items() if not name.startswith("__")}
        if dialect.coerces:
            body = without_nulls(body, kind)
    request.state.body = body
    return structure(converter, body, kind)


def _require_json(request: Request, data: bytearray) -> None:
    """Raises Invalid unless there is a body, and nothing says that it is something else than JSON."""
    if not data.strip():
        raise Invalid("body: is missing")
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise Invalid(f"Content-Type: {kind} is not application/json")
