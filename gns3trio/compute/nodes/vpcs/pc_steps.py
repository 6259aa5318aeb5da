"""What a command of a built-in PC asks for while it runs. Sans-IO.

A command is a generator: it yields steps, and the answer to each is the value of its ``yield``. Who drives it
(``pc_console.py``, or a test) closes it when Ctrl-C is pressed.
"""

from collections.abc import Generator
from typing import Any, TypeVar

from gns3trio.classes import frozen
from gns3trio.forwarder.pc_types import Address, Event, Finished, Request
from gns3trio.traffic.flows import FlowSpec

_T = TypeVar("_T")


@frozen
class Print:
    """Show text, in which a line feed ends a line. Answer: None."""

    text: str


@frozen
class Start:
    """Begin a job, and end the one before. Answer: None, or why it cannot begin."""

    request: Request


@frozen
class NextEvent:
    """Answer: the next event of the job that was begun, ``Finished`` last."""


@frozen
class Pause:
    """Wait so many seconds; None: for a key. Answer: None."""

    seconds: float | None


@frozen
class ReadFile:
    """Answer: the text of the first of these files in the node's folder that is there; None: none, or not readable."""

    names: tuple[str, ...]


@frozen
class WriteFile:
    """Write a file in the node's folder. Answer: None, or why it cannot be written."""

    name: str
    text: str


@frozen
class Leave:
    """End the connection of who typed the command. Answer: None."""


@frozen
class Quit:
    """Stop the node. Nothing comes after it."""


@frozen
class SendTraffic:
    """Begin a flow of generated traffic, which ends with the command. Answer: None, or why it cannot begin."""

    target: Address
    spec: FlowSpec


@frozen
class ReadTraffic:
    """Answer: what became of the flow up to now, a ``FlowResult``."""


@frozen
class Listen:
    """Begin to count the traffic of others, until the command ends. Answer: None, or why it cannot be."""


@frozen
class ReadHeard:
    """Answer: a list of ``HeardFlow``, the newest first."""


TrafficStep = SendTraffic | ReadTraffic | Listen | ReadHeard
Step = Print | Start | NextEvent | Pause | ReadFile | WriteFile | Leave | Quit | TrafficStep
Command = Generator[Step, Any, None]
Part = Generator[Step, Any, _T]


def say(text: str) -> Part[None]:
    """Show one line."""
    yield Print(text + "\n")


def next_event() -> Part[Event]:
    """The next event of the job."""
    event: Event = yield NextEvent()
    return event


def finish(request: Request) -> Part[tuple[list[Event], Finished]]:
    """Do a job, and return all that it told, and how it ended."""
    yield from begin(request)
    events: list[Event] = []
    while not isinstance(event := (yield from next_event()), Finished):
        events.append(event)
    return events, event


class CommandError(Exception):
    """A command cannot go on. The text is shown."""


def begin(request: Request) -> Part[None]:
    """Begin a job. Raises CommandError."""
    refusal: str | None = yield Start(request)
    if refusal is not None:
        raise CommandError(refusal)
