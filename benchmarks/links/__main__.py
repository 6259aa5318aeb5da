"""``python -m benchmarks.links``: how exact delays and rate limits are, and whether links leave each other alone.

Traffic comes from the core's own generator (native/trial.c) over real sockets on the loopback interface.
"""

import argparse
import json
import os
import socket
import statistics
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import attrs
import trio

from benchmarks.forwarding.machine import describe
from gns3trio.compute.local.leases import bind_udp
from gns3trio.conditions.core_filter import CoreFilter
from gns3trio.forwarder.forwarder import Forwarder, Port, open_forwarder
from gns3trio.forwarder.trial import run_trial
from gns3trio.traffic.trials import NANOSECONDS, TrialResult, TrialSpec, bucket_ns

LOOPBACK = "127.0.0.1"
BUFFER_BYTES = 4 * 1024 * 1024
DELAY_MS = 20
DELAY_TOLERANCE_MS = 0.3
RATE_BITS = 10_000_000
RATE_SECONDS = 5.0
BURST_BYTES = 3028
FRAME_BYTES = 1000
PACED_RATE = 1000  # frames per second of what is measured
FLOOD_SECONDS = 3.0


@attrs.frozen
class Figure:
    """One thing measured, and what it should be."""

    name: str
    value: float
    unit: str
    wanted: str


@attrs.frozen
class Way:
    """Two sockets of the generator, and the port between them where filters sit."""

    tx: socket.socket
    rx: socket.socket
    port: Port


def open_socket(stack: ExitStack) -> socket.socket:
    """A socket with room for bursts."""
    sock = stack.enter_context(bind_udp(LOOPBACK, 0))
    for option in (socket.SO_RCVBUF, socket.SO_SNDBUF):
        sock.setsockopt(socket.SOL_SOCKET, option, BUFFER_BYTES)
    return sock


def open_way(stack: ExitStack, forwarder: Forwarder, hops: int = 1) -> Way:
    """A way over one patch of two ports, or several of them joined by UDP."""
    tx, rx = open_socket(stack), open_socket(stack)
    sockets = [open_socket(stack) for _ in range(2 * hops)]
    remotes = [tx, *(sockets[i + 1 if i % 2 else i - 1] for i in range(1, 2 * hops - 1)), rx]
    ports = [forwarder.open_port(s, remote.getsockname()) for s, remote in zip(sockets, remotes, strict=True)]
    for near, far in zip(ports[::2], ports[1::2], strict=True):
        forwarder.connect(near, far)
    tx.connect(sockets[0].getsockname())
    return Way(tx, rx, ports[0])


def paced(seconds: float, rate: int = PACED_RATE, size: int = FRAME_BYTES) -> TrialSpec:
    """Frames at a steady rate."""
    return TrialSpec(frame_bytes=size, frames_per_second=rate, seconds=seconds, drain_seconds=1.0)


def share_within(result: TrialResult, low: float, high: float) -> float:
    """The part of all frames that were sent whose latency lies between two seconds."""
    inside = sum(n for bucket, n in enumerate(result.histogram) if low <= bucket_ns(bucket) / NANOSECONDS <= high)
    return inside / max(result.sent, 1)


async def measure_delay(forwarder: Forwarder) -> list[Figure]:
    """Frames that leave a delay of 20 ms within 0.3 ms of their time, which includes what the way takes without it."""
    with ExitStack() as stack:
        way = open_way(stack, forwarder)
        plain = await run_trial(way.tx, way.rx, paced(2.0), trial_id=1)
        way.port.set_filters([CoreFilter("delay", "both", (DELAY_MS * 1000, 0))], seed=1)
        result = await run_trial(way.tx, way.rx, paced(5.0), trial_id=2)
    usual, tolerance = plain.percentile(50), DELAY_TOLERANCE_MS / 1000
    due = usual + DELAY_MS / 1000
    inside = share_within(result, due - tolerance, due + tolerance)
    return [
        Figure("no delay: within 0.3 ms of the median", share_within(plain, 0, usual + tolerance) * 100, "%", ""),
        Figure("delay of 20 ms: within 0.3 ms of it", inside * 100, "%", ">= 99"),
        Figure("delay of 20 ms: early frames", share_within(result, 0, DELAY_MS / 1000 * 0.999) * 100, "%", "0"),
        Figure("delay of 20 ms: lost", result.lost, "frames", "0"),
    ]


