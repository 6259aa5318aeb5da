"""Generates the OpenAPI 3.1 description of the API from the route tables and the converters.

OpenAPI does not support websockets: they are listed under ``x-websockets``. An endless reply is marked with
``x-endless``.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from inspect import getdoc
from typing import Any, get_type_hints
from uuid import UUID

from starlette.responses import HTMLResponse, Response
from starlette.routing import WebSocketRoute

from gns3trio import __version__
from gns3trio.api.content_policy import BINARY
from gns3trio.api.dialects import dialect_of
from gns3trio.api.errors import STATUS_OF_ERROR
from gns3trio.api.json_schema import Schema, Schemas, family
from gns3trio.api.openapi_tags import TAGS, tag_of
from gns3trio.api.replies import Detail, Error, Message, WrongValues
from gns3trio.api.routing import MAX_JSON_BODY_BYTES, MAX_PATH_NUMBER, Operation, RouteTable
from gns3trio.api.streams import EndlessResponse
from gns3trio.controller.archives.reader import MAX_ENTRIES, MAX_UNPACKED_BYTES, RESERVE_BYTES
from gns3trio.limits import MAX_DEPTH, MAX_TEXT, MAX_VALUES
from gns3trio.sizes import size_text

OPENAPI_VERSION = "3.1.1"
JSON = "application/json"
ANY = "*/*"
NO_CONTENT = 204
_NOT_FOUND = 404

_PARAMETER = re.compile(r"\{(\w+)(:\w+)?\}")
_DESCRIPTION = f"""\
The API of GNS3 2.2 with extensions, and that of GNS3 3. The description of each extension says that it is one.

- A body is JSON of at most {size_text(MAX_JSON_BODY_BYTES)} and {MAX_VALUES} values, nested at most {MAX_DEPTH} deep,
  whatever its Content-Type. An empty body means `{{}}`. Unknown fields are rejected if the schema says so.
- Every text, list and object has a limit, which its schema states. In an object without a fixed shape, `x-maxDepth` and
  `x-maxTextLength` limit its contents.
- An error is `{{"message": ..., "status": ...}}`; the message names the field. A 400 also contains the request.
- An archive (import, snapshot) may unpack to {size_text(MAX_UNPACKED_BYTES)} and {MAX_ENTRIES} files and folders,
  however small it is. It is rejected (503) before it uses the last {size_text(RESERVE_BYTES)} of the disk, or the last
  tenth of the free space.
- Version 1 is the API before GNS3 2.0.
- Version 3 is that of GNS3 3. It needs a token (`POST /v3/access/users/authenticate`), as `Authorization: Bearer` or as
  `token` in the query. Its bodies must not be empty, their Content-Type must be JSON if there is one, and unknown
  fields are ignored. A wrong value is 422, and an error is `{{"message": ...}}`.
