"""A relay in front of a compute, which counts the requests that pass it."""

import asyncio
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_REQUEST = re.compile(rb"(GET|POST|PUT|DELETE) (/v2/compute/\S*) HTTP/1\.1\r\n")
_ID = re.compile(r"/[0-9a-f]{8}-[0-9a-f-]{27}")
_PIECE = 256 * 1024
_LONGEST_LINE = 1024


class Relay:
    """Counts by method and path; ids are left out of the paths."""

    def __init__(self, address: str, port: int) -> None:
        self.port = 0
        self._address = address
        self.asked: Counter[str] = Counter()
        self._to = port

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        with suppress(asyncio.CancelledError):
            await asyncio.gather(
                self._pass(reader, far_writer, counts=True), self._pass(far_reader, writer, counts=False)
            )

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counts: bool) -> None:
        rest = b""
        with suppress(OSError):
            while piece := await reader.read(_PIECE):
                if counts:
                    rest = self._count(rest + piece)
                writer.write(piece)
                await writer.drain()
        writer.close()

    def _count(self, data: bytes) -> bytes:
        """Count requests; returns what may be the beginning of one."""
        end = 0
        for found in _REQUEST.finditer(data):
            self.asked[f"{found[1].decode()} {_ID.sub('', found[2].decode())}"] += 1
            end = found.end()
        return data[max(end, len(data) - _LONGEST_LINE) :]

    async def _run(self, started: threading.Event, ended: asyncio.Event) -> None:
        server = await asyncio.start_server(self._serve, self._address, 0)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        await ended.wait()


@contextmanager
def relays(address: str, ports: list[int]) -> Iterator[list[Relay]]:
    """A relay for each port, which listens at an address of this machine."""
    made = [Relay(address, port) for port in ports]
    loop, ended = asyncio.new_event_loop(), asyncio.Event()
    started = [threading.Event() for _ in made]

    async def run() -> None:
        await asyncio.gather(*(each._run(event, ended) for each, event in zip(made, started, strict=True)))
        passing = asyncio.all_tasks() - {asyncio.current_task()}
        for task in passing:
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), daemon=True)
    thread.start()
    for event in started:
        if not event.wait(10):
            raise SystemExit(f"no relay can listen at {address}")
    try:
        yield made
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()
