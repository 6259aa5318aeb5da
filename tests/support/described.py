"""Replies held against what the OpenAPI document says of them."""

import re
from functools import cache
from typing import Any

import jsonschema_rs

from gns3trio.api.app import TABLES
from gns3trio.api.openapi import describe_api

DOCUMENT = describe_api(TABLES)
_PARAMETER = re.compile(r"\\\{\w+\\\}")
_MAY_HAVE_SLASHES = re.compile(r"\\\{(?:path|action|symbol_id|image_path|endpoint_path|file_path)\\\}")


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(_PARAMETER.sub("[^/]+", _MAY_HAVE_SLASHES.sub(".+", re.escape(template))))


# The most literal path comes first, as in the server.
_PATHS = [
    (_pattern(template), template)
    for template in sorted(DOCUMENT["paths"], key=lambda path: [part.startswith("{") for part in path.split("/")])
]


@cache
def _validator(method: str, template: str, status: int) -> Any:
    responses = DOCUMENT["paths"][template][method]["responses"]
    assert str(status) in responses, f"{method} {template}: {status} is not described"
    schema = responses[str(status)]["content"]["application/json"]["schema"]
    return jsonschema_rs.validator_for({**schema, "components": DOCUMENT["components"]})


def check_reply(method: str, path: str, status: int, reply: Any) -> None:
    """The JSON reply of a request that succeeded has the shape that the document promises."""
    plain = path.partition("?")[0]
    found = (
        template
        for pattern, template in _PATHS
        if pattern.fullmatch(plain) and method.lower() in DOCUMENT["paths"][template]
    )
    template = next(found, None)
    assert template is not None, f"{method} {path} is not described"
    _validator(method.lower(), template, status).validate(reply)
