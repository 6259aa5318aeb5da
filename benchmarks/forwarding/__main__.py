"""``python -m benchmarks.forwarding``: the command line. The method is in ``benchmarks/README.md``."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

import attrs

from benchmarks.forwarding import machine
from benchmarks.forwarding.forwarders import FEATURES, variants
from benchmarks.forwarding.idle import measure_idle
from benchmarks.forwarding.machine import Cpus, Placement
from benchmarks.forwarding.measure import Plan, measure
from benchmarks.forwarding.programs import BenchmarkError
from benchmarks.forwarding.report import as_json, rows, table

MAX_LINKS = 1024  # of traffic.c
SIZES = (40, 9216)  # of traffic.c: its stamp, and a jumbo frame
MAX_WINDOW = 256  # such frames fit in the socket buffers
MAX_BURST = 64  # of traffic.c


def numbers(low: int, high: int) -> Callable[[str], list[int]]:
    """An argument type: integers within limits, separated by commas."""

    def parse(text: str) -> list[int]:
        found = [int(item) for item in text.split(",")]
        if not all(low <= number <= high for number in found):
            raise argparse.ArgumentTypeError(f"not from {low} to {high}: {text}")
        return found

    return parse


def placements(text: str) -> list[Placement]:
    """An argument type: placements separated by commas."""
    return [Placement(item) for item in text.split(",")]


def arguments() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.forwarding",
        description="Throughput, latency and CPU per frame of the forwarding core, a plain forwarder and none.",
    )
    add = parser.add_argument
    add("--sizes", type=numbers(*SIZES), default=[64, 512, 1400], help="bytes of a frame (default 64,512,1400)")
    add("--windows", type=numbers(1, MAX_WINDOW), default=[32], help="frames in flight per link (default 32)")
    add("--links", type=numbers(1, MAX_LINKS), default=[1, 16], help="links at once (default 1,16)")
    add("--burst", type=int, choices=range(1, MAX_BURST + 1), default=MAX_BURST, metavar="FRAMES",
        help="frames that the sender passes to the kernel with one call, at most (default 64)")  # fmt: skip
    add("--seconds", type=float, default=1.0, help="length of one measurement (default 1)")
    add("--warm-up", type=float, default=0.2, metavar="SECONDS", help="before it, not counted (default 0.2)")
    add("--rounds", type=int, default=5, help="measurements of each thing, of which the median is shown (default 5)")
    add("--placement", type=placements, default=None,
        help="same,separate,free: forwarder and tool on one CPU, two, or unpinned (default same,separate)")  # fmt: skip
    add("--cpus", type=Cpus.parse, default=Cpus.default(), metavar="forwarder=N,traffic=N",
        help="which CPUs those are (default the first two); --placement same uses the forwarder's")  # fmt: skip
    add("--variants", type=lambda text: text.split(","), default=None, metavar="NAME,...",
        help="these of ceiling, plain, drain, patch, spliced, switch, hub, delay, rate, bpf, capture, "
        "offloaded, ubridge1, ubridge2 (default all but switch to offloaded)")  # fmt: skip
    add("--ubridge", type=Path, metavar="PATH", help="measure this GNS3 ubridge too, with one and with two hops")
    add("--json", type=Path, metavar="FILE", help="write everything there")
    add("--idle", action="store_true", help="instead: CPU of the core with silent ports")
    add("--idle-ports", type=int, default=1000, help="how many (default 1000)")
    add("--idle-seconds", type=float, default=5.0, help="for how long (default 5)")
    return parser


def show_idle(options: argparse.Namespace) -> None:
    """The idle measurement."""
    sample = measure_idle(options.idle_ports, options.idle_seconds)
    print(machine.describe())
    print(
        f"{sample.ports} silent ports, {sample.seconds:g} s: worker {sample.worker_cpu_ns} ns of CPU time and "
        f"{sample.worker_wakeups} wake-ups, whole process {sample.process_cpu_ns} ns "
        f"({sample.process_cpu_ns / sample.seconds / 1e7:.4f} % of a CPU)"
    )
    if options.json is not None:
        options.json.write_text(json.dumps({"machine": machine.describe(), **attrs.asdict(sample)}, indent=1) + "\n")


def show_forwarding(options: argparse.Namespace) -> None:
    """The measurements under load."""
    chosen = variants(options.ubridge)
    if options.variants is not None:
        unknown = set(options.variants) - {variant.name for variant in chosen}
        if unknown:
            raise BenchmarkError(f"no such variant: {', '.join(sorted(unknown))}")
        chosen = [variant for variant in chosen if variant.name in options.variants]
    else:
        chosen = [variant for variant in chosen if variant not in FEATURES]
    cpus: Cpus = options.cpus
    both = [Placement.SAME, Placement.SEPARATE] if cpus.forwarder != cpus.traffic else [Placement.SAME]
    plan = Plan(
        variants=chosen,
        links=options.links,
        windows=options.windows,
        sizes=options.sizes,
        placements=options.placement or both,
        cpus=cpus,
        burst=options.burst,
        seconds=options.seconds,
        warm_up_seconds=options.warm_up,
        rounds=options.rounds,
    )
    measurements = list(measure(plan, lambda text: print(text, file=sys.stderr, flush=True)))
    found = rows(measurements)
    print(machine.describe())
    print(
        f"medians of {plan.rounds} interleaved rounds of {plan.seconds:g} s, each after {plan.warm_up_seconds:g} s of "
        f"warm-up; the sender passes up to {plan.burst} frames with one call"
    )
    for variant in chosen:
        print(f"  {variant.name:<9} {variant.description}")
    for line in table(found, cpus):
        print(line)
    if options.json is not None:
        data = as_json(machine.describe(), cpus, measurements, found)
        options.json.write_text(json.dumps(data, indent=1) + "\n")


def main() -> None:
    """Measure and print. Exits with 1 and a message when something cannot be measured."""
    options = arguments().parse_args()
    try:
        if options.idle:
            show_idle(options)
        else:
            show_forwarding(options)
    except BenchmarkError as error:
        sys.exit(f"benchmark: {error}")


if __name__ == "__main__":
    main()
