"""The MAC addresses of all nodes of the type ``vpcs``, whatever runs them: no two nodes have the same one. Sans-IO."""

from uuid import UUID

from gns3trio.compute.local.mac_ids import MacIds
from gns3trio.compute.nodes.vpcs.command import MAC_IDS
from gns3trio.compute.nodes.vpcs.pc_macs import PcMacs
from gns3trio.compute.nodes.vpcs.settings import EngineName
from gns3trio.errors import Conflict


class VpcsMacs:
    """Numbers of MAC addresses. ``ids`` are the numbers that VPCS can have, below MAC_IDS; a built-in PC has a number
    of its own range, or that which it had as a VPCS.
    """

    def __init__(self) -> None:
        self.ids = MacIds(MAC_IDS, "VPCS")
        self._pcs = PcMacs()

    @staticmethod
    def can_have(engine: EngineName, number: int) -> bool:
        """Whether a node with this engine can have the MAC address of a number."""
        return engine == "builtin" or number < MAC_IDS

    def lease(self, project_id: UUID, node_id: UUID, wanted: int | None, engine: EngineName) -> int:
        """A number for a node with this engine: ``wanted`` if it can have that. Raises Conflict if there is none."""
        if engine == "process":
            try:
                return self.ids.lease(project_id, wanted)
            except Conflict as conflict:
                raise Conflict(f"{conflict}. There can be any number with the engine 'builtin'") from None
        if wanted is not None and self.ids.is_free(project_id, wanted):
            return self.ids.lease(project_id, wanted)
        return self._pcs.lease(node_id, wanted)

    def release(self, project_id: UUID, number: int) -> None:
        """Release a number of a node."""
        if number < MAC_IDS:
            self.ids.release(project_id, number)
        else:
            self._pcs.release(number)
