"""NIOs: the connections of node ports, between hosts. Sans-IO."""

from typing import Any, Literal

import attrs

from gns3trio.classes import frozen

LOOPBACK = "127.0.0.1"
# The largest identifier of a link over a trunk (RFC 7348: 24 bits). 0 is used for keepalives.
MAX_VNI = 2**24 - 1


@frozen
class UdpNio:
    """A UDP tunnel: frames are sent to ``rhost``:``rport`` and received at ``lport`` of this host.

    ``rhost`` is a name or an IPv4 address; empty means this host, as in the session of the GNS3 API documentation.
    ``filters`` (GNS3's, already checked) and ``suspend`` act on the tunnel in both directions.
    """

    lport: int
    rhost: str
    rport: int
    filters: dict[str, Any] = attrs.field(factory=dict)
    suspend: bool = False

    @property
    def remote_host(self) -> str:
        """The destination of frames: ``rhost``, or the loopback address if that is empty."""
        return self.rhost or LOOPBACK


@frozen
class TrunkNio:
    """The end of a link that runs over the trunk between two hosts with servers of ours.

    ``vni_in`` is leased from this host: frames with it come in here. They leave with ``vni_out``, which is leased from
    the other host, to the trunk at ``rhost``:``rport``, a name or an IPv4 address; empty means this host.
    """

    vni_in: int
    rhost: str
    rport: int
    vni_out: int

    @property
    def remote_host(self) -> str:
        """The destination of frames: ``rhost``, or the loopback address if that is empty."""
        return self.rhost or LOOPBACK


# The NIOs of tunnels between computes.
LinkNio = UdpNio | TrunkNio


@frozen
class UdpLease:
    """A UDP port of a compute, which is held for the end of a tunnel."""

    port: int


@frozen
class TrunkLease:
    """A VNI at the trunk of a compute, which is held for the end of a link. ``port`` is the UDP port of the trunk."""

    port: int
    vni: int


# Ends of tunnels that a compute holds for a project until NIOs use them, and the kinds of them.
TunnelLease = UdpLease | TrunkLease
LeaseKind = Literal["udp", "trunk"]
LEASE_KINDS: tuple[LeaseKind, ...] = ("udp", "trunk")
