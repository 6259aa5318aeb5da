"""``gns3trio capture``: what crosses a link, live, into a file, a pipe or Wireshark."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import IO

import trio

from gns3trio.client import Client
from gns3trio.commands.lab import add_common, add_place, locate, run
from gns3trio.errors import LabError

__all__ = ["add_arguments", "run"]

_GOODBYE_SECONDS = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``gns3trio capture``."""
    add_place(parser, "link")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("-w", "--write", metavar="FILE", default="-", help="write to this file (default: -, the output)")
    where.add_argument(
        "--wireshark",
        action="store_true",
        help="show it in Wireshark, or in tshark where there is no Wireshark or no display",
    )
    parser.add_argument("--filter", default="", metavar="EXPRESSION", help="only such frames, after pcap-filter(7)")
    parser.add_argument("--direction", choices=("a_to_b", "b_to_a", "both"), default="both", help="default: both")
    parser.add_argument("--format", choices=("pcap", "pcapng"), default="pcapng", help="default: pcapng")
    parser.add_argument("--snaplen", type=int, metavar="BYTES", help="keep only the first bytes of a frame")
    parser.add_argument("--seconds", type=float, help="end after this time (default: at Ctrl-C)")
    add_common(parser, _capture)


async def _capture(server: Client, arguments: argparse.Namespace) -> int:
    with _target(arguments) as (target, program):
        path, link = await locate(server, arguments, "link")
        body = {"save": False, "format": arguments.format, "expression": arguments.filter}
        body |= {"direction": arguments.direction, **({"snaplen": arguments.snaplen} if arguments.snaplen else {})}
        captures = f"{path}/links/{link['link_id']}/captures"
        async with _running(server, captures, body) as stream:
            with trio.move_on_after(arguments.seconds or float("inf")):
                await _copy(stream, target)
    return 0 if program is None else program.wait()


@asynccontextmanager
async def _running(server: Client, captures: str, body: object) -> AsyncIterator[AsyncIterator[bytes]]:
    """The stream of a new capture, which ends with the ``with``; Ctrl-C and SIGTERM end the body early."""
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        capture = await server.request("POST", captures, body)
        path = f"{captures}/{capture['capture_id']}"
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_end_at_signal, signals, nursery.cancel_scope)
                async with server.stream(f"{path}/stream") as stream:
                    yield stream
                nursery.cancel_scope.cancel()
        finally:
            with trio.move_on_after(_GOODBYE_SECONDS, shield=True):
                await server.request("DELETE", path)


async def _end_at_signal(signals: AsyncIterator[int], scope: trio.CancelScope) -> None:
    await anext(signals)
    scope.cancel()


async def _copy(stream: AsyncIterator[bytes], target: IO[bytes]) -> None:
    async for piece in stream:
        try:
            await trio.to_thread.run_sync(partial(target.write, piece), abandon_on_cancel=True)
        except BrokenPipeError:  # whoever reads it has seen enough
            return


@contextmanager
def _target(arguments: argparse.Namespace) -> Iterator[tuple[IO[bytes], subprocess.Popen[bytes] | None]]:
    """Where the capture goes, and the program that reads it."""
    if arguments.wireshark:
        program = subprocess.Popen(_wireshark(), stdin=subprocess.PIPE, bufsize=0)
        assert program.stdin is not None
        try:
            yield program.stdin, program
        finally:
            program.stdin.close()
    elif arguments.write == "-":
        if sys.stdout.isatty():
            raise LabError("a capture is no text for a terminal: give -w FILE or --wireshark, or pipe it somewhere")
        yield os.fdopen(sys.stdout.fileno(), "wb", buffering=0, closefd=False), None
    else:
        with ExitStack() as stack:
            try:
                file = stack.enter_context(Path(arguments.write).open("wb", buffering=0))
            except OSError as error:
                raise LabError(f"{arguments.write}: {error.strerror}") from None
            yield file, None


def _wireshark() -> list[str]:
    has_display = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if has_display and (program := shutil.which("wireshark")):
        return [program, "-k", "-i", "-"]
    if program := shutil.which("tshark"):
        return [program, "-l", "-i", "-"]
    raise LabError("neither Wireshark (with a display) nor tshark is installed: apt install wireshark, or tshark")
