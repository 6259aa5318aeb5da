"""Reads JSON that comes from outside: with limits, so that no text costs more time or memory than its share."""

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson

from gns3trio.errors import Invalid
from gns3trio.free_form import DOCUMENT, FreeForm, Misplaced
from gns3trio.limits import MAX_VALUES

# Nothing is looked at twice: repeats are possessive, and one that is not closed takes the rest.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_SEPARATORS = (b",", b"[", b"{")


def read_json(text: bytes | bytearray, form: FreeForm = DOCUMENT, most: int = MAX_VALUES) -> Any:
    """The value in a JSON text. Raises Invalid for what is not JSON, or more than ``form`` allows, or more
    than ``most`` values.
    """
    check_values(text, most)
    try:
        with _no_collection():
            value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Invalid(f"is not JSON: {error}") from None
    check_document(value, form)
    return value


def check_values(text: bytes | bytearray, most: int) -> None:
    """Raises Invalid for a JSON text with more than ``most`` values. They are counted, since reading them cannot be
    interrupted.
    """
    if _separators(text) > most and _separators(_STRING.sub(b"", text)) > most:
        raise Invalid(f"has more than {most} values")


@contextmanager
def _no_collection() -> Iterator[None]:
    """No look for garbage meanwhile: what is read is none, and to look through it takes three times as long."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _separators(text: bytes | bytearray) -> int:
    return sum(map(text.count, _SEPARATORS))


def check_document(value: Any, form: FreeForm = DOCUMENT) -> None:
    """Raises Invalid that names the place of what is too large or too deep in a value that was read from a text."""
    try:
        form.check(value)
    except Misplaced as error:
        where = error.path.removeprefix(".")
        raise Invalid(f"{where}: {error}" if where else str(error)) from None
