"""What the built-in PCs of the core are asked, and what they tell. Sans-IO.

Addresses are those of ``ipaddress``, MAC addresses texts of six bytes with colons, in small letters. Times are in
microseconds where the name says so, and in seconds otherwise. The limits are those of ``native/pc.h``.
"""

from ipaddress import IPv4Address, IPv6Address
from typing import Literal

from gns3trio.classes import frozen

Address = IPv4Address | IPv6Address
Family = Literal[4, 6]
Protocol = Literal["icmp", "tcp", "udp"]
# Where an address comes from: set by hand, leased by DHCP, or made from a router's advertisement (SLAAC, RFC 4862).
Origin = Literal["manual", "dhcp", "automatic"]

DEFAULT_MTU = 1500
DEFAULT_TTL = 64
# Of a lease: it never ends.
FOREVER = 0xFFFFFFFF


@frozen(kw_only=True)
class PcIdentity:
    """Who a PC is.

    ``name`` is its host name, at most 63 bytes, which DHCP servers are told. ``domain`` is appended to names
    without a dot; empty for none. ``dns`` are at most four servers. ``mtu`` is 576 to 9216, and IPv6 is off below
    1280.
    """

    mac: str
    name: str = ""
    domain: str = ""
    dns: tuple[Address, ...] = ()
    mtu: int = DEFAULT_MTU


@frozen(kw_only=True)
class Lease:
    """A DHCP lease. The first three are seconds as the server told them (RFC 2131); ``left`` are those until it
    ends.
    """

    server: IPv4Address
    seconds: int
    renew_seconds: int
    rebind_seconds: int
    left: int


@frozen(kw_only=True)
class PcCounters:
    """Frames that a PC did not use. ``malformed``: wrong lengths, checksums or contents. ``unwanted``: for others,
    or nobody waits for it. ``refused``: overlapping fragments, or too many. ``dropped``: what could not be sent.
    """

    malformed: int
    unwanted: int
    refused: int
    dropped: int


@frozen(kw_only=True)
class PcState:
    """A PC at one moment.

    ``ipv4`` and ``ipv6`` are None while it has no address (also while it still asks whether somebody else has it);
    their gateways are None without one. ``link_local`` is usable when ``link_local_ready``. ``gateway_mac`` is the
    IPv6 router's, once known.
    ``identity.dns`` are the servers in use, whoever told them. ``valid_left`` and ``preferred_left`` are seconds
    of an automatic IPv6 address (``FOREVER``: no end). ``timers`` counts what it waits for: 0 for a PC that does
    nothing. ``memory_bytes`` is what it takes in the core.
    """

    identity: PcIdentity
    ipv4: IPv4Address | None
    ipv4_prefix: int
    ipv4_gateway: IPv4Address | None
    ipv4_origin: Origin | None
    lease: Lease | None
    link_local: IPv6Address
    link_local_ready: bool
    ipv6: IPv6Address | None
    ipv6_prefix: int
    ipv6_gateway: IPv6Address | None
    ipv6_origin: Origin | None
    gateway_mac: str | None
    valid_left: int
    preferred_left: int
    jobs: int
    timers: int
    memory_bytes: int
    counters: PcCounters


@frozen
class Neighbour:
    """An entry of the ARP cache, or of IPv6's neighbour cache. ``left``: seconds until it is forgotten."""

    address: Address
    mac: str
    left: int


# --- what a PC is asked to do ---


@frozen(kw_only=True)
class Ping:
    """``count`` packets, or until the job is closed when it is 0, each when the one before was answered or timed out.

    ``data_bytes`` lie behind the header of ICMP, UDP or TCP: up to 65507. ``interval_us`` is the least time
    between two that are sent.
    A ping by TCP opens a connection for each of them, sends its data in one segment with ``tcp_flags`` (0: PSH and
    ACK), and closes it.
    ``source_port`` 0 takes a free one. ``dont_fragment``: DF of IPv4; for IPv6, what does not fit is not sent.
    Tells Reply, TimedOut, IcmpError, Reset, NotSent.
    """

    target: Address
    protocol: Protocol = "icmp"
    count: int = 5
    data_bytes: int = 56
    interval_us: int = 1_000_000
    timeout_us: int = 1_000_000
    ttl: int = DEFAULT_TTL
    dont_fragment: bool = False
    source_port: int = 0
    destination_port: int = 7
    tcp_flags: int = 0


@frozen(kw_only=True)
class Trace:
    """The way to a target: ``probes`` packets for each hop, up to ``max_hops`` of them, until the target answers.
    By TCP they ask for connections; a refused one is an answer, too.

    Tells Reply (from the target), IcmpError (from those on the way, and the target's port unreachable), TimedOut,
    NotSent.
    ``hop`` of these is the number of the router, from 1.
    """

    target: Address
    protocol: Protocol = "udp"
    max_hops: int = 8
    probes: int = 3
    data_bytes: int = 56
    timeout_us: int = 1_000_000


@frozen(kw_only=True)
class TakeAddress:
    """Sets an address when nobody answers that it has it: ``attempts`` questions, ``timeout_us`` for each. Tells
    AddressReady or AddressTaken. Until then the PC keeps the address that it has.
    """

    address: Address
    prefix: int
    gateway: Address | None = None
    attempts: int = 3
    timeout_us: int = 300_000


