"""``traffic`` of a built-in PC, which VPCS does not have: sends UDP at a rate, or counts what comes. Sans-IO."""

import re
from collections.abc import Iterator

from gns3trio.classes import define
from gns3trio.compute.nodes.vpcs.pc_help import help_on
from gns3trio.compute.nodes.vpcs.pc_hosts import find_host
from gns3trio.compute.nodes.vpcs.pc_ping import why_not_sent
from gns3trio.compute.nodes.vpcs.pc_session import PcSession
from gns3trio.compute.nodes.vpcs.pc_steps import (
    Command,
    CommandError,
    Listen,
    Part,
    Pause,
    ReadHeard,
    ReadTraffic,
    SendTraffic,
    say,
)
from gns3trio.counts import counted
from gns3trio.errors import Invalid
from gns3trio.forwarder.pc_types import Address
from gns3trio.traffic.flows import (
    BITS,
    DEFAULT_PORT,
    Arrivals,
    FlowResult,
    FlowSpec,
    HeardFlow,
    bits_per_second,
    packets_per_second,
)

# Seconds between two lines that tell the progress.
LOOK_SECONDS = 1.0
# What has not come back so long after the last was sent is lost.
_LATE_SECONDS, _LATE_LOOK_SECONDS = 1.0, 0.05
# A flow that is so long silent is over, though its sender did not say so.
SILENT_SECONDS = 5.0
_RATE = re.compile(r"(\d{1,10}(?:\.\d{1,6})?)([kMG]?)")
_UNITS = {"k": 1e3, "M": 1e6, "G": 1e9}
_NUMBER = re.compile(r"\d{1,10}(?:\.\d{1,6})?")
_MILLISECONDS = 1000
# The options that set the fields of a flow.
_OPTIONS = {
    "packets_per_second": "-r",
    "data_bytes": "-s",
    "seconds": "-t",
    "packets": "-c",
    "burst": "-b",
    "port": "-p",
}


@define
class TrafficOptions:
    """What the options of ``traffic`` set. The rate is in packets per second; or in bits, if it has a ``unit``."""

    rate: float = 1000.0
    unit: str = ""
    data_bytes: int = 512
    seconds: float = 10.0
    packets: int | None = None
    burst: int = 1
    echo: bool = False
    port: int = DEFAULT_PORT

    def spec(self) -> FlowSpec:
        """The flow. Raises CommandError with the option that is out of range."""
        by_bits = self.rate * _UNITS[self.unit] / (self.data_bytes * BITS) if self.unit else self.rate
        spec = FlowSpec(
            packets_per_second=by_bits,
            data_bytes=self.data_bytes,
            seconds=self.seconds,
            packets=self.packets,
            burst=self.burst,
            echo=self.echo,
            port=self.port,
        )
        try:
            spec.check()
        except Invalid as error:
            field, _, why = str(error).partition(":")
            raise CommandError(f"{_OPTIONS[field]} ({field.replace('_', ' ')}):{why}") from None
        return spec


def traffic(session: PcSession, words: list[str]) -> Command:
    """``traffic HOST [OPTION ...]``, or ``traffic sink``."""
    if len(words) == 1:
        yield from say(help_on("traffic").rstrip("\n"))
    elif words[1] == "sink":
        yield from _count(words[2:])
    else:
        spec = read_options(words[2:]).spec()
        target = yield from find_host(session, words[1])
        yield from _send(session, target, spec)


def read_options(words: list[str]) -> TrafficOptions:
    """Raises CommandError for options that are none, or whose values are no numbers."""
    options = TrafficOptions()
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if len(word) > 2 and word[:2] in ("-b", "-c", "-p", "-r", "-s", "-t"):
            word, value = word[:2], word[2:]  # the value without a blank
            rest.insert(0, value)
        match word:
            case "-e":
                options.echo = True
            case "-b":
                options.burst = int(_number(word, rest, whole=True))
            case "-c":
                options.packets = int(_number(word, rest, whole=True))
            case "-p":
                options.port = int(_number(word, rest, whole=True))
            case "-r":
                options.rate, options.unit = _rate(rest)
            case "-s":
                options.data_bytes = int(_number(word, rest, whole=True))
            case "-t":
                options.seconds = _number(word, rest)
            case _:
                raise CommandError(f"Invalid option {word[:20]!r}. See traffic ?")
    if options.data_bytes == 0:
        raise CommandError("-s: a packet has data")
    return options


def _number(option: str, rest: list[str], *, whole: bool = False) -> float:
    text = rest.pop(0) if rest else ""
    if not text.isascii() or not _NUMBER.fullmatch(text) or (whole and "." in text):
        raise CommandError(f"{option}: a{' whole' if whole else ''} number is missing. See traffic ?")
    return float(text)


def _rate(rest: list[str]) -> tuple[float, str]:
    text = rest.pop(0) if rest else ""
    found = _RATE.fullmatch(text) if text.isascii() else None
    if found is None:
        raise CommandError("-r: a rate is missing, such as 1000 (packets per second) or 10M (bits). See traffic ?")
    return float(found[1]), found[2]


# --- sending ---


