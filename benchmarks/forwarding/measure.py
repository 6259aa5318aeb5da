"""The measurements: which are made, in which order, and what one of them gives."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

import attrs

from benchmarks.forwarding.forwarders import Forwarding, Variant
from benchmarks.forwarding.machine import Cpus, Placement, busy_ns, place, thread_cpu_ns
from benchmarks.forwarding.programs import BenchmarkError, Program, compiled, pairs

MS_PER_SECOND = 1000


@attrs.frozen
class Load:
    """The traffic of one measurement."""

    links: int
    size: int  # bytes of a frame, which is the payload of a datagram
    window: int  # frames in flight per link
    burst: int  # frames that the sender passes to the kernel with one call, at most


@attrs.frozen
class Plan:
    """All that is to be measured."""

    variants: Sequence[Variant]
    links: Sequence[int]
    windows: Sequence[int]
    sizes: Sequence[int]
    placements: Sequence[Placement]
    cpus: Cpus
    burst: int
    seconds: float
    warm_up_seconds: float
    rounds: int


@attrs.frozen
class Sample:
    """One measurement. Times in ns, CPU times over all frames of the window."""

    frames: int
    seconds: float
    lost: int
    late: int  # arrived behind a later one, or after the tool had given it up
    damaged: int
    own_cpu_ns: int  # of the traffic tool
    watched_cpu_ns: int  # of the forwarding threads
    latency_p50_ns: int
    latency_p90_ns: int
    latency_p99_ns: int
    latency_max_ns: int
    others_busy: float  # CPUs that everybody else kept busy meanwhile
    each_cpu_ns: Sequence[int] = ()  # of the forwarding threads, one by one
    dropped_records: int = 0  # of captures, warm-up included

    @property
    def frames_per_second(self) -> float:
        """Frames that arrived, per second."""
        return self.frames / self.seconds

    @property
    def total_cpu_ns_per_frame(self) -> float:
        """CPU time of the forwarding threads and of the traffic tool per frame that arrived."""
        return (self.watched_cpu_ns + self.own_cpu_ns) / self.frames

    @property
    def cpu_ns_per_frame(self) -> float:
        """CPU time of the forwarding threads per frame that arrived."""
        return self.watched_cpu_ns / self.frames


@attrs.frozen
class Measurement:
    """A sample and what it is one of."""

    variant: str
    placement: Placement
    load: Load
    round: int
    sample: Sample


class Traffic:
    """The traffic tool, wired to a forwarder."""

    def __init__(self, program: Program, forwarding: Forwarding) -> None:
        self._program = program
        self._forwarding = forwarding

    def place(self, cpus: Cpus, placement: Placement) -> None:
        """Pin the tool and the forwarding threads."""
        forwarder = [thread for _, thread in self._forwarding.threads]
        place(cpus, placement, forwarder=forwarder, traffic=[self._program.pid])

    def run(self, load: Load, *, seconds: float, warm_up_seconds: float) -> Sample:
        """One measurement. Raises BenchmarkError when no frame arrives."""
        milliseconds = [round(time * MS_PER_SECOND) for time in (warm_up_seconds, seconds)]
        dropped_before = self._forwarding.dropped_records()
        busy_before, ours_before = busy_ns(), self._cpu_ns()
        reply = self._program.ask(
            f"run {load.size} {load.window} {load.burst} {milliseconds[0]} {milliseconds[1]}",
            seconds=seconds + warm_up_seconds,
        )
        others_ns = (busy_ns() - busy_before) - (self._cpu_ns() - ours_before)
        others_busy = max(0.0, others_ns / 1e9 / (seconds + warm_up_seconds))
        dropped = self._forwarding.dropped_records() - dropped_before
        sample = Sample(**json.loads(reply), others_busy=others_busy, dropped_records=dropped)
        if sample.frames == 0:
            raise BenchmarkError("no frame arrives")
        return sample

    def _cpu_ns(self) -> int:
        own = [(self._program.pid, self._program.pid)]
        return sum(thread_cpu_ns(pid, [thread]) for pid, thread in own + self._forwarding.threads)


def wired_traffic(stack: ExitStack, variant: Variant, links: int, *, receivers: str | None = None) -> Traffic:
    """The tool and a forwarder, both running until the stack is closed. ``receivers`` is the network namespace of the
    receiving sockets, if it is another one. Raises BenchmarkError.
    """
    network = [receivers] if receivers is not None else []
    program = stack.enter_context(Program(compiled("traffic"), links, *network))
    forwarding = stack.enter_context(variant.start(pairs(program.read_ports())))
    if forwarding.ports is None:
        wiring = "direct"
    else:
        wiring = "connect " + " ".join(f"{near} {far}" for near, far in forwarding.ports)
    watch = " ".join(f"{pid}/{thread}" for pid, thread in forwarding.threads)
    for line in (wiring, f"watch {watch}"):
        if program.ask(line) != "ok":
            raise BenchmarkError("the traffic tool does not understand us")
    return Traffic(program, forwarding)


def measure(plan: Plan, progress: Callable[[str], None]) -> Iterator[Measurement]:
    """All measurements of a plan: each load with every variant in turn, and that in every round, so A B C A B C.

    Processes live for one round: where the memory of a process happens to lie is luck, and is drawn anew.
    """
    for number in range(plan.rounds):
        for links in plan.links:
            progress(f"round {number + 1} of {plan.rounds}, {links} links")
            with ExitStack() as stack:
                traffics = [(variant.name, wired_traffic(stack, variant, links)) for variant in plan.variants]
                yield from _measure_wired(plan, number, links, traffics)


def _measure_wired(
    plan: Plan, number: int, links: int, traffics: Sequence[tuple[str, Traffic]]
) -> Iterator[Measurement]:
    for placement in plan.placements:
        for _, traffic in traffics:
            traffic.place(plan.cpus, placement)
        for window in plan.windows:
            for size in plan.sizes:
                load = Load(links=links, size=size, window=window, burst=plan.burst)
                for name, traffic in traffics:
                    sample = traffic.run(load, seconds=plan.seconds, warm_up_seconds=plan.warm_up_seconds)
                    yield Measurement(name, placement, load, number, sample)
