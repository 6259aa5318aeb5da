"""``python -m benchmarks.large``: what a lab of ten thousand built-in PCs costs a server.

The method is in ../README.md.
"""

import argparse
import json
import random
import re
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import httpx
import psutil
import trio
from trio_websocket import open_websocket_url

from benchmarks.forwarding.machine import describe
from benchmarks.large.lab import PREFIX, address_of, make_batch
from benchmarks.servers import OURS, request, server

PATIENCE_SECONDS = 600.0
IDLE_SECONDS = 10.0
ASKING_AT_ONCE = 200  # PCs that get an address: each asks for a second whether somebody has it
PINGING_AT_ONCE = 32
PAIRS_OF_A_PC = 5
CONSOLE_SECONDS = 60.0


@attrs.define
class Bench:
    """A server with a project, and the figures so far: name, value, unit, what is wanted."""

    http: httpx.Client
    process: psutil.Process
    path: str
    figures: list[tuple[str, float, str, str]] = attrs.field(factory=list)

    def note(self, name: str, value: float, unit: str, wanted: str = "") -> None:
        """Print a figure and keep it."""
        self.figures.append((name, value, unit, wanted))
        print(f"{name:<58} {value:>10.3f} {unit:<10} {wanted}", flush=True)

    def timed(self, name: str, wanted: str, step: Callable[[], Any]) -> Any:
        """Measure a step: wall time, and CPU time of the server."""
        cpu, began = self.cpu_seconds(), time.perf_counter()
        result = step()
        self.note(name, time.perf_counter() - began, "s", wanted)
        self.note("  CPU time of the server for that, all threads", self.cpu_seconds() - cpu, "s")
        return result

    def cpu_seconds(self) -> float:
        """What the server has used so far."""
        times = self.process.cpu_times()
        return times.user + times.system

    def post(self, path: str) -> None:
        """POST to the project; it must succeed."""
        reply = self.http.post(f"{self.path}{path}", json={})
        if reply.is_error:
            raise SystemExit(f"{path}: {reply.status_code} {reply.text[:500]}")

    def longest_work(self) -> float:
        """The most CPU time that the server's loop used without a pause, of the last one or two minutes, in seconds."""
        text = self.http.get(f"http://{self.http.base_url.netloc.decode()}/metrics").text
        found = re.search(r"^gns3trio_loop_longest_work_seconds (\S+)", text, re.MULTILINE)
        return float(found[1]) if found else float("nan")


def measure(count: int, pings: int, port: int) -> list[tuple[str, float, str, str]]:
    """All figures, for so many PCs and pings."""
    with (
        tempfile.TemporaryDirectory() as folder,
        server(OURS, folder, port) as (process, _),
        httpx.Client(base_url=f"http://127.0.0.1:{port}/v2", timeout=PATIENCE_SECONDS) as http,
    ):
        project = request(http, "POST", "/projects", {"name": "bench", "auto_close": False})["project_id"]
        bench = Bench(http, process, f"/projects/{project}")
        before, batch = process.memory_full_info(), make_batch(count)
        made = bench.timed(
            f"one request creates, links and starts {count} PCs",
            "<= 10",
            lambda: request(http, "POST", f"{bench.path}/batch", batch),
        )
        bench.note("  longest work of the loop without a pause", bench.longest_work() * 1000, "ms", "<= 20")
        nodes = made["nodes"][:count]
        bench.note("PCs without a TCP port for their console", sum(node["console"] is None for node in nodes), "PCs")
        time.sleep(IDLE_SECONDS)  # until freed memory was returned
        after = process.memory_full_info()
        for name in ("rss", "pss"):
            grown = (getattr(after, name) - getattr(before, name)) / count / 1024
            bench.note(f"{name.upper()} of the server for each PC, with its share of all", grown, "KiB", "<= 20")
        cpu = bench.cpu_seconds()
        time.sleep(IDLE_SECONDS)
        bench.note("CPU of the idle server", (bench.cpu_seconds() - cpu) / IDLE_SECONDS * 100, "% of a CPU", "< 1")
        answered = bench.timed(
            f"{pings} pings between pairs by chance, typed at their consoles",
            "",
            lambda: trio.run(ping_by_chance, f"ws://127.0.0.1:{port}/v2{bench.path}", nodes, pings),
        )
        bench.note("pings that were not answered", pings - answered, "pings", "0")
        began = time.perf_counter()
        bench.timed("closed, with the nodes running", "", lambda: bench.post("/close"))
        bench.timed("opened", "", lambda: bench.post("/open"))
        bench.note("saved, closed and opened again", time.perf_counter() - began, "s", "<= 10")
        bench.timed("started again", "", lambda: bench.post("/nodes/start"))
        bench.timed("stopped", "", lambda: bench.post("/nodes/stop"))
        bench.timed("duplicated", "", lambda: request(http, "POST", f"{bench.path}/duplicate", {"name": "copy"}))
        bench.timed("deleted", "", lambda: http.delete(bench.path).raise_for_status())
        return bench.figures