def _send(session: PcSession, target: Address, spec: FlowSpec) -> Command:
    refusal: str | None = yield SendTraffic(target, spec)
    if refusal is not None:
        raise CommandError(refusal)
    length = f"for {spec.seconds:g} s" if spec.packets is None else f"until {spec.packets} are sent"
    bursts = f" in bursts of {spec.burst}" if spec.burst > 1 else ""
    rate = f"{spec.packets_per_second:g} packets/s{bursts}, {_bits(spec.packets_per_second * spec.data_bytes * BITS)}"
    yield from say(f"{spec.data_bytes} bytes of UDP data to {target} port {spec.port}: {rate}, {length}")
    yield from say("Press Ctrl+C to stop")
    result = yield from _follow(spec)
    if result.sent == 0 and result.reason != "done":
        raise CommandError(why_not_sent(session.pc.state(), target, result.reason))
    for line in _report(target, spec, result):
        yield from say(line)


def _follow(spec: FlowSpec) -> Part[FlowResult]:
    """Tell the progress once a second; returns what became of the flow when it is over."""
    passed, length = 0.0, spec.seconds
    if spec.packets is not None:
        length = min(length, spec.packets / spec.packets_per_second)
    while True:
        pause = min(LOOK_SECONDS, max(length - passed, _LATE_LOOK_SECONDS))
        yield Pause(pause)
        passed += pause
        result: FlowResult = yield ReadTraffic()
        if not result.is_sending:
            break
        if result.state == "sending":
            returned = f", {result.returned.packets} returned" if spec.echo or result.returned.packets else ""
            yield from say(f"{passed:6.0f} s {result.sent:10} sent{returned}")
    late = 0.0
    while result.returned.packets < (result.sent if spec.echo else 0) and late < _LATE_SECONDS:
        yield Pause(_LATE_LOOK_SECONDS)
        late += _LATE_LOOK_SECONDS
        result = yield ReadTraffic()
    return result


def _report(target: Address, spec: FlowSpec, result: FlowResult) -> Iterator[str]:
    packets, seconds = result.sent, result.seconds
    rate = packets_per_second(packets, seconds, spec.burst)
    bits = bits_per_second(packets, packets * spec.data_bytes, seconds, spec.burst)
    yield f"sent        {counted(packets, 'packet')} in {seconds:.3f} s" + (
        f": {rate:.1f} packets/s, {_bits(bits)}" if rate else ""
    )
    if result.unsent:
        yield f"not sent    {counted(result.unsent, 'packet')}: there was no memory"
    if result.reason != "done":
        yield f"ended       {result.reason.replace('_', ' ')}"
    if result.unreachable:
        yield f"unreachable {result.unreachable} ICMP messages say that packets do not arrive"
    if result.arrived is not None:
        yield _describe("arrived", result.sent, result.arrived, spec.burst)
        yield from _times("one way", result.arrived)
        if result.arrived.packets and result.arrived.latency is None:
            yield "one way     not known: the receiver has another clock"
    else:
        yield f"arrived     not known: nobody counts at {target}. Type 'traffic sink' there first"
    if spec.echo or result.returned.packets:
        yield _describe("returned", result.sent, result.returned, spec.burst)
        yield from _times("round trip", result.returned)


def _describe(name: str, sent: int | None, arrivals: Arrivals, burst: int = 1) -> str:
    parts = [counted(arrivals.packets, "packet")]
    if sent:
        lost = max(sent - arrivals.packets, 0)
        parts.append(f"{lost} lost ({lost / sent:.2%})")
    parts += [f"{arrivals.duplicated} duplicated", f"{arrivals.reordered} reordered"]
    bits = bits_per_second(arrivals.packets, arrivals.bytes, arrivals.seconds, burst)
    return f"{name:<11} {', '.join(parts)}" + (f": {_bits(bits)}" if bits else "")


def _times(name: str, arrivals: Arrivals) -> Iterator[str]:
    latency = arrivals.latency
    if latency is None:
        return
    times = (latency.min, latency.mean, latency.p50, latency.p90, latency.p99, latency.p99_9, latency.max)
    values = "/".join(f"{time * _MILLISECONDS:.3f}" for time in times)
    yield f"{name:<11} min/mean/p50/p90/p99/p99.9/max = {values} ms"


def _bits(bits: float | None) -> str:
    for unit, size in (("Gbit/s", 1e9), ("Mbit/s", 1e6), ("kbit/s", 1e3)):
        if bits is not None and bits >= size:
            return f"{bits / size:.2f} {unit}"
    return f"{bits or 0:.0f} bit/s"


# --- counting ---


def _count(words: list[str]) -> Command:
    if words:
        raise CommandError("traffic sink has no options. See traffic ?")
    refusal: str | None = yield Listen()
    if refusal is not None:
        raise CommandError(refusal)
    yield from say("Counting the traffic that comes. Press Ctrl+C to stop")
    shown: dict[int, int] = {}  # packets, by flow; -1 for those that were reported
    while True:
        yield Pause(LOOK_SECONDS)
        heard: list[HeardFlow] = yield ReadHeard()
        for flow in reversed(heard):
            before = shown.get(flow.flow_id, 0)
            is_over = flow.sent is not None or flow.silent >= SILENT_SECONDS
            if is_over and before >= 0:
                yield from _tell_over(flow)
                shown[flow.flow_id] = -1
            elif not is_over and flow.arrived.packets > before:
                yield from say(f"{flow.source:<15} {flow.arrived.packets:10} packets")
                shown[flow.flow_id] = flow.arrived.packets
        shown = {flow.flow_id: shown[flow.flow_id] for flow in heard if flow.flow_id in shown}


def _tell_over(flow: HeardFlow) -> Command:
    yield from say(f"{flow.source} {'has sent all' if flow.sent is not None else 'sends no more'}")
    yield from say(_describe("arrived", flow.sent, flow.arrived))
    for line in _times("one way", flow.arrived):
        yield from say(line)