"""


def describe_api(tables: Sequence[RouteTable]) -> dict[str, Any]:
    """The OpenAPI document of the routes in ``tables``."""
    schemas = Schemas()
    paths: dict[str, dict[str, Any]] = {}
    tags: set[str] = set()
    seen: Counter[str] = Counter()
    errors = {
        name: {"description": "What is wrong", "content": {JSON: {"schema": schemas.of(shape, bounded=False)}}}
        for name, shape in (
            ("Error", Error),
            ("Message", Message),
            ("NotThere", Message | Detail),
            ("WrongValues", WrongValues),
        )
    }
    for operation in (each for table in tables for each in table.operations):
        described = _describe(operation, schemas)
        name = described["operationId"]
        seen[name] += 1
        if seen[name] > 1:  # one handler has several routes
            described["operationId"] = f"{name}_{seen[name]}"
        tags.update(described["tags"])
        methods = paths.setdefault(_PARAMETER.sub(r"{\1}", operation.path) or "/", {})
        methods[operation.method.lower()] = described
    return {
        "openapi": OPENAPI_VERSION,
        "info": {
            "title": "gns3trio",
            "version": __version__,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        # Relative to the document, because the server may be below a path.
        "servers": [{"url": ".", "description": "this server"}],
        "security": [{}, {"password": []}],
        "tags": [{"name": tag.name, "description": tag.about} for tag in TAGS if tag.name in tags],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "responses": errors,
            "securitySchemes": {
                "password": {"type": "http", "scheme": "basic", "description": "Where the server asks for one."}
            },
        },
        "x-websockets": list(_describe_websockets(tables)),
    }


def _describe(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    summary, _, more = (getdoc(operation.handler) or "").partition("\n\n")
    module = family(operation.handler.__module__)
    described: dict[str, Any] = {
        "operationId": f"{module}.{operation.handler.__name__}",
        "summary": " ".join(summary.split()),
        "tags": [tag_of(module)],
        "responses": {
            str(operation.status): _describe_reply(operation, schemas),
            **{str(status): {"$ref": _error_form(operation, status)} for status in _error_statuses(operation)},
        },
    }
    if more:
        described["description"] = more
    hints = operation.hints
    parameters = [_describe_parameter(name, kind, hints) for name, kind in _PARAMETER.findall(operation.path)]
    parameters += [
        {"name": name, "in": "query", "schema": {"type": "string", "maxLength": MAX_TEXT}, "description": text}
        for name, text in operation.query.items()
    ]
    if parameters:
        described["parameters"] = parameters
    if operation.raw_body and operation.body is None:
        described["requestBody"] = {"content": {BINARY: {}}}
    elif operation.body is not None:
        schema = schemas.of(operation.body, bounded=True)
        required = "required" in schemas.components[schema["$ref"].rpartition("/")[2]]
        described["requestBody"] = {"content": {operation.media_type: {"schema": schema}}, "required": required}
    if _is_endless(operation):
        described["x-endless"] = True
    return described


def _error_statuses(operation: Operation) -> Iterable[int]:
    invalid = dialect_of(operation.path).invalid_status
    yield from sorted({401, 429, 431, invalid, *STATUS_OF_ERROR.values()} - {operation.status})


def _error_form(operation: Operation, status: int) -> str:
    dialect = dialect_of(operation.path)
    if dialect.errors == "detailed":
        name = "Error"
    elif dialect.errors == "validation" and status == dialect.invalid_status:
        name = "WrongValues"
    elif dialect.errors == "message" and status == _NOT_FOUND:
        name = "NotThere"
    else:
        name = "Message"
    return f"#/components/responses/{name}"


def _describe_parameter(name: str, converter: str, hints: dict[str, Any]) -> dict[str, Any]:
    schema: Schema = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}
    if hints.get(name) is UUID:
        schema = {"type": "string", "format": "uuid"}
    elif converter == ":number":
        schema = {"type": "integer", "minimum": 0, "maximum": MAX_PATH_NUMBER}
    described = {"name": name, "in": "path", "required": True, "schema": schema}
    if converter == ":path":
        described["description"] = "May contain slashes."
    return described


def _returns(operation: Operation) -> type | None:
    returned = get_type_hints(operation.handler).get("return")
    return returned if isinstance(returned, type) else None


def _is_endless(operation: Operation) -> bool:
    returned = _returns(operation)
    return returned is not None and issubclass(returned, EndlessResponse)


def _describe_reply(operation: Operation, schemas: Schemas) -> dict[str, Any]:
    returned = _returns(operation)
    if returned is type(None) or operation.status == NO_CONTENT:
        return {"description": "Done"}
    reply = {"description": "The reply"}
    if operation.reply is not None:
        return {**reply, "content": {JSON: {"schema": schemas.of(operation.reply, bounded=False)}}}
    if returned is not None and issubclass(returned, HTMLResponse):
        return {**reply, "content": {"text/html": {}}}
    if returned is not None and issubclass(returned, Response):
        return {**reply, "content": {ANY: {}}}
    return {**reply, "content": {JSON: {}}}


def _describe_websockets(tables: Sequence[RouteTable]) -> Iterable[dict[str, str]]:
    for route in (each for table in tables for each in table.routes if isinstance(each, WebSocketRoute)):
        yield {"path": route.path, "summary": (getdoc(route.endpoint) or "").partition("\n\n")[0]}