async def ping_by_chance(url: str, nodes: list[dict[str, Any]], pings: int) -> int:
    """Give PCs by chance addresses, and let each ping others of them by chance; returns how many pings are answered."""
    chance, answered = random.Random(1), 0
    chosen = chance.sample(range(len(nodes)), pings // PAIRS_OF_A_PC)

    async def set_address(number: int) -> None:
        async with asking, console(url, nodes[number]) as typed:
            await typed(f"ip {address_of(number)}/{PREFIX}", 1)

    async def ping(number: int) -> None:
        nonlocal answered
        others = chance.sample([other for other in chosen if other != number], PAIRS_OF_A_PC)
        async with pinging, console(url, nodes[number]) as typed:
            for other in others:
                shown = await typed(f"ping {address_of(other)} -c 1", 1)
                answered += shown.count(b"icmp_seq=1 ttl=")

    asking, pinging = trio.CapacityLimiter(ASKING_AT_ONCE), trio.CapacityLimiter(PINGING_AT_ONCE)
    for act in (set_address, ping):
        async with trio.open_nursery() as nursery:
            for number in chosen:
                nursery.start_soon(act, number)
    return answered


@asynccontextmanager
async def console(url: str, node: dict[str, Any]) -> AsyncIterator[Callable[[str, int], Awaitable[bytes]]]:
    """A function that types a line at the console of a PC, and returns what is shown until its next prompt, after so
    many lines at least.
    """
    async with open_websocket_url(f"{url}/nodes/{node['node_id']}/console/ws") as socket:

        async def typed(line: str, lines: int) -> bytes:
            shown = seen = b""
            await socket.send_message(f"{line}\r".encode())
            with trio.move_on_after(CONSOLE_SECONDS):
                while not (seen.count(b"\n") > lines and seen.rstrip().endswith(b">")):
                    message = await socket.get_message()
                    assert isinstance(message, bytes)
                    shown += message
                    seen = shown.partition(line.encode())[2]  # without what was there before
            return seen

        yield typed


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large", description=__doc__)
    parser.add_argument("--pcs", type=int, default=10_000, help="built-in PCs (default 10000)")
    parser.add_argument(
        "--pings", type=int, default=10_000, help="pings between them, each of another pair (default 10000)"
    )
    parser.add_argument("--port", type=int, default=3999, help="the port of the server (default 3999)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    options = parser.parse_args()
    if options.pings % PAIRS_OF_A_PC or not PAIRS_OF_A_PC**2 < options.pings <= options.pcs * PAIRS_OF_A_PC:
        parser.error(f"--pings: a multiple of {PAIRS_OF_A_PC}, at most {PAIRS_OF_A_PC} for a PC")
    print(describe())
    figures = measure(options.pcs, options.pings, options.port)
    if options.json is not None:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
