"""The log: nothing that it prints begins a line of its own, or reaches a terminal as a command."""

import logging

from gns3trio.printable import LogFormatter, hidden_character

EVIL = "a\x1b[31m\u202e\x9b\r\n2026-01-01 00:00:00,000 INFO gns3trio: all is well"


def entry(message: str, *arguments: object, error: Exception | None = None) -> str:
    info = (type(error), error, error.__traceback__) if error is not None else None
    record = logging.LogRecord("gns3trio.x", logging.ERROR, "x.py", 1, message, arguments, info)
    return LogFormatter("%(levelname)s %(name)s: %(message)s").format(record)


def test_an_entry_has_one_beginning_and_no_control_characters() -> None:
    try:
        raise ValueError(EVIL)
    except ValueError as error:
        text = entry("project %s: failed", EVIL, error=error)
    first, *others = text.split("\n")
    assert first.startswith(r"ERROR gns3trio.x: project a\x1b[31m\u202e\x9b\r")
    assert others and all(line.startswith("    ") for line in others)
    assert any("Traceback" in line for line in others)
    assert hidden_character(text.replace("\n", "")) is None


def test_a_plain_entry_stays_as_it_is() -> None:
    assert entry("node %r of %s", "PC1", "Büro") == "ERROR gns3trio.x: node 'PC1' of Büro"
