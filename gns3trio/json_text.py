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

# What comes next that begins a value or a text, or the end. Nothing is looked at twice: repeats are possessive, and a
# text that is not closed takes the rest.
_NEXT = re.compile(rb'[^"\[{,]*+(?:(?P<string>"[^"\\]*+(?:\\.[^"\\]*+)*+"?)|(?P<separator>[\[{,])|\Z)', re.DOTALL)
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
    interrupted; others run meanwhile.
    """
    if sum(map(text.count, _SEPARATORS)) <= most:
        return
    separators = strings = 0
    for found in _NEXT.finditer(text):
        if found.lastgroup == "string":
            strings += 1
        elif found.lastgroup == "separator":
            separators += 1
        if separators > most or strings > 2 * most:  # a string is a value or a key
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


def check_document(value: Any, form: FreeForm = DOCUMENT) -> None:
    """Raises Invalid that names the place of what is too large or too deep in a value that was read from a text."""
    try:
        form.check(value)
    except Misplaced as error:
        where = error.path.removeprefix(".")
        raise Invalid(f"{where}: {error}" if where else str(error)) from None
