"""``gns3trio console``: connects this terminal to a node's console, or runs commands in it for a script."""

import argparse
import os
import re
import shutil
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import attrs
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection

from gns3trio import threads
from gns3trio.classes import define
from gns3trio.client.client import Client
from gns3trio.commands.arguments import ONLY_JSON, add_common, add_place
from gns3trio.commands.finding import locate
from gns3trio.commands.lab import Json, run
from gns3trio.commands.numbers import to_seconds
from gns3trio.commands.output import note, print_json
from gns3trio.console.telnet import Data, TelnetConnection, telnet_client
from gns3trio.errors import Conflict, Invalid, LabError, Unavailable

__all__ = ["add_arguments", "run"]

_LEAVE = b"\x1d"  # Ctrl-], as in telnet
_READ_BYTES = 4096
_QUIET_SECONDS = 0.3
# Also "/ # " of busybox and "[root@host ~]# " of Red Hat.
DEFAULT_PROMPT = r"[\w.@:~/()[-]*( |( [\w.~/-]+)?\])?[>#$] ?"
_ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``gns3trio console`` to its parser."""
    add_place(parser, "node")
    parser.add_argument(
        "-c",
        "--command",
        action="append",
        default=[],
        metavar="TEXT",
        help="type this command, print its output and end; may be repeated (with --json: print a list at the end)",
    )
    parser.add_argument(
        "--prompt",
        default=DEFAULT_PROMPT,
        metavar="REGEX",
        help=f"the prompt that ends an output (default: {DEFAULT_PROMPT})",
    )
    parser.add_argument(
        "--timeout", type=to_seconds, default=30, metavar="SECONDS", help="for each command (default: 30)"
    )
    add_common(parser, _console, outputs=ONLY_JSON)


async def _console(server: Client, arguments: argparse.Namespace) -> None:
    prompt = parse_prompt(arguments.prompt)
    if arguments.json and not arguments.command:
        raise Invalid("--json goes with -c only")
    path, node = await locate(server, arguments, "node")
    if node["console_type"] in (None, "none"):  # a PC without a TCP port has one
        raise Conflict(f"{node['name']} has no console ({node['node_type']})")
    if node["console_type"] != "telnet":
        where = f"{node['console_type']}://{node['console_host']}:{node['console']}"
        raise Conflict(f"the console of {node['name']} is not a text: open {where} with a viewer")
    if node["status"] != "started":
        verb = "resume" if node["status"] == "suspended" else "start"
        raise Conflict(f"{node['name']} is {node['status']}: {verb} it first")
    async with server.websocket(f"{path}/nodes/{node['node_id']}/console/ws") as connection:
        session = _Session(connection, telnet_client())
        if arguments.command:
            await _type_commands(session, prompt, arguments)
        elif sys.stdin.isatty():
            await _join_terminal(session)
        else:
            await _join_pipe(session, prompt, arguments.timeout)


def parse_prompt(text: str) -> re.Pattern[bytes]:
    """The pattern for a prompt at the end of the output. Raises Invalid."""
    try:
        return re.compile(rb"(?:^|[\r\n])" + f"(?:{text})".encode() + rb"$")
    except re.error as error:
        raise Invalid(f"--prompt: {text!r} is no regular expression: {error}") from None


@define
class _Session:
    """A telnet session inside a websocket."""

    connection: WebSocketConnection
    telnet: TelnetConnection

    async def receive(self) -> bytes | None:
        """The next output of the node, perhaps empty; None when the console is closed."""
        try:
            received = await self.connection.get_message()
            events = self.telnet.receive_data(received.encode() if isinstance(received, str) else received)
            if answers := self.telnet.take_answers():
                await self.connection.send_message(answers)
            return b"".join(event.data for event in events if isinstance(event, Data))
        except ConnectionClosed:
            return None

    def closed(self, when: str = "") -> Unavailable:
        """The error for a console that was closed. The server gives the reason."""
        frame = self.connection.closed
        return Unavailable(f"the console was closed{when}" + (f": {frame.reason}" if frame and frame.reason else ""))

    async def type(self, typed: bytes) -> None:
        """Send typed bytes; does nothing if the console is closed."""
        try:
            await self.connection.send_message(self.telnet.send(typed))
        except ConnectionClosed:
            return


# --- commands of a script ---


async def _type_commands(session: _Session, prompt: re.Pattern[bytes], arguments: argparse.Namespace) -> None:
    screen = await session.receive()
    # It is busy or has just started: an empty line makes it print a prompt when it is ready.
    if not screen or not prompt.search(screen):
        await _type_line(session, "", prompt, arguments.timeout, lambda text: None)
    done: list[Json] = []
    try:
        for command in arguments.command:
            done.append({"command": command, "output": ""})
            await _type_line(session, command, prompt, arguments.timeout, partial(_tell, arguments.json, done[-1]))
    except LabError:
        if arguments.json:  # also print the output so far, as without --json
            print_json(done)
        raise
    if arguments.json:
        print_json(done)


def _tell(as_json: bool, entry: Json, text: bytes) -> None:
    decoded = text.decode(errors="replace")
    if as_json:
        entry["output"] += decoded
    else:
        sys.stdout.write(decoded)
        sys.stdout.flush()


async def _type_line(
    session: _Session, line: str, prompt: re.Pattern[bytes], seconds: float, tell: Callable[[bytes], None]
) -> None:
    """Type a line, and pass on the output between its echo and the next prompt, line by line. Raises Unavailable if no
    prompt comes.

    A prompt without an echo may be an older one, of a node that was busy. It counts only if nothing follows it.
    """
    answer = Answer(line, prompt)
    try:
        await session.type(line.encode() + b"\r")
        with trio.move_on_after(seconds):
            while not answer.is_complete:
                with trio.move_on_after(_QUIET_SECONDS if answer.may_be_complete else seconds):
                    data = await session.receive()
                    if data is None:
                        raise session.closed(f" after {line!r}" if line else "")
                    tell(answer.feed(data))
                    continue
                if answer.may_be_complete:
                    return
            return
    finally:
        tell(answer.end())
    cause = (
        f"after {line!r}"
        if line
        else "before anything was typed; a command that runs in that console ends with Ctrl-C there"
    )
    raise Unavailable(f"no prompt came in {seconds:g} s {cause}: see --timeout and --prompt")


@define
class Answer:
    """Extracts the output of a typed line: without its echo, the prompt, and blank lines around it. Sans-IO."""

    line: str
    prompt: re.Pattern[bytes]
    _has_echo: bool = attrs.field(init=False, default=False)
    _has_text: bool = attrs.field(init=False, default=False)
    _blank_lines: bytes = attrs.field(init=False, default=b"")  # printed only when another line follows
    _rest: bytes = attrs.field(init=False, default=b"")  # not known yet whether it is echo, output or prompt

    @property
    def may_be_complete(self) -> bool:
        """Whether the output so far ends with a prompt."""
        return self.prompt.search(self._rest) is not None

    @property
    def is_complete(self) -> bool:
        """Whether that prompt is the one that ends the answer."""
        return self._has_echo and self.may_be_complete

    def feed(self, data: bytes) -> bytes:
        """Process output; returns the whole lines that belong to the answer."""
        self._rest = _ESCAPES.sub(b"", self._rest + data)
        if self.line and not self._has_echo:
            _, echo, behind = self._rest.partition(self.line.encode())
            match = re.match(rb"[ \r]*\n", behind)
            if not echo or match is None:
                return b""
            self._has_echo, self._rest = True, behind[match.end() :]
        return self._take_lines() if self._has_echo else b""

    def end(self) -> bytes:
        """The rest of the answer; called when no more output is expected."""
        if match := self.prompt.search(self._rest):
            self._rest = self._rest[: match.start()]
        if self._rest.strip():
            self._rest += b"\n"
        return self._take_lines()

    def _take_lines(self) -> bytes:
        lines, newline, self._rest = self._rest.rpartition(b"\n")
        told = b""
        for line in (lines + newline).replace(b"\r", b"").splitlines(keepends=True):
            if line.strip():
                told += (self._blank_lines if self._has_text else b"") + line
                self._has_text, self._blank_lines = True, b""
            else:
                self._blank_lines += line
        return told


# --- interactive use ---


async def _join_terminal(session: _Session) -> None:
    print("Ctrl-] leaves the console.", file=sys.stderr)
    is_closed = False
    with _raw_terminal():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_read_keys, session, nursery)
            while (data := await session.receive()) is not None:
                os.write(sys.stdout.fileno(), data)
            is_closed = True
            nursery.cancel_scope.cancel()
    if is_closed:
        note(str(session.closed()))


async def _read_keys(session: _Session, nursery: trio.Nursery) -> None:
    """Pass keys to the node until Ctrl-]."""
    while typed := await _read_input():
        before, leave, _ = typed.partition(_LEAVE)
        if before:
            await session.type(before)
        if leave:
            break
    nursery.cancel_scope.cancel()


async def _read_input() -> bytes:
    return await threads.terminal.run(os.read, sys.stdin.fileno(), _READ_BYTES, abandon_on_cancel=True)


# --- pipes ---


@define
class _Screen:
    """The output since the last typed line."""

    text: bytes = b""
    change: trio.Event = attrs.field(factory=trio.Event)

    def add(self, data: bytes) -> None:
        """Append output that has arrived."""
        self.text = _ESCAPES.sub(b"", self.text + data)[-_READ_BYTES:]
        self.change.set()
        self.change = trio.Event()


async def _join_pipe(session: _Session, prompt: re.Pattern[bytes], seconds: float) -> None:
    """Type all of standard input, then wait for the next prompt. Raises Unavailable if none comes."""
    screen = _Screen()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_print_screen, session, screen, nursery)
        has_typed = False
        while typed := await _read_input():
            has_typed = True
            screen.text = b""
            await session.type(typed.replace(b"\n", b"\r"))
        with trio.move_on_after(seconds if has_typed else _QUIET_SECONDS) as waiting:
            await _wait_for_prompt(screen, prompt)
        if has_typed and waiting.cancelled_caught:
            raise Unavailable(f"no prompt came in {seconds:g} s after the end of the input: see --timeout and --prompt")
        nursery.cancel_scope.cancel()


async def _print_screen(session: _Session, screen: _Screen, nursery: trio.Nursery) -> None:
    while (data := await session.receive()) is not None:
        os.write(sys.stdout.fileno(), data)
        screen.add(data)
    note(str(session.closed()))
    nursery.cancel_scope.cancel()


async def _wait_for_prompt(screen: _Screen, prompt: re.Pattern[bytes]) -> None:
    """Wait for a prompt that no further output follows."""
    while True:
        with trio.move_on_after(_QUIET_SECONDS if prompt.search(screen.text) else float("inf")):
            await screen.change.wait()
            continue
        return


@contextmanager
def _raw_terminal() -> Iterator[None]:
    """Pass every key to the node, Ctrl-C too; restore the terminal at the end."""
    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setraw(sys.stdin)
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
        print("\r" + " " * min(shutil.get_terminal_size().columns - 1, 1), file=sys.stderr)
