"""Parses JSON from outside, with limits on the time and memory that a text can cost."""

import gc
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson

from gns3trio.errors import Invalid
from gns3trio.free_form import DOCUMENT, FreeForm, Misplaced
from gns3trio.limits import MAX_VALUES

# The next token that begins a value or a string, or the end. The time is linear: repeats are possessive, and an
# unclosed string extends to the end.
_NEXT = re.compile(rb'[^"\[{,]*+(?:(?P<string>"[^"\\]*+(?:\\.[^"\\]*+)*+"?)|(?P<separator>[\[{,])|\Z)', re.DOTALL)
_SEPARATORS = (b",", b"[", b"{")
# What orjson says if it took too little memory for a text, which is not always the fault of the text.
_TOO_LITTLE = "failed to allocate memory"


def read_json(text: bytes | bytearray, form: FreeForm = DOCUMENT, most: int = MAX_VALUES) -> Any:
    """Parse a JSON text. Raises Invalid if it is not JSON, exceeds ``form``, or has more than ``most`` values;
    MemoryError if the process has too little memory.
    """
    check_values(text, most)
    try:
        with _no_collection():
            value = _loads(text)
    except orjson.JSONDecodeError as error:
        if error.msg.startswith("Not enough memory"):  # orjson has no other error for that
            raise MemoryError from None
        raise Invalid(f"is not JSON: {error}") from None
    check_document(value, form)
    return value


def _loads(text: bytes | bytearray) -> Any:
    """Parse a text. orjson guesses by the first characters how many values there are. If a text begins with spaces and
    goes on with many short values, it takes too little memory and gives up; without these spaces it does not.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        stripped = text.lstrip()
        dense = stripped[:1] + stripped[1:].lstrip()
        if not error.msg.startswith(_TOO_LITTLE) or len(dense) == len(text):
            raise
        return orjson.loads(dense)


def check_values(text: bytes | bytearray, most: int) -> None:
    """Raises Invalid for a JSON text with more than ``most`` values. Counts them before parsing, because parsing cannot
    be interrupted; other tasks run meanwhile.
    """
    if sum(map(text.count, _SEPARATORS)) <= most:
        return
    separators = strings = 0
    for found in _NEXT.finditer(text):
        if found.lastgroup == "string":
            strings += 1
        elif found.lastgroup == "separator":
            separators += 1
        if separators > most or strings > 2 * most:  # a string is either a value or a key
            raise Invalid(f"has more than {most} values")


@contextmanager
def _no_collection() -> Iterator[None]:
    """Suspend garbage collection: parsed values are not garbage, and examining them triples the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def check_document(value: Any, form: FreeForm = DOCUMENT) -> None:
    """Raises Invalid, with the path, if a part of a parsed value is too large or too deep."""
    try:
        form.check(value)
    except Misplaced as error:
        where = error.path.removeprefix(".")
        raise Invalid(f"{where}: {error}" if where else str(error)) from None
