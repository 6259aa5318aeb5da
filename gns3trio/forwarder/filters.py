"""Link filters: those of GNS3, and ours. What users write, checked and turned into what the core takes. Sans-IO.

GNS3 has one dictionary for a link, ``{"delay": [20, 5]}``, whose five filters act in both directions. Ours are a
list of *impairments* with a direction each; they act after GNS3's, in their order.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

import attrs
from attrs import validators as v

from gns3trio.errors import Invalid

# Seen from a port: frames that come in there, or leave.
Direction = Literal["in", "out", "both"]
LinkDirection = Literal["a_to_b", "b_to_a", "both"]
# The numbers of the UDPFWD_FILTER_* constants of native/udpfwd.h, in their order.
FREQUENCY, LOSS, DELAY, CORRUPT, BPF, RATE, DUPLICATE, REORDER = range(8)

MILLIONTHS_PER_PERCENT = 10_000
MICROSECONDS_PER_MS = 1000
_MICROSECONDS = 1_000_000
# Expressions of GNS3's filter, and impairments: both lists fit into the core's together.
MAX_FILTERS = 32
# libpcap's time grows with the square of it; the core takes no longer ones.
MAX_EXPRESSION_LENGTH = 1024
_MAX_MS = 32767  # GNS3's limit
_MAX_BITS_PER_SECOND = 1_000_000_000_000
_MAX_QUEUE_BYTES = 1 << 30
FULL_FRAME_BYTES = 1522  # Ethernet's, with two VLAN tags and without checksum


@attrs.frozen
class CoreFilter:
    """A filter as the core takes it; ``parameters`` are those that native/udpfwd.h documents for its kind."""

    kind: int
    direction: Direction
    parameters: tuple[int, ...] = ()
    expression: str | None = None


# --- GNS3's ---

GNS3_FILTERS: list[dict[str, Any]] = [
    {
        "type": "frequency_drop",
        "name": "Frequency drop",
        "description": "Drops every n-th packet; -1 drops all of them, 0 none.",
        "parameters": [
            {"name": "Frequency", "type": "int", "minimum": -1, "maximum": 32767, "unit": "th packet"},
        ],
    },
    {
        "type": "packet_loss",
        "name": "Packet loss",
        "description": "Drops packets at random, with this chance for each.",
        "parameters": [{"name": "Chance", "type": "int", "minimum": 0, "maximum": 100, "unit": "%"}],
    },
    {
        "type": "delay",
        "name": "Delay",
        "description": "Delays packets by a time that varies by up to the jitter.",
        "parameters": [
            {"name": "Latency", "type": "int", "minimum": 0, "maximum": _MAX_MS, "unit": "ms"},
            {"name": "Jitter (-/+)", "type": "int", "minimum": 0, "maximum": _MAX_MS, "unit": "ms"},
        ],
    },
    {
        "type": "corrupt",
        "name": "Corrupt",
        "description": "Damages packets at random, with this chance for each.",
        "parameters": [{"name": "Chance", "type": "int", "minimum": 0, "maximum": 100, "unit": "%"}],
    },
    {
        "type": "bpf",
        "name": "Berkeley Packet Filter (BPF)",
        "description": "Drops packets that match one of these expressions, one on each line.",
        "parameters": [{"name": "Filters", "type": "text"}],
    },
]
_PARAMETERS = {entry["type"]: entry["parameters"] for entry in GNS3_FILTERS}
_OPTIONAL_PARAMETERS = {"delay": 1}  # the jitter, by how many of the last may be left out


def check_gns3_filters(filters: Mapping[str, Any], check_expression: Callable[[str], None]) -> dict[str, list[Any]]:
    """The filters as they are kept: numbers as integers, text stripped, and those that do nothing left out.

    As in GNS3 a filter whose first value is 0 or empty is dropped, and numbers may come as text. Raises
    Invalid that names the filter and parameter. ``check_expression`` raises Invalid for a wrong BPF expression.
    """
    return {name: kept for name, values in filters.items() if (kept := _check_one(name, values, check_expression))}


def _check_one(name: str, values: Any, check_expression: Callable[[str], None]) -> list[Any]:
    parameters = _PARAMETERS.get(name)
    if parameters is None:
        raise Invalid(f"filters.{name}: there is no such filter; there are {', '.join(_PARAMETERS)}")
    if type(values) is not list:
        raise Invalid(f"filters.{name}: expected a list of values")
    if not values or values[0] == 0 or values[0] == "":
        return []
    if not len(parameters) - _OPTIONAL_PARAMETERS.get(name, 0) <= len(values) <= len(parameters):
        raise Invalid(f"filters.{name}: expected {len(parameters)} values, got {len(values)}")
    checked = [_check_value(name, p, value) for p, value in zip(parameters, values, strict=False)]
    if checked[0] in (0, ""):
        return []
    lines = _lines(checked[0]) if name == "bpf" else []
    if len(lines) > MAX_FILTERS:
        raise Invalid(f"filters.bpf: Filters: {len(lines)} expressions, more than {MAX_FILTERS}")
    for number, expression in enumerate(lines, 1):
        try:
            check_expression(expression)
        except Invalid as error:
            raise Invalid(f"filters.bpf: line {number}: {error}") from None
    return checked


def _check_value(name: str, parameter: Mapping[str, Any], value: Any) -> Any:
    where = f"filters.{name}: {parameter['name']}"
    if parameter["type"] == "text":
        if not isinstance(value, str):
            raise Invalid(f"{where}: expected text")
        return value.strip()
    if isinstance(value, str):
        try:
            value = int(value.strip())
        except ValueError:
            raise Invalid(f"{where}: {value!r} is not a whole number") from None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is not int:
        raise Invalid(f"{where}: expected an integer")
    if not parameter["minimum"] <= value <= parameter["maximum"]:
        raise Invalid(f"{where}: {value} is not from {parameter['minimum']} to {parameter['maximum']}")
    return value


# Words of pcap-filter(7), in small letters as libpcap wants them. It takes any other for the name of a host, and asks
# the network for it.
_WORD_LIST = """
aarp action addr1 addr2 addr3 addr4 address1 address2 address3 address4 ah and arp atalk bcc broadcast byte carp
clnp connectmsg csnp decnet dir direction dpc dst es-is esis esp ether fddi gateway geneve greater hdpc hopc
host icmp icmp6 icmp6code icmp6type icmpcode icmptype ifname igmp igrp iih ilmic inbound ip ip6 ipx is-is isis
iso l1 l2 lane lat len length less link llc lsp mask metac metaconnect mopdl moprc mpls multicast net netbeui
not oam oamf4 oamf4ec oamf4sc on opc or outbound pim port portrange pppoed pppoes proto protochain psnp ra radio
rarp reason rnr rset rulenum ruleset sc sctp sio sls snp src srnr stp subrulenum subtype ta tcp tcpflags tr type
udp vci vlan vpi vrrp wlan
"""
# Likewise, for the fields of packets. Those of ICMPv6 that libpcap 1.9 brought are among them.
_CONSTANT_LIST = """
icmp-echo icmp-echoreply icmp-ireq icmp-ireqreply icmp-maskreply icmp-maskreq icmp-paramprob icmp-redirect
icmp-routeradvert icmp-routersolicit icmp-sourcequench icmp-timxceed icmp-tstamp icmp-tstampreply icmp-unreach
icmp6-certpathadvert icmp6-certpathsolicit icmp6-destinationunreach icmp6-echo icmp6-echoreply
icmp6-homeagentdiscoveryreply icmp6-homeagentdiscoveryrequest icmp6-ineighbordiscoveryadvert
icmp6-ineighbordiscoverysolicit icmp6-mobileprefixadvert icmp6-mobileprefixsolicit icmp6-multicastlistenerdone
icmp6-multicastlistenerquery icmp6-multicastlistenerreportv1 icmp6-multicastlistenerreportv2
icmp6-multicastrouteradvert icmp6-multicastroutersolicit icmp6-multicastrouterterm icmp6-neighboradvert
icmp6-neighborsolicit icmp6-nodeinformationquery icmp6-nodeinformationresponse icmp6-packettoobig
icmp6-parameterproblem icmp6-redirect icmp6-routeradvert icmp6-routerrenum icmp6-routersolicit icmp6-timeexceeded
tcp-ack tcp-cwr tcp-ece tcp-fin tcp-push tcp-rst tcp-syn tcp-urg
"""
_EXPRESSION_WORDS = frozenset((_WORD_LIST + _CONSTANT_LIST).split())
# What follows these is a number or a name from a local file.
_NAMED_LOCALLY = frozenset({"port", "portrange", "proto", "protochain", "type", "subtype", "ifname", "on"})
# What libpcap could divide otherwise, ``a:b`` say, is refused as a whole. A backslash makes a name of what follows it.
_WORD = re.compile(r"\\[^\s!()]*|[^\s!()\[\]<>=&|^+*%\\/,.-][^\s!()\[\]<>=&|^+*%\\]*")
_LOCAL_NAME = re.compile(r"\\?[\w.+-]+")
_NUMBER = re.compile(r"\d+(\.\d+){0,3}|0[xX][0-9a-fA-F]+")
_PART_OF_PACKET = re.compile(r"(?P<word>[a-z0-9-]+):[124]")  # its offset, and its length
_ETHERNET_ADDRESS = re.compile(r"[0-9a-fA-F]{1,2}([:.-])[0-9a-fA-F]{1,2}(\1[0-9a-fA-F]{1,2}){4}")


def check_names(expression: str) -> None:
    """Raises Invalid when an expression names a host instead of giving its address."""
    before = ""
    for word in _WORD.findall(expression):
        is_local = before in _NAMED_LOCALLY and _LOCAL_NAME.fullmatch(word)
        if not (is_local or _is_known(word)):
            raise Invalid(f"{word!r} is not a word of pcap-filter(7); hosts need their address, names are not resolved")
        before = word


def _is_known(word: str) -> bool:
    part = _PART_OF_PACKET.fullmatch(word)
    if part is not None:
        word = part["word"]
    address, slash, bits = word.partition("/")
    if slash and not bits.isdecimal():
        return False
    return bool(
        word in _EXPRESSION_WORDS
        or _NUMBER.fullmatch(address)
        or _ETHERNET_ADDRESS.fullmatch(address)
        or _is_ipv6(address)
        or word == ":"
    )


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return "%" not in text


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _gns3_core_filters(filters: Mapping[str, Sequence[Any]]) -> list[CoreFilter]:
    core: list[CoreFilter] = []
    for line in _lines(filters["bpf"][0]) if "bpf" in filters else ():
        core.append(CoreFilter(BPF, "both", expression=line))
    for name, kind in (("frequency_drop", FREQUENCY), ("packet_loss", LOSS), ("corrupt", CORRUPT), ("delay", DELAY)):
        if name in filters:
            unit = {LOSS: MILLIONTHS_PER_PERCENT, CORRUPT: MILLIONTHS_PER_PERCENT, DELAY: MICROSECONDS_PER_MS}
            core.append(CoreFilter(kind, "both", tuple(value * unit.get(kind, 1) for value in filters[name])))
    return core


# --- ours ---

_percent = v.and_(v.ge(0.0), v.le(100.0))
_milliseconds = v.and_(v.ge(0.0), v.le(float(_MAX_MS)))


@attrs.frozen(kw_only=True)
class Impairment:
    """One of our filters. ``type`` says which of the other fields count:

    ``loss``, ``corrupt``, ``duplicate``: ``percent``; ``frequency``: ``every`` (drops every n-th, -1 all);
    ``delay``: ``milliseconds`` and ``jitter_milliseconds``; ``reorder``: ``percent`` are held for ``milliseconds``;
    ``bpf``: frames that match ``expression`` are dropped;
    ``rate``: ``bits_per_second``, with bursts of ``burst_bytes`` and at most ``queue_bytes`` waiting; a full frame must
    fit into the two together.
    Bits are those of whole frames without checksum.
    """

    type: Literal["loss", "corrupt", "duplicate", "frequency", "delay", "reorder", "bpf", "rate"]
    direction: LinkDirection = "both"
    percent: float = attrs.field(default=0.0, validator=_percent)
    every: int = attrs.field(default=0, validator=v.and_(v.ge(-1), v.le(2**31 - 1)))
    milliseconds: float = attrs.field(default=0.0, validator=_milliseconds)
    jitter_milliseconds: float = attrs.field(default=0.0, validator=_milliseconds)
    expression: str = attrs.field(default="", validator=v.max_len(MAX_EXPRESSION_LENGTH))
    bits_per_second: int = attrs.field(default=0, validator=v.and_(v.ge(0), v.le(_MAX_BITS_PER_SECOND)))
    burst_bytes: int = attrs.field(default=3028, validator=v.and_(v.ge(0), v.le(_MAX_QUEUE_BYTES)))  # two full frames
    queue_bytes: int = attrs.field(default=65536, validator=v.and_(v.ge(0), v.le(_MAX_QUEUE_BYTES)))


# The fields that each type needs, and those that it may have beside them.
_FIELDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "loss": (("percent",), ()),
    "corrupt": (("percent",), ()),
    "duplicate": (("percent",), ()),
    "frequency": (("every",), ()),
    "delay": (("milliseconds",), ("jitter_milliseconds",)),
    "reorder": (("percent", "milliseconds"), ()),
    "bpf": (("expression",), ()),
    "rate": (("bits_per_second",), ("burst_bytes", "queue_bytes")),
}


def check_impairments(
    impairments: Sequence[Impairment], given: Sequence[Mapping[str, Any]], check_expression: Callable[[str], None]
) -> None:
    """Raises Invalid, naming the impairment and field, for what the converter could not know: ``given`` are the objects
    as the client sent them.
    """
    if len(impairments) > MAX_FILTERS:
        raise Invalid(f"impairments: {len(impairments)} of them, more than {MAX_FILTERS}")
    for number, (impairment, fields) in enumerate(zip(impairments, given, strict=True)):
        where = f"impairments[{number}]"
        needed, possible = _FIELDS[impairment.type]
        for name in needed:
            if name not in fields:
                raise Invalid(f"{where}.{name}: required for {impairment.type}")
        for name in fields:
            if name not in (*needed, *possible, "type", "direction"):
                raise Invalid(f"{where}.{name}: means nothing for {impairment.type}")
        if impairment.type == "rate" and impairment.bits_per_second == 0:
            raise Invalid(f"{where}.bits_per_second: must be positive; suspend the link to pass nothing")
        if impairment.type == "rate" and impairment.burst_bytes + impairment.queue_bytes < FULL_FRAME_BYTES:
            raise Invalid(
                f"{where}.burst_bytes: a full frame of {FULL_FRAME_BYTES} bytes fits neither into this nor into"
                " queue_bytes, nor into both together, and would never pass"
            )
        if impairment.type == "bpf":
            if not impairment.expression.strip():
                raise Invalid(
                    f"{where}.expression: is empty, which every frame matches; suspend the link to pass nothing"
                )
            try:
                check_expression(impairment.expression)
            except Invalid as error:
                raise Invalid(f"{where}.expression: {error}") from None


def describe(impairment: Impairment) -> dict[str, Any]:
    """The impairment in the shape of the API: its own fields only."""
    needed, possible = _FIELDS[impairment.type]
    return {name: getattr(impairment, name) for name in ("type", "direction", *needed, *possible)}


def _impairment_core_filter(impairment: Impairment, direction: Direction) -> CoreFilter:
    chance = round(impairment.percent * MILLIONTHS_PER_PERCENT)
    hold = round(impairment.milliseconds * MICROSECONDS_PER_MS)
    jitter = round(impairment.jitter_milliseconds * MICROSECONDS_PER_MS)
    match impairment.type:
        case "loss":
            return CoreFilter(LOSS, direction, (chance,))
        case "corrupt":
            return CoreFilter(CORRUPT, direction, (chance,))
        case "duplicate":
            return CoreFilter(DUPLICATE, direction, (chance,))
        case "frequency":
            return CoreFilter(FREQUENCY, direction, (impairment.every,))
        case "delay":
            return CoreFilter(DELAY, direction, (hold, jitter))
        case "reorder":
            return CoreFilter(REORDER, direction, (chance, hold))
        case "bpf":
            return CoreFilter(BPF, direction, expression=impairment.expression)
        case "rate":
            rate = (impairment.bits_per_second, impairment.burst_bytes, impairment.queue_bytes)
            return CoreFilter(RATE, direction, rate)


def longest_hold(filters: Iterable[CoreFilter]) -> float:
    """For how many seconds they can hold a frame."""
    seconds = 0.0
    for f in filters:
        if f.kind == DELAY:
            seconds += sum(f.parameters) / _MICROSECONDS
        elif f.kind == REORDER:
            seconds += f.parameters[1] / _MICROSECONDS
        elif f.kind == RATE:
            seconds += f.parameters[2] * 8 / f.parameters[0]
    return seconds


_AT_A: dict[LinkDirection, Direction] = {"a_to_b": "out", "b_to_a": "in", "both": "both"}
_AT_B: dict[LinkDirection, Direction] = {"a_to_b": "in", "b_to_a": "out", "both": "both"}


def core_filters(
    filters: Mapping[str, Sequence[Any]], impairments: Sequence[Impairment], *, at_first_end: bool
) -> list[CoreFilter]:
    """All filters of a link, for the tunnel port of its first end (a) or its second."""
    directions = _AT_A if at_first_end else _AT_B
    ours = [_impairment_core_filter(impairment, directions[impairment.direction]) for impairment in impairments]
    return [*_gns3_core_filters(filters), *ours]
