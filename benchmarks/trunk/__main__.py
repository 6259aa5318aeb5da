"""``python -m benchmarks.trunk``: what links between two hosts cost, over a trunk and in other ways."""

import argparse
import json
import platform
import statistics
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from benchmarks.forwarding.forwarders import SPLICED, Forwarding, Variant, read_threads
from benchmarks.forwarding.machine import Cpus, Placement, place
from benchmarks.forwarding.measure import Load, Sample, wired_traffic
from benchmarks.forwarding.programs import BenchmarkError, Program
from benchmarks.trunk.blast import Cost, reflecting
from benchmarks.trunk.hosts import FAR, NEAR, enter_own_network, two_hosts

HOST = "benchmarks.trunk.host_child"


def main() -> int:
    """Parse the arguments, measure, and print."""
    parser = argparse.ArgumentParser(prog="./dev bench trunk", description=__doc__)
    parser.add_argument("--links", default="1,1000", help="numbers of links (default: %(default)s)")
    parser.add_argument("--size", type=int, default=1400, help="bytes of a frame (default: %(default)s)")
    parser.add_argument("--window", type=int, default=512, help="frames in flight, on all links (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=1.0, help="of each measurement (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples there, too")
    arguments = parser.parse_args()
    enter_own_network("benchmarks.trunk")
    try:
        with two_hosts() as network:
            report = _measure(network, [int(each) for each in arguments.links.split(",")], arguments)
    except BenchmarkError as error:
        print(f"benchmark: {error}", file=sys.stderr)
        return 1
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(report, indent=1))
    return 0


def _measure(network: str, links: list[int], arguments: argparse.Namespace) -> dict[str, list[float]]:
    figures: dict[str, list[float]] = {}
    cpus = Cpus.default()
    for number in range(arguments.rounds):
        print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr)
        for count in links:
            for variant in _variants(network, count):
                sample = _run(variant, network, count, cpus, arguments)
                _note(figures, f"{variant.name}, {count} links", sample)
            cost = _reflect(network, count, cpus, arguments)
            figures.setdefault(f"reflect, {count} links: CPU", []).append(cost.cpu_ns_per_frame)
            figures.setdefault(f"reflect, {count} links: lost", []).append(cost.lost)
    print(f"{platform.platform()}, frames of {arguments.size} bytes, {arguments.rounds} rounds")
    print("Medians; CPU per frame in ns", *report(figures, links), sep="\n")
    return figures


def _variants(network: str, links: int) -> list[Variant]:
    ways = ["trunk", "tunnel", *(["vxlan"] if links == 1 else [])]
    return [SPLICED, *(Variant(way, way, partial(_between_hosts, network=network, way=way)) for way in ways)]


@contextmanager
def _between_hosts(links: list[tuple[int, int]], *, network: str, way: str) -> Iterator[Forwarding]:
    """Two cores; the threads are that of the near host and that of the far one."""
    python = [sys.executable, "-m", HOST, way]
    with (
        Program(*python, NEAR, FAR, *(sender for sender, _ in links)) as near,
        Program("nsenter", f"--net={network}", *python, FAR, NEAR, *(receiver for _, receiver in links)) as far,
    ):
        ports = list(zip(near.read_ports(), far.read_ports(), strict=True))
        threads = [(program.pid, read_threads(program)[0]) for program in (near, far)]
        yield Forwarding(ports=ports, threads=threads)


def _run(variant: Variant, network: str, links: int, cpus: Cpus, arguments: argparse.Namespace) -> Sample:
    """Forwarding threads on one CPU, the traffic tool on the other."""
    with ExitStack() as stack:
        receivers = None if variant is SPLICED else network
        traffic = wired_traffic(stack, variant, links, receivers=receivers)
        traffic.place(cpus, Placement.SEPARATE)
        load = Load(links, arguments.size, window=max(1, arguments.window // links), burst=64)
        return traffic.run(load, seconds=arguments.seconds, warm_up_seconds=arguments.seconds / 4)


def _reflect(network: str, links: int, cpus: Cpus, arguments: argparse.Namespace) -> Cost:
    with reflecting(network, links, arguments.size) as reflector:
        place(cpus, Placement.SEPARATE, forwarder=[reflector.thread], traffic=[0])
        reflector.run(arguments.seconds / 4)
        return reflector.run(arguments.seconds)


def _note(figures: dict[str, list[float]], name: str, sample: Sample) -> None:
    each = [cpu / sample.frames for cpu in sample.each_cpu_ns]
    figures.setdefault(f"{name}: CPU of the busier host", []).append(max(each))
    figures.setdefault(f"{name}: CPU of both", []).append(sum(each))
    figures.setdefault(f"{name}: frames/s", []).append(sample.frames_per_second)
    figures.setdefault(f"{name}: lost", []).append(sample.lost)


def report(figures: dict[str, list[float]], links: list[int]) -> Iterator[str]:
    """The lines of a table, and those about the trunk alone."""
    yield f"{'':24}{'busier host':>12}{'both hosts':>12}{'frames/s':>12}{'of local':>10}{'lost':>6}"
    for count in links:
        for variant in _variants("", count):
            name = f"{variant.name}, {count} links"
            busier = figures[f"{name}: CPU of the busier host"]
            local = figures[f"{SPLICED.name}, {count} links: CPU of the busier host"]
            yield (
                f"{name:24}{statistics.median(busier):12.0f}{statistics.median(figures[f'{name}: CPU of both']):12.0f}"
                f"{statistics.median(figures[f'{name}: frames/s']):12.0f}"
                f"{_ratio(local, busier):10.0%}{sum(figures[f'{name}: lost']):6.0f}"
            )
    for count in links:
        cost, first = (figures[f"reflect, {each} links: CPU"] for each in (count, links[0]))
        yield (
            f"the trunk alone, frames in and out again, {count} links: {statistics.median(cost):.0f} ns, "
            f"{_ratio(cost, first):.2f} times that of {links[0]}"
        )


def _ratio(these: list[float], those: list[float]) -> float:
    """The median of the ratios within each round."""
    return statistics.median(a / b for a, b in zip(these, those, strict=True))


if __name__ == "__main__":
    sys.exit(main())
