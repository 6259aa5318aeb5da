"""``python -m benchmarks.pcs``: what built-in PCs cost, beside VPCS. The method is in ../README.md."""

import argparse
import json
import os
import shutil
import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import attrs

from benchmarks.forwarding.machine import describe
from benchmarks.forwarding.programs import BenchmarkError, Program, compiled
from benchmarks.pcs.lab import BUILTIN

SOURCES = Path(__file__).parent
LAB, MANY, TRAFFIC = "benchmarks.pcs.lab", "benchmarks.pcs.many", "benchmarks.pcs.traffic"
VPCS = "VPCS"
INTERVAL_MS = 1  # the shortest that VPCS takes
SIZES = (56, 1400)  # bytes of data
WARM_UP_PINGS = 100
HEADERS = 42  # in front of the data: Ethernet, IPv4, ICMP
UNPAUSED_PINGS = 50_000
MANY_SECONDS = 120.0  # a loaded machine needs so long


@attrs.frozen
class Figure:
    """One thing that was measured in one round, of one engine."""

    name: str
    engine: str
    value: float
    unit: str


@attrs.frozen
class Cost:
    """CPU time between two moments, in ns: of the workers and VPCS, and with that of Python's thread."""

    engine: int
    all: int


class Lab:
    """The program with the PCs."""

    def __init__(self, program: Program) -> None:
        self._program = program

    def cpu(self) -> Cost:
        """CPU time so far."""
        return Cost(**json.loads(self._program.ask("cpu")))

    def ping(self, count: int, size: int, interval_ms: int) -> list[float]:
        """Round trips in us."""
        seconds = count * (interval_ms + 10) / 1000  # an idle VPCS may be late
        reply = json.loads(self._program.ask(f"ping {count} {size} {interval_ms}", seconds=seconds))
        found: list[float] = reply["round_trips"]
        return found


def measure_pair(engine: str, argument: str, pings: int) -> Iterator[Figure]:
    """Two PCs that ping each other at the same pace, whatever they are."""
    with Program.python(LAB, argument) as program:
        program.read_ports()
        lab = Lab(program)
        lab.ping(WARM_UP_PINGS, SIZES[0], INTERVAL_MS)
        for size in SIZES:
            before = lab.cpu()
            found = lab.ping(pings, size, INTERVAL_MS)
            after = lab.cpu()
            if len(found) != pings:
                raise BenchmarkError(f"{engine}: {pings - len(found)} of {pings} pings were not answered")
            frames = 2 * pings
            label = f"a ping each ms, {size} bytes"
            yield Figure(f"{label}: CPU per frame", engine, (after.engine - before.engine) / frames / 1000, "us")
            yield Figure(f"{label}: with the console's thread", engine, (after.all - before.all) / frames / 1000, "us")
            yield Figure(f"{label}: median round trip", engine, statistics.median(found), "us")
        if engine == BUILTIN:
            before = lab.cpu()
            found = lab.ping(UNPAUSED_PINGS, SIZES[0], 0)
            after, frames = lab.cpu(), 2 * UNPAUSED_PINGS
            yield Figure(
                "pings without pause: CPU per frame", engine, (after.engine - before.engine) / frames / 1000, "us"
            )
            all_of_it = (after.all - before.all) / frames / 1000
            yield Figure("pings without pause: with the console's thread", engine, all_of_it, "us")
            yield Figure("pings without pause: median round trip", engine, statistics.median(found), "us")


def measure_answers(engine: str, argument: str, at_once: int, milliseconds: int) -> Iterator[Figure]:
    """One PC that answers somebody who asks the next thing when it has answered."""
    with ExitStack() as stack:
        tool = stack.enter_context(Program(compiled("echoes", SOURCES)))
        program = stack.enter_context(Program.python(LAB, argument, *tool.read_ports()))
        (port,) = program.read_ports()
        if tool.ask(f"connect {port}") != "ok":
            raise BenchmarkError("the tool does not understand us")
        lab = Lab(program)
        for size, burst in [*((size, at_once) for size in SIZES), (SIZES[0], 1)]:
            run = f"run {size + HEADERS} {burst}"
            tool.ask(f"{run} {milliseconds // 4}", seconds=milliseconds / 1000)
            before = lab.cpu()
            reply = json.loads(tool.ask(f"{run} {milliseconds}", seconds=milliseconds / 1000))
            cost = lab.cpu().engine - before.engine
            if reply["answers"] == 0:
                raise BenchmarkError(f"{engine} does not answer")
            label = f"echoes of {size} bytes, {burst} at once"
            yield Figure(f"{label}: CPU of an answer", engine, cost / reply["answers"] / 1000, "us")
            yield Figure(f"{label}: answers in a second", engine, reply["answers"] / reply["seconds"], "/s")
            yield Figure(f"{label}: missing or wrong", engine, reply["lost"] + reply["damaged"], "")


# Name and unit of what ``many.Many`` has.
MANY_ROWS = {
    "open_seconds": ("opened, joined, with an address", "s"),
    "core_bytes": ("memory of each, as the core counts", "bytes"),
    "resident_bytes": ("memory of each, growth of the process", "bytes"),
    "idle_percent": ("idle: CPU of the workers", "% of a CPU"),
    "idle_process_percent": ("idle: CPU of all threads", "% of a CPU"),
    "timers": ("idle: timers", ""),
    "unanswered": ("a ping of each: not answered", ""),
    "pinged_core_bytes": ("memory of each after it, as the core counts", "bytes"),
    "close_seconds": ("closed", "s"),
}


