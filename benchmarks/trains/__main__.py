"""``python -m benchmarks.trains``: TCP, pings and small frames between two TAP devices, beside a veth pair and GNS3."""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import attrs

from benchmarks.forwarding import machine
from benchmarks.forwarding.programs import BenchmarkError, Program, compiled
from benchmarks.trains.ways import FAR, SOURCES, Hosts, container, image, namespace, ways
from benchmarks.trunk.hosts import enter_own_network

# Frames in flight; no queue on the way overflows.
WINDOW = 128
PATIENCE_SECONDS = 30.0


@attrs.frozen
class Figure:
    """A row of the table. A sample has ``scale`` times as many of a smaller unit."""

    name: str
    unit: str
    scale: float = 1.0


TCP = Figure("TCP, iperf3", "Gbit/s", 1e9)
TCP_BY_CPU = Figure("its Gbit per second of CPU time", "Gbit", 1e9)
PING = Figure("ping, round trip", "us", 1e3)
RATE = Figure("UDP frames of 64 bytes", "frames/s")
OWN_CPU = Figure("their CPU, forwarder", "ns/frame")
ALL_CPU = Figure("their CPU, with both hosts", "ns/frame")
FIGURES = (TCP, TCP_BY_CPU, PING, RATE, OWN_CPU, ALL_CPU)
# One round of one way: figures by the name of their row.
Sample = dict[str, float]


def main() -> int:
    """Parse the arguments, measure, and print."""
    parser = argparse.ArgumentParser(prog="./dev bench trains", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=3.0, help="of TCP in each (default: %(default)s)")
    parser.add_argument("--pings", type=int, default=500, help="in each (default: %(default)s)")
    parser.add_argument("--ubridge", type=Path, metavar="PATH", help="GNS3's ubridge, instead of what stands in for it")
    parser.add_argument(
        "--docker", action="store_true", help="between two containers of the engine that the program docker finds"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all samples there, too")
    arguments = parser.parse_args()
    if shutil.which("iperf3") is None:
        print("benchmark: iperf3 is missing: apt-get install iperf3", file=sys.stderr)
        return 1
    enter_own_network("benchmarks.trains")
    try:
        with image() if arguments.docker else nullcontext():
            samples = measure(arguments)
    except BenchmarkError as error:
        print(f"benchmark: {error}", file=sys.stderr)
        return 1
    print(machine.describe())
    print("between two", "containers" if arguments.docker else "network namespaces")
    print(f"medians of {arguments.rounds} interleaved rounds; ratios are medians of those of each round\n")
    print(*report(samples), sep="\n")
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(samples, indent=1))
    return 0


def measure(arguments: argparse.Namespace) -> dict[str, list[Sample]]:
    """The samples of each way, in turn. Raises BenchmarkError."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    probe, all_ways = compiled("probe", SOURCES), ways(arguments.ubridge, container if arguments.docker else namespace)
    samples: dict[str, list[Sample]] = {name: [] for name in all_ways}
    for number in range(arguments.rounds):
        print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr)
        for name, open_way in all_ways.items():
            with open_way() as hosts, Program(probe, hosts.near, hosts.far, FAR) as program:
                sample = ping(program, arguments.pings)
                sample |= send_frames(program, hosts, arguments.seconds / 3)
                sample |= measure_tcp(hosts, max(1, round(arguments.seconds)))
                samples[name].append(sample)
    return samples


def ping(program: Program, count: int) -> Sample:
    """Round trips, after a few that find the neighbours."""
    program.ask("ping 20", seconds=PATIENCE_SECONDS)
    median, lost = map(int, program.ask(f"ping {count}", seconds=PATIENCE_SECONDS).split())
    if lost > count / 10:
        raise BenchmarkError(f"{lost} of {count} pings were lost")
    return {PING.name: median}


def send_frames(program: Program, hosts: Hosts, seconds: float) -> Sample:
    """Small frames, and the CPU time for each."""
    before = hosts.forwarder_ns()
    frames, _lost, elapsed, cpu = map(
        int, program.ask(f"frames {round(seconds * 1000)} {WINDOW}", seconds=seconds + PATIENCE_SECONDS).split()
    )
    forwarder = hosts.forwarder_ns() - before
    if frames == 0:
        raise BenchmarkError("no frame arrived")
    return {
        RATE.name: frames / elapsed * 1e9,
        OWN_CPU.name: forwarder / frames,
        ALL_CPU.name: (forwarder + cpu) / frames,
    }


def measure_tcp(hosts: Hosts, seconds: int) -> Sample:
    """Bits that arrived, by time and by the CPU time of all: both programs, and what is between them."""
    server = subprocess.Popen(
        ["nsenter", f"--net={hosts.far}", "iperf3", "--server", "--one-off", "--forceflush"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        while "listening" not in (line := server.stdout.readline()):
            if not line:
                raise BenchmarkError("iperf3 does not listen")
        before = hosts.forwarder_ns()
        done = subprocess.run(
            ["nsenter", f"--net={hosts.near}", "iperf3", "--client", FAR, "--time", str(seconds), "--json"],
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds + PATIENCE_SECONDS,
        )
        if done.returncode:
            raise BenchmarkError(f"iperf3: {done.stdout.strip() or done.stderr.strip()}")
        forwarder = (hosts.forwarder_ns() - before) / 1e9
    except subprocess.TimeoutExpired:
        raise BenchmarkError("iperf3 does not end") from None
    finally:
        server.kill()
        server.communicate()
    end = json.loads(done.stdout)["end"]
    received, usage = end["sum_received"], end["cpu_utilization_percent"]
    cpu = (usage["host_total"] + usage["remote_total"]) / 100 * received["seconds"] + forwarder
    return {
        TCP.name: received["bits_per_second"],
        TCP_BY_CPU.name: received["bits_per_second"] * received["seconds"] / cpu,
    }


def report(samples: dict[str, list[Sample]]) -> list[str]:
    """The table: medians, and the ratios of ours to each of the others."""
    ours, *others = samples
    head = f"{'':32}" + "".join(f"{name:>14}" for name in samples) + "".join(f"{f'of {name}':>14}" for name in others)
    lines = [head]
    for figure in FIGURES:
        values = [statistics.median(each[figure.name] for each in samples[name]) / figure.scale for name in samples]
        line = f"{f'{figure.name}, {figure.unit}':32}" + "".join(
            f"{value:14,.{1 if value < 100 else 0}f}" for value in values
        )
        lines.append(line + "".join(f"{_ratio(samples[ours], samples[other], figure):>14}" for other in others))
    if "stand-in" in samples:
        lines += ["", "stand-in: relay.c for GNS3's ubridge, whose path was not given (--ubridge)"]
    return lines


def _ratio(ours: list[Sample], others: list[Sample], figure: Figure) -> str:
    ratios = [
        mine[figure.name] / other[figure.name] for mine, other in zip(ours, others, strict=True) if other[figure.name]
    ]
    return f"{statistics.median(ratios):.2f}" if ratios else "-"


if __name__ == "__main__":
    sys.exit(main())
