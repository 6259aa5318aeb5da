"""What a port of a node is joined to. Sans-IO."""

from typing import Any
from uuid import UUID

import attrs

from gns3trio.conditions.core_filter import CoreFilter

LOOPBACK = "127.0.0.1"


@attrs.frozen
class UdpNio:
    """A UDP tunnel: frames leave for ``rhost``:``rport`` and come in at ``lport`` of this host.

    ``rhost`` is a name or an IPv4 address; the empty one of the document's session is this host. ``filters``
    (checked ones of the GNS3 API) and ``suspend`` act on what passes the tunnel, in both directions.
    """

    lport: int
    rhost: str
    rport: int
    filters: dict[str, Any] = attrs.field(factory=dict)
    suspend: bool = False

    @property
    def remote_host(self) -> str:
        """Where frames go to: ``rhost``, or the loopback address when that is empty."""
        return self.rhost or LOOPBACK


@attrs.frozen
class LocalNio:
    """One end of a link inside this host: frames leave for the other NIO of the ``pair``, and no socket is between.

    What the link does to frames is in force before the first one: ``filters`` with their ``seed``, as the forwarder
    takes them at the end that is bound first, and ``suspend``.
    """

    pair: UUID
    filters: tuple[CoreFilter, ...] = ()
    seed: int = 0
    suspend: bool = False


Nio = UdpNio | LocalNio