def measure_many(count: int, idle_seconds: float) -> Iterator[Figure]:
    """Many PCs in one core."""
    with Program.python(MANY, count, str(idle_seconds)) as program:
        reply = json.loads(program.read_line(seconds=MANY_SECONDS))
    for key, (name, unit) in MANY_ROWS.items():
        yield Figure(f"{count} PCs {name}", BUILTIN, reply[key], unit)


# Name and unit of what ``traffic.Traffic`` has.
TRAFFIC_ROWS = {
    "start_seconds": ("all pairs started", "s"),
    "read_seconds": ("their results read", "s"),
    "flow_bytes": ("memory of each flow", "bytes"),
    "mesh_lost": ("all pairs: lost", ""),
    "packets_per_second": ("one flow: packets", "/s"),
    "packet_us": ("one flow: CPU per packet", "us"),
    "lost": ("one flow: lost", ""),
    "one_way_us": ("1000 packets/s: median one way", "us"),
    "round_trip_us": ("1000 packets/s: median round trip", "us"),
}


def measure_traffic(count: int, seconds: float) -> Iterator[Figure]:
    """Traffic between all pairs of PCs, and between two."""
    with Program.python(TRAFFIC, count, str(seconds)) as program:
        reply = json.loads(program.read_line(seconds=MANY_SECONDS))
    for key, (name, unit) in TRAFFIC_ROWS.items():
        yield Figure(f"traffic of {count} PCs, {name}", BUILTIN, reply[key], unit)


def measure(options: argparse.Namespace) -> list[list[Figure]]:
    """The rounds: each engine in turn in every one of them."""
    engines = {BUILTIN: BUILTIN, VPCS: options.vpcs}
    rounds = []
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr, flush=True)
        figures: list[Figure] = []
        for engine, argument in engines.items():
            figures += measure_pair(engine, argument, options.pings)
        for engine, argument in engines.items():
            figures += measure_answers(engine, argument, options.at_once, options.milliseconds)
        figures += measure_many(options.pcs, options.idle)
        figures += measure_traffic(options.traffic_pcs, options.traffic)
        rounds.append(figures)
    return rounds


def table(rounds: Sequence[Sequence[Figure]]) -> Iterator[str]:
    """Medians over the rounds; the ratio is the median of those within each round, with the least and the largest."""
    yield f"{'':52}{BUILTIN:>12}{VPCS:>12} {'':11}{'ratio':>8}   of the rounds"
    found: dict[str, dict[str, list[float]]] = {}
    units: dict[str, str] = {}
    for figure in (figure for one in rounds for figure in one):
        found.setdefault(figure.name, {}).setdefault(figure.engine, []).append(figure.value)
        units[figure.name] = figure.unit
    for name, values in found.items():
        ours, theirs = values[BUILTIN], values.get(VPCS)
        cells = [f"{statistics.median(ours):12.2f}", f"{statistics.median(theirs):12.2f}" if theirs else " " * 12]
        line = f"{name:52}{''.join(cells)} {units[name]:11}"
        if theirs is not None and units[name] and all(ours) and all(theirs):
            pairs = zip(ours, theirs, strict=True)
            ratios = [one / other if units[name] == "/s" else other / one for one, other in pairs]
            line += f"{statistics.median(ratios):8.1f}   {min(ratios):.1f} to {max(ratios):.1f}"
        elif len(ours) > 1:
            line += f"{'':8}   {min(ours):.2f} to {max(ours):.2f}"
        yield line.rstrip()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pcs", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="runs of each engine, in turn (default 5)")
    parser.add_argument("--vpcs", default="vpcs", metavar="PATH", help="the VPCS to compare with")
    parser.add_argument("--pings", type=int, default=1000, help="of two PCs, for each size (default 1000)")
    parser.add_argument("--at-once", type=int, default=32, help="requests of a burst (default 32)")
    parser.add_argument("--milliseconds", type=int, default=1000, help="that such bursts last (default 1000)")
    parser.add_argument("--pcs", type=int, default=10_000, help="that are opened in one core (default 10000)")
    parser.add_argument("--idle", type=float, default=5.0, help="seconds in which these do nothing (default 5)")
    parser.add_argument("--traffic-pcs", type=int, default=100, help="that send to each other (default 100)")
    parser.add_argument("--traffic", type=float, default=2.0, help="seconds in which these send (default 2)")
    parser.add_argument("--cpu", default=None, help="the CPU that all is pinned to, or 'free' (default: the last one)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures of all rounds there")
    options = parser.parse_args()
    if shutil.which(options.vpcs) is None:
        parser.error(f"--vpcs: {options.vpcs} is no program")
    machine = describe()
    if options.cpu != "free":
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0)) if options.cpu is None else int(options.cpu)})
    rounds = measure(options)
    print(machine)
    print(f"medians of {options.rounds} interleaved rounds; a ratio above 1 is in favour of {BUILTIN}\n")
    print("\n".join(table(rounds)))
    if options.json is not None:
        options.json.write_text(
            json.dumps([[attrs.asdict(figure) for figure in one] for one in rounds], indent=1) + "\n"
        )


if __name__ == "__main__":
    main()
