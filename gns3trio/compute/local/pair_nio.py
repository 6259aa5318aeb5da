"""Links inside this host: two ends that lead to each other without a socket between them."""

from collections.abc import Sequence
from uuid import UUID

from gns3trio.compute.interface import PortPlace
from gns3trio.compute.local.link_ends import LinkEnds, LocalLinkEnd, seed_of
from gns3trio.conditions.core_filter import CoreFilter
from gns3trio.conditions.link_conditions import LinkConditions
from gns3trio.errors import Conflict
from gns3trio.forwarder.forwarder import Port


class PairNio:
    """The link between two ports, each of which opens an end with it.

    The conditions apply from the first frame: ``filters`` with their ``seed``, in the forwarder's form for the end that
    is opened first, and ``suspend``.
    """

    __slots__ = ("_filters", "_open", "_seed", "_suspend", "_waiting")

    def __init__(self, filters: Sequence[CoreFilter] = (), seed: int = 0, *, suspend: bool = False) -> None:
        self._filters = filters
        self._seed = seed
        self._suspend = suspend
        self._open: list[LocalLinkEnd] = []
        self._waiting: Port | None = None  # the port of the second end while only the first one is open

    @classmethod
    def with_conditions(cls, conditions: LinkConditions) -> "PairNio":
        """A link with these conditions."""
        return cls(conditions.core_filters(at_first_end=True), seed_of(conditions), suspend=conditions.suspend)

    async def resolve(self) -> None:
        """Do nothing: the other end is here."""

    def lease(self, ends: LinkEnds, project_id: UUID, before: LocalLinkEnd | None) -> None:
        """Do nothing: it needs no UDP port."""

    def open(self, ends: LinkEnds, at: PortPlace | None = None) -> LocalLinkEnd:
        """Open the first end, and with it the ports of both, in one step that stops no worker; or the other end.

        Raises Conflict if both are open.
        """
        if len(self._open) > 1:
            raise Conflict("The link has both its ends")
        if self._waiting is not None:
            port, self._waiting = self._waiting, None
        elif self._open:
            port = _open_beside(ends, self._open[0].port)
        else:
            port, self._waiting = ends.forwarder.open_link(self._filters, self._seed, suspended=self._suspend)
        link_end = LocalLinkEnd(ends, self, port, at)
        self._open.append(link_end)
        return link_end

    def forget(self, ends: LinkEnds, link_end: LocalLinkEnd) -> None:
        """The end may be opened again as long as the other one is open; the last one takes all with it."""
        self._open = [end for end in self._open if end is not link_end]
        if not self._open and self._waiting is not None:
            self._waiting.close()
            self._waiting = None


def _open_beside(ends: LinkEnds, other: Port) -> Port:
    """Open a port that replaces a closed one."""
    port = ends.forwarder.open_local()
    try:
        ends.forwarder.splice(port, other)
    except BaseException:
        port.close()
        raise
    return port
