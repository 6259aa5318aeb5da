"""``gns3trio capture``: captures the traffic of a link into a file, a pipe or Wireshark."""

import argparse
import os
import shutil
import signal
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import attrs
import trio

from gns3trio import threads
from gns3trio.classes import define
from gns3trio.client.client import Client
from gns3trio.commands.arguments import ONLY_JSON, add_common, add_place
from gns3trio.commands.capture_options import add_capture_options, format_for
from gns3trio.commands.finding import locate
from gns3trio.commands.lab import nodes_by_id, run
from gns3trio.commands.link_direction import typed_link
from gns3trio.commands.numbers import to_seconds
from gns3trio.commands.output import note, show
from gns3trio.counts import counted
from gns3trio.errors import Invalid, LabError

__all__ = ["add_arguments", "run"]

_GOODBYE_SECONDS = 5  # to receive the remaining records, and to end the capture on the server
_PCAP_HEADER_BYTES = 24
_PCAP_RECORD_HEADER_BYTES = 16
_PCAPNG_PACKET = 6  # an enhanced packet block


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``gns3trio capture`` to its parser."""
    add_place(parser, "link")
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "-w", "--write", metavar="FILE", default="-", help="write to this file (default: -, standard output)"
    )
    where.add_argument(
        "--wireshark",
        action="store_true",
        help="open it in Wireshark, or in tshark if there is no Wireshark or no display",
    )
    add_capture_options(parser, "FILE")
    parser.add_argument("--seconds", type=to_seconds, help="end after this time (default: at Ctrl-C)")
    parser.epilog = "Captures that go on without this command, and rings of files: gns3trio captures start."
    add_common(parser, _capture, outputs=ONLY_JSON)


async def _capture(server: Client, arguments: argparse.Namespace) -> int:
    is_file = arguments.write != "-"
    if arguments.json and not is_file:
        raise Invalid("--json needs -w FILE: the output is the capture's")
    form = format_for(arguments, arguments.write)
    # Before opening the file, which a misspelt link must not truncate.
    path, link = await locate(server, arguments, "link")
    direction = typed_link(await nodes_by_id(server, path), link, arguments.link).direction(arguments.direction)
    with _target(arguments) as (target, program):
        body = {"save": False, "format": form, "expression": arguments.filter, "direction": direction}
        body |= {"snaplen": arguments.snaplen} if arguments.snaplen else {}
        count = PacketCount(form)
        captures = f"{path}/links/{link['link_id']}/captures"
        ended_by = await _run_capture(server, captures, body, arguments.seconds, target, count)
    if is_file:
        told = {"file": arguments.write, "format": form, "packets": count.packets, "bytes": count.size}
        text = f"{arguments.write}: {counted(count.packets, 'packet')}, {counted(count.size, 'byte')}"
        show(arguments, told, lambda: note(text))
    if ended_by is not None:
        raise ended_by
    return 0 if program is None else program.wait()


async def _run_capture(
    server: Client, captures: str, body: object, seconds: float | None, target: IO[bytes], count: "PacketCount"
) -> LabError | None:
    """Copy a new capture into ``target`` until the time is over, or until Ctrl-C or SIGTERM. Returns the reason if it
    ended otherwise.
    """
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        capture = await server.request("POST", captures, body)
        path = f"{captures}/{capture['capture_id']}"
        stopped = trio.Event()
        missed: LabError | None = None
        try:
            async with trio.open_nursery() as nursery, server.stream(f"{path}/stream") as stream:
                nursery.start_soon(_stop_later, server, path, signals, seconds, stopped, nursery.cancel_scope)
                if not await _copy(stream, target, count):
                    stopped.set()
                nursery.cancel_scope.cancel()
        finally:
            with trio.move_on_after(_GOODBYE_SECONDS, shield=True):
                try:
                    await server.request("DELETE", path)
                except LabError as error:
                    missed = error
    return None if missed is None or stopped.is_set() else type(missed)(f"the capture ended: {missed}")


async def _stop_later(
    server: Client,
    path: str,
    signals: AsyncIterator[int],
    seconds: float | None,
    stopped: trio.Event,
    scope: trio.CancelScope,
) -> None:
    """End the capture at the first signal; its stream then ends by itself. A second signal ends the command at once."""
    with trio.move_on_after(seconds or float("inf")):
        await anext(signals)
    with trio.move_on_after(_GOODBYE_SECONDS):
        stopped.set()
        await server.request("DELETE", path)
        await anext(signals)
    scope.cancel()


async def _copy(stream: AsyncIterator[bytes], target: IO[bytes], count: "PacketCount") -> bool:
    """Copy until the stream ends. Returns False if the reader of the output has closed it."""
    async for piece in stream:
        try:
            await threads.terminal.run(_write, target, piece, abandon_on_cancel=True)
        except BrokenPipeError:  # the reader has closed the pipe
            return False
        except OSError as error:
            raise LabError(f"{target.name}: {error.strerror}") from None
        count.feed(piece)
    return True


def _write(target: IO[bytes], piece: bytes) -> None:
    """Write everything without a buffer, so that a reader sees each frame at once."""
    rest = memoryview(piece)
    while rest:
        rest = rest[target.write(rest) :]


@define
class PacketCount:
    """Counts the packets in pieces of a capture, as the server writes it: little-endian. Sans-IO."""

    format: str
    packets: int = 0
    size: int = 0  # bytes
    _rest: bytearray = attrs.field(init=False, factory=bytearray)  # the incomplete record at the end
    _has_header: bool = attrs.field(init=False, default=False)

    def feed(self, piece: bytes) -> None:
        """Process the next piece of the capture."""
        self.size += len(piece)
        self._rest += piece
        at = 0
        while length := self._record_bytes(at):
            at += length
        del self._rest[:at]

    def _record_bytes(self, at: int) -> int:
        """Count the record at ``start``; returns its length, or 0 if it is incomplete."""
        there = len(self._rest) - at
        if self.format == "pcapng":
            kind, size = struct.unpack_from("<II", self._rest, at) if there >= 8 else (0, there + 1)
            is_packet = kind == _PCAPNG_PACKET
        elif not self._has_header:
            size, is_packet = _PCAP_HEADER_BYTES, False
        else:
            (kept,) = struct.unpack_from("<I", self._rest, at + 8) if there >= _PCAP_RECORD_HEADER_BYTES else (there,)
            size, is_packet = _PCAP_RECORD_HEADER_BYTES + kept, True
        if size > there:
            return 0
        self._has_header = True
        self.packets += is_packet
        return int(size)


@contextmanager
def _target(arguments: argparse.Namespace) -> Iterator[tuple[IO[bytes], subprocess.Popen[bytes] | None]]:
    """Open the target of the capture, and start the program that reads it, if any."""
    if arguments.wireshark:
        program = subprocess.Popen(_wireshark(), stdin=subprocess.PIPE, bufsize=0)
        assert program.stdin is not None
        try:
            yield program.stdin, program
        finally:
            program.stdin.close()
    elif arguments.write == "-":
        if sys.stdout.isatty():
            raise LabError("a capture is binary data: use -w FILE or --wireshark, or pipe it to a program")
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