@frozen(kw_only=True)
class Dhcp:
    """``discover`` a lease from the beginning, ``renew`` the one that there is, or ``release`` it.

    Asks ``attempts`` times, with ``timeout_us`` for the first answer and twice as long each time (RFC 2131, 4.1).
    Tells DhcpMessage for each that is sent or received, then AddressReady; or AddressTaken, when the leased one is
    in use, which is declined.
    """

    action: Literal["discover", "renew", "release"] = "discover"
    attempts: int = 4
    timeout_us: int = 2_000_000


@frozen(kw_only=True)
class Autoconfigure:
    """An IPv6 address by SLAAC. Tells RouterFound, then AddressReady or AddressTaken."""

    attempts: int = 3
    timeout_us: int = 1_000_000


@frozen(kw_only=True)
class Resolve:
    """The addresses of a name, by DNS. ``family`` 0 asks for those of both. Each server is asked ``attempts``
    times. Tells Resolved for each.
    """

    name: str
    family: Literal[0, 4, 6] = 4
    attempts: int = 2
    timeout_us: int = 1_000_000


Request = Ping | Trace | TakeAddress | Dhcp | Autoconfigure | Resolve

# --- what it tells ---

# What a ping by TCP has answered: see Ping. Others have ``echo``.
Step = Literal["echo", "connect", "send", "close"]
# Why something could not be sent, or how a job ended. The values are those of ``udpfwd_pc_reason``.
Reason = Literal[
    "done",
    "no_neighbour",  # nobody answers ARP or neighbour solicitations for the next hop
    "no_gateway",  # the target is not on the link, and there is no gateway
    "no_source",  # the PC has no address of the target's family
    "too_big",  # for the MTU, and it must not be fragmented
    "no_memory",
    "no_answer",  # of a DHCP server, DNS server or router
    "no_such_name",  # DNS says that there is none, or no address of the family
    "server_failed",  # DNS refused or failed; DHCP refused (NAK)
    "no_server",  # no DNS server is set; there is no lease to renew or release
    "in_use",  # the address is somebody else's
    "replaced",  # a later job does the same instead
    "closed",  # the PC
]


@frozen(kw_only=True)
class Reply:
    """An answer. ``bytes`` is the size of the IP datagram that came; ``sequence`` counts from 1; ``hop`` is 0 but
    in a Trace.
    """

    address: Address
    sequence: int
    ttl: int
    bytes: int
    time_us: float
    step: Step
    hop: int
    source_port: int
    destination_port: int


@frozen(kw_only=True)
class TimedOut:
    """No answer came in time."""

    sequence: int
    step: Step
    hop: int
    source_port: int
    destination_port: int


@frozen(kw_only=True)
class IcmpError:
    """Somebody reports (RFC 792, RFC 4443): ``type`` and ``code``, of ICMP for IPv4 or ICMPv6 as ``address`` is.
    ``mtu`` is 0 where it is not told.
    """

    address: Address
    sequence: int
    type: int
    code: int
    mtu: int
    ttl: int
    bytes: int
    time_us: float
    hop: int
    source_port: int
    destination_port: int


@frozen(kw_only=True)
class Reset:
    """The target refused the connection, or ended it with RST."""

    address: Address
    sequence: int
    step: Step
    ttl: int
    bytes: int
    time_us: float
    source_port: int
    destination_port: int


@frozen(kw_only=True)
class NotSent:
    """One that could not be sent, and why. ``mtu`` belongs to ``too_big``. The job goes on."""

    sequence: int
    reason: Reason
    mtu: int
    hop: int


@frozen(kw_only=True)
class AddressReady:
    """The address is in use now."""

    address: Address


@frozen(kw_only=True)
class AddressTaken:
    """Somebody else has the address."""

    address: Address
    mac: str


@frozen(kw_only=True)
class DhcpMessage:
    """A message that was sent, or ``received``. ``type`` is as in RFC 2132, 9.6: 1 DISCOVER, 2 OFFER, 3 REQUEST, 4
    DECLINE, 5 ACK, 6 NAK, 7 RELEASE. ``data`` is the message from ``op`` on, cut behind 1024 bytes.
    """

    received: bool
    type: int
    address: IPv4Address
    data: bytes


@frozen(kw_only=True)
class Resolved:
    """An address of the name."""

    address: Address


@frozen(kw_only=True)
class RouterFound:
    """A router advertised itself. ``data`` is the advertisement, from its ICMPv6 type on."""

    address: IPv6Address
    mac: str
    data: bytes


@frozen(kw_only=True)
class Finished:
    """The last event of a job. ``sent`` is how many it has sent; ``lost`` how many of its events were dropped
    because nobody took them in time.
    """

    reason: Reason
    sent: int
    lost: int


Event = (
    Reply
    | TimedOut
    | IcmpError
    | Reset
    | NotSent
    | AddressReady
    | AddressTaken
    | DhcpMessage
    | Resolved
    | RouterFound
    | Finished
)
