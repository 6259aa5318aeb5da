"""QMP, the protocol of QEMU's monitor (docs/interop/qmp-spec of QEMU). Sans-IO.

QEMU sends a greeting, then an answer to each command, and events between them. All are JSON objects, one on a line.
What QEMU sends is not trusted: a guest may have taken it over.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from gns3trio.classes import frozen
from gns3trio.errors import Invalid
from gns3trio.json_text import read_json

# A greeting and answers to our commands have some hundred bytes; human-readable ones a few thousand.
MAX_LINE = 256 * 1024


class QmpError(Exception):
    """What QEMU sends is not QMP."""


@frozen
class Greeting:
    """QEMU is there, of this version. It accepts only ``qmp_capabilities`` at first."""

    version: tuple[int, int]


@frozen
class Answer:
    """The answer to the command with this number. ``error`` is the reason if it failed."""

    number: int
    value: Any
    error: str | None = None


@frozen
class QmpEvent:
    """Something has happened."""

    name: str
    data: Mapping[str, Any]


Message = Greeting | Answer | QmpEvent


class QmpConnection:
    """One end of a connection: bytes of QEMU become messages, and commands become bytes."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0  # bytes of the buffer without a line end
        self._last = 0

    def command(self, name: str, arguments: Mapping[str, Any] | None = None) -> tuple[int, bytes]:
        """The number and the bytes of a command."""
        self._last += 1
        message: dict[str, Any] = {"execute": name, "id": self._last}
        if arguments:
            message["arguments"] = arguments
        return self._last, orjson.dumps(message) + b"\n"

    def receive_data(self, data: bytes) -> Iterator[Message]:
        """The messages that are complete now. Raises QmpError."""
        self._buffer += data
        while (end := self._buffer.find(b"\n", self._searched)) >= 0:
            line = bytes(self._buffer[:end]).strip()
            del self._buffer[: end + 1]
            self._searched = 0
            if len(line) > MAX_LINE:
                raise QmpError("a line is too long")
            if line and (message := _read(line)) is not None:
                yield message
        self._searched = len(self._buffer)
        if self._searched > MAX_LINE:
            raise QmpError("a line is too long")


def _read(line: bytes) -> Message | None:
    """The message in a line; None for one that is of no use here."""
    try:
        value = read_json(line)
    except Invalid:
        raise QmpError("a line is not JSON") from None
    if not isinstance(value, dict):
        raise QmpError("a message is not an object")
    if "QMP" in value:
        return Greeting(_version(value["QMP"]))
    if isinstance(name := value.get("event"), str):
        data = value.get("data")
        return QmpEvent(name, data if isinstance(data, dict) else {})
    number = value.get("id")
    if "error" in value:
        error = value["error"]
        reason = error.get("desc") if isinstance(error, dict) else None
        reason = reason if isinstance(reason, str) else "QEMU refuses it"
        return Answer(number, None, reason) if isinstance(number, int) else None
    return Answer(number, value.get("return")) if isinstance(number, int) else None


def _version(greeting: Any) -> tuple[int, int]:
    try:
        version = greeting["version"]["qemu"]
        major, minor = version["major"], version["minor"]
    except (KeyError, TypeError, IndexError):
        raise QmpError("the greeting tells no version") from None
    if type(major) is not int or type(minor) is not int:
        raise QmpError("the version is not a number")
    return major, minor
