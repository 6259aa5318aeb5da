"""What the benchmarks of servers share: their options, rounds in turn, and the table of medians and ratios."""

import argparse
import json
import os
import platform
import statistics
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.servers import OURS, Candidate

# One round of one server: figures by the name of their row.
Samples = dict[str, float]


def make_parser(prog: str, description: str | None) -> argparse.ArgumentParser:
    """A parser with the options that all have."""
    parser = argparse.ArgumentParser(prog=prog, description=description)
    parser.add_argument("--rounds", type=int, default=3, help="runs of each server, in turn (default 3)")
    parser.add_argument("--port", type=int, default=3999, help="TCP port that the servers get (default 3999)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample there")
    return parser


def add_other_server(parser: argparse.ArgumentParser) -> None:
    """The option for a server that needs nothing but a command; see ``candidates``."""
    parser.add_argument(
        "--gns3server", metavar="COMMAND", help="measure this too; {port} and {projects} in it are filled in"
    )


def candidates(options: argparse.Namespace) -> list[Candidate]:
    """Ours, and the one that was given."""
    return [OURS, *([Candidate("gns3-server", options.gns3server)] if options.gns3server else [])]


def compare(
    servers: Sequence[Candidate],
    options: argparse.Namespace,
    lab: str,
    measure: Callable[[Candidate], Samples],
    shown: Callable[[str, float], str],
) -> None:
    """Measure the servers in turn, and print their medians and the ratio of the first to the last.

    ``lab`` says of what; ``shown`` writes a row's figure with its unit.
    """
    samples: dict[str, list[Samples]] = {server.name: [] for server in servers}
    for _ in range(options.rounds):
        for server in servers:
            samples[server.name].append(measure(server))
    print(f"Linux {platform.release()}, {os.cpu_count()} CPUs, Python {platform.python_version()}")
    print(f"medians of {options.rounds} interleaved rounds, {lab}\n")
    print(table(samples, shown))
    if options.json is not None:
        options.json.write_text(json.dumps(samples))


def table(samples: dict[str, list[Samples]], shown: Callable[[str, float], str]) -> str:
    """Medians, and the ratio of the first server to the last."""
    names = list(samples)
    lines = [f"{'':44}" + "".join(f"{name:>20}" for name in names) + ("     ratio" if len(names) > 1 else "")]
    for row in samples[names[0]][0]:
        medians = [statistics.median(sample[row] for sample in samples[name]) for name in names]
        line = f"{row:44}" + "".join(f"{shown(row, value):>20}" for value in medians)
        if len(names) > 1 and medians[-1]:
            line += f"{medians[0] / medians[-1]:10.3f}"
        lines.append(line)
    return "\n".join(lines)