async def measure_rate(forwarder: Forwarder) -> list[Figure]:
    """What comes through a limit of 10 Mbit/s when twice of it is offered."""
    with ExitStack() as stack:
        way = open_way(stack, forwarder)
        way.port.set_filters([CoreFilter("rate", "both", (RATE_BITS, BURST_BYTES, 100_000))], seed=1)
        offered = 2 * RATE_BITS // (FRAME_BYTES * 8)
        result = await run_trial(way.tx, way.rx, paced(RATE_SECONDS, offered), trial_id=3)
    bits = (result.received - 1) * FRAME_BYTES * 8 / result.receive_seconds
    return [Figure("rate limit of 10 Mbit/s: error over 5 s", (bits / RATE_BITS - 1) * 100, "%", "-2 to 2")]


def flood(way: Way, stop: threading.Event) -> None:
    """Send as fast as one thread can; nobody answers, so most is lost at the receiver."""
    frame = bytes(FRAME_BYTES)
    while not stop.is_set():
        for _ in range(64):
            with suppress(OSError):  # full: that is what a flood does
                way.tx.send(frame)


async def measure_flood(forwarder: Forwarder) -> list[Figure]:
    """The round trip of one link while another is flooded, as a way over two links."""
    with ExitStack() as stack:
        measured, flooded = open_way(stack, forwarder, hops=2), open_way(stack, forwarder)
        quiet = await run_trial(measured.tx, measured.rx, paced(2.0), trial_id=4)
        stop = threading.Event()
        thread = threading.Thread(target=flood, args=(flooded, stop))
        thread.start()
        try:
            loaded = await run_trial(measured.tx, measured.rx, paced(FLOOD_SECONDS), trial_id=5)
        finally:
            stop.set()
            thread.join()
    return [
        Figure("round trip of a quiet link: p99", quiet.percentile(99) * 1e3, "ms", ""),
        Figure("round trip beside a flooded link: p99", loaded.percentile(99) * 1e3, "ms", "< 2"),
        Figure("round trip beside a flooded link: lost", loaded.lost, "frames", "0"),
    ]


def resident_bytes() -> int:
    """Memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


async def measure_idle(forwarder: Forwarder, ports: int = 10_000) -> list[Figure]:
    """What silent ports cost: memory of the core for each, and CPU time of the whole process."""
    with ExitStack() as stack:
        one = open_socket(stack)
        before = resident_bytes()
        opened = [forwarder.open_port(one, (LOOPBACK, 9)) for _ in range(ports)]
        memory = (resident_bytes() - before) / ports
        await trio.sleep(1)
        cpu, began = time.process_time(), time.monotonic()
        await trio.sleep(3)
        busy = (time.process_time() - cpu) / (time.monotonic() - began)
        for port in opened:
            port.close()
    return [
        Figure(f"memory of each of {ports} silent ports, Python's objects included", memory, "bytes", "<= 4096"),
        Figure(f"CPU with {ports} silent ports", busy * 100, "% of a CPU", "0"),
    ]


MEASUREMENTS: dict[str, Callable[[Forwarder], Any]] = {
    "delay": measure_delay,
    "rate": measure_rate,
    "flood": measure_flood,
    "idle": measure_idle,
}


async def measure_all(names: Sequence[str], rounds: int) -> list[Figure]:
    """The medians over the rounds."""
    found: dict[str, list[Figure]] = {}
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr, flush=True)
        for name in names:
            async with open_forwarder() as forwarder:
                for figure in await MEASUREMENTS[name](forwarder):
                    found.setdefault(figure.name, []).append(figure)
    return [attrs.evolve(group[0], value=statistics.median(f.value for f in group)) for group in found.values()]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.links", description=__doc__)
    parser.add_argument("--only", choices=MEASUREMENTS, action="append", help="one of them; may be repeated")
    parser.add_argument("--rounds", type=int, default=3, help="of which the medians are shown (default 3)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    options = parser.parse_args()
    figures = trio.run(measure_all, options.only or list(MEASUREMENTS), options.rounds)
    print(describe())
    print(f"medians of {options.rounds} rounds")
    for figure in figures:
        print(f"{figure.name:<68} {figure.value:>10.3f} {figure.unit:<11} {figure.wanted}")
    if options.json is not None:
        options.json.write_text(json.dumps([attrs.asdict(figure) for figure in figures], indent=1) + "\n")


if __name__ == "__main__":
    main()
