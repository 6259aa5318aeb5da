"""Reads JSON that comes from outside: with limits, so that no text costs more time or memory than its share."""

import re
from typing import Any

import orjson

from gns3trio.errors import Invalid
from gns3trio.free_form import DOCUMENT, FreeForm, Misplaced
from gns3trio.limits import MAX_VALUES

# Nothing is looked at twice: repeats are possessive, and one that is not closed takes the rest.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_SEPARATORS = (b",", b"[", b"{")


def read_json(text: bytes | bytearray, form: FreeForm = DOCUMENT) -> Any:
    """The value in a JSON text. Raises Invalid for what is not JSON, or more than ``form`` allows.

    Reading JSON cannot be interrupted, so its values are counted first.
    """
    if _separators(text) > MAX_VALUES and _separators(_STRING.sub(b"", text)) > MAX_VALUES:
        raise Invalid(f"has more than {MAX_VALUES} values")
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Invalid(f"is not JSON: {error}") from None
    check_document(value, form)
    return value


def _separators(text: bytes | bytearray) -> int:
    return sum(map(text.count, _SEPARATORS))


def check_document(value: Any, form: FreeForm = DOCUMENT) -> None:
    """Raises Invalid that names the place of what is too large or too deep in a value that was read from a text."""
    try:
        form.check(value)
    except Misplaced as error:
        where = error.path.removeprefix(".")
        raise Invalid(f"{where}: {error}" if where else str(error)) from None
