"""NIOs: the connections of node ports. Sans-IO."""

from typing import Any
from uuid import UUID

import attrs

from gns3trio.conditions.core_filter import CoreFilter

LOOPBACK = "127.0.0.1"


@attrs.frozen
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


@attrs.frozen
class LocalNio:
    """One end of a link inside this host: frames go to the other NIO of the ``pair``, without a socket between them.

    The conditions of the link apply from the first frame: ``filters`` with their ``seed``, in the forwarder's form for
    the end that is bound first, and ``suspend``.
    """

    pair: UUID
    filters: tuple[CoreFilter, ...] = ()
    seed: int = 0
    suspend: bool = False


Nio = UdpNio | LocalNio
