"""What is measured, under one interface: whatever forwards between the sockets of the traffic tool, or nothing."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path

import attrs

from benchmarks.forwarding.machine import threads_of
from benchmarks.forwarding.programs import BenchmarkError, Program, compiled, pairs
from benchmarks.forwarding.ubridge import running_ubridge, wire

CORE_CHILD = "benchmarks.forwarding.core_child"


@attrs.frozen
class Forwarding:
    """A forwarder at work."""

    # Per link the UDP port that the sender sends to and the one that the receiver hears from. None: no forwarder, the
    # sender sends straight to the receiver.
    ports: list[tuple[int, int]] | None
    # The threads that forward, as (process id, thread id).
    threads: list[tuple[int, int]]
    # Records that captures have dropped so far.
    dropped_records: Callable[[], int] = lambda: 0


# Given the UDP ports of each link's sender and receiver.
Start = Callable[[list[tuple[int, int]]], AbstractContextManager[Forwarding]]


@attrs.frozen
class Variant:
    """One of the things compared."""

    name: str
    description: str
    start: Start


@contextmanager
def no_forwarder(links: list[tuple[int, int]]) -> Iterator[Forwarding]:
    """The ceiling."""
    yield Forwarding(ports=None, threads=[])


@contextmanager
def plain(links: list[tuple[int, int]], *, frames_per_event: int) -> Iterator[Forwarding]:
    """The baseline, plain.c."""
    with Program(compiled("plain"), frames_per_event, *_flat(links)) as program:
        yield Forwarding(ports=pairs(program.read_ports()), threads=[(program.pid, program.pid)])


@contextmanager
def core(links: list[tuple[int, int]], *, wiring: str) -> Iterator[Forwarding]:
    """Our core, in a process of its own."""
    with Program.python(CORE_CHILD, wiring, *_flat(links)) as program:
        ports = pairs(program.read_ports())
        threads = [(program.pid, thread) for thread in read_threads(program)]
        yield Forwarding(ports=ports, threads=threads, dropped_records=lambda: int(program.ask("dropped?")))


@contextmanager
def ubridge(links: list[tuple[int, int]], *, binary: Path, hops: int) -> Iterator[Forwarding]:
    """A GNS3 ubridge. All its threads count: how it divides its work is its own affair."""
    with ExitStack() as stack:
        running = [stack.enter_context(running_ubridge(binary)) for _ in range(hops)]
        ports = wire([hypervisor for _, hypervisor in running], links)
        yield Forwarding(ports=ports, threads=[(pid, thread) for pid, _ in running for thread in threads_of(pid)])


def read_threads(program: Program) -> list[int]:
    """The line ``threads N ...`` that the core's program writes. Raises BenchmarkError."""
    word, *threads = program.read_line().split()
    if word != "threads":
        raise BenchmarkError(f"{word!r} instead of the core's threads")
    return [int(thread) for thread in threads]


CEILING = Variant("ceiling", "no forwarder: the sender sends straight to the receiver", no_forwarder)
PLAIN = Variant("plain", "one hop, epoll_wait and one recv + send per ready socket", partial(plain, frames_per_event=1))
DRAIN = Variant("drain", "one hop, epoll_wait and recv + send until empty", partial(plain, frames_per_event=64))
PATCH = Variant("patch", "our core, a bridge of two ports", partial(core, wiring="patch"))
SPLICED = Variant("spliced", "our core as the server wires a link, by local ports", partial(core, wiring="spliced"))
OURS = (PATCH, SPLICED)
FEATURES = tuple(
    Variant(name, f"our core, {text}", partial(core, wiring=name))
    for name, text in (
        ("switch", "all links on one switch"),
        ("hub", "a hub of two ports for each link"),
        ("delay", "as spliced, with a delay of 20 ms"),
        ("rate", "as spliced, with a rate limit that is never reached"),
        ("bpf", "as spliced, with an expression that drops nothing"),
        ("capture", "as spliced, with a capture to disk on the first link"),
        ("offloaded", "as spliced, moved by the kernel (kernel_offload; needs root)"),
    )
)


def variants(ubridge_path: Path | None) -> list[Variant]:
    """All that can be measured, the ceiling and the baseline first."""
    found = [CEILING, PLAIN, DRAIN, *OURS, *FEATURES]
    if ubridge_path is not None:
        for hops, text in ((1, "one hop"), (2, "two hops, as GNS3 wires a link")):
            start = partial(ubridge, binary=ubridge_path, hops=hops)
            found.append(Variant(f"ubridge{hops}", f"GNS3 ubridge, {text}", start))
    return found


def _flat(links: Sequence[tuple[int, int]]) -> list[int]:
    return [port for link in links for port in link]
