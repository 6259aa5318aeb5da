"""``gns3trio console``: a node's console in this terminal, or commands typed into it by a script."""

import argparse
import os
import re
import shutil
import sys
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager

import attrs
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection

from gns3trio.client import Client
from gns3trio.commands.lab import add_common, add_place, locate, run
from gns3trio.console.telnet import Data, TelnetConnection, telnet_client
from gns3trio.errors import Conflict, Invalid, Unavailable

__all__ = ["add_arguments", "run"]

_LEAVE = b"\x1d"  # Ctrl-], as in telnet
_READ_BYTES = 4096
_QUIET_SECONDS = 0.3
_PROMPT = r"[\w.@:~/()-]*[>#$] ?"
_ESCAPES = re.compile(rb"\x1b\[[0-9;?]*[A-Za-z]")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``gns3trio console``."""
    add_place(parser, "node")
    parser.add_argument(
        "-c",
        "--command",
        action="append",
        default=[],
        metavar="TEXT",
        help="type this, print what comes, and end; may be repeated",
    )
    parser.add_argument("--prompt", default=_PROMPT, metavar="REGEX", help=f"ends what comes (default: {_PROMPT})")
    parser.add_argument("--timeout", type=float, default=30, metavar="SECONDS", help="for each command (default: 30)")
    add_common(parser, _console)


async def _console(server: Client, arguments: argparse.Namespace) -> None:
    path, node = await locate(server, arguments, "node")
    if node["status"] != "started":
        raise Conflict(f"{node['name']} is {node['status']}: start it first")
    async with server.websocket(f"{path}/nodes/{node['node_id']}/console/ws") as connection:
        session = _Session(connection, telnet_client())
        if arguments.command:
            await _type_commands(session, arguments)
        else:
            await _join_terminal(session)


@attrs.define
class _Session:
    """Telnet in a websocket."""

    connection: WebSocketConnection
    telnet: TelnetConnection

    async def receive(self) -> bytes | None:
        """What the node prints next, perhaps nothing; None when the console is closed."""
        try:
            received = await self.connection.get_message()
            events = self.telnet.receive_data(received.encode() if isinstance(received, str) else received)
            if answers := self.telnet.take_answers():
                await self.connection.send_message(answers)
            return b"".join(event.data for event in events if isinstance(event, Data))
        except ConnectionClosed:
            return None

    async def type(self, typed: bytes) -> None:
        """Send what was typed; nothing happens when the console is closed."""
        try:
            await self.connection.send_message(self.telnet.send(typed))
        except ConnectionClosed:
            return


# --- commands of a script ---


async def _type_commands(session: _Session, arguments: argparse.Namespace) -> None:
    try:
        prompt = re.compile(rb"(?:^|[\r\n])" + f"(?:{arguments.prompt})".encode() + rb"$")
    except re.error as error:
        raise Invalid(f"--prompt: {arguments.prompt!r} is no regular expression: {error}") from None
    screen = await session.receive()
    if not screen or not prompt.search(screen):  # it is busy, or new: an empty line makes it tell when it listens
        await _type_line(session, "", prompt, arguments.timeout)
    for command in arguments.command:
        text = await _type_line(session, command, prompt, arguments.timeout)
        sys.stdout.write(text.decode(errors="replace"))
        sys.stdout.flush()


async def _type_line(session: _Session, line: str, prompt: re.Pattern[bytes], seconds: float) -> bytes:
    """Type a line; what comes between its echo and the next prompt. Raises Unavailable when none comes.

    A prompt without an echo may be an older one, of a node that was busy: it counts when nothing follows, because
    VPCS forgets what is typed between two prompts.
    """
    await session.type(line.encode() + b"\r")
    seen = b""
    with trio.move_on_after(seconds):
        while True:
            match = prompt.search(seen)
            if match and line:
                _, echo, behind = seen[: match.start()].partition(line.encode())
                if echo:
                    return _without_blank_lines(behind.partition(b"\n")[2])
            with trio.move_on_after(_QUIET_SECONDS if match else seconds):
                data = await session.receive()
                if data is None:
                    raise Unavailable(f"the console was closed after {line!r}")
                seen = _ESCAPES.sub(b"", seen + data)
                continue
            if match:
                return _without_blank_lines(seen[: match.start()])
    raise Unavailable(f"no prompt came in {seconds:g} s after {line!r}: see --timeout and --prompt")


def _without_blank_lines(text: bytes) -> bytes:
    """At its beginning and end."""
    return text.replace(b"\r", b"").strip(b"\n") + b"\n" if text.strip() else b""


# --- people ---


async def _join_terminal(session: _Session) -> None:
    if sys.stdin.isatty():
        print("Ctrl-] leaves the console.", file=sys.stderr)
    with _raw_terminal():
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_read_keys, session, nursery)
            while (data := await session.receive()) is not None:
                os.write(sys.stdout.fileno(), data)
            nursery.cancel_scope.cancel()


async def _read_keys(session: _Session, nursery: trio.Nursery) -> None:
    """Until Ctrl-]. At the end of a pipe the console stays, to be read."""
    is_terminal = sys.stdin.isatty()
    while typed := await trio.to_thread.run_sync(os.read, sys.stdin.fileno(), _READ_BYTES, abandon_on_cancel=True):
        before, leave, _ = typed.partition(_LEAVE) if is_terminal else (typed.replace(b"\n", b"\r"), b"", b"")
        if before:
            await session.type(before)
        if leave:
            nursery.cancel_scope.cancel()
            return


@contextmanager
def _raw_terminal() -> Iterator[None]:
    """Every key goes to the node, Ctrl-C too; afterwards the terminal is as it was."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setraw(sys.stdin)
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
        print("\r" + " " * min(shutil.get_terminal_size().columns - 1, 1), file=sys.stderr)
