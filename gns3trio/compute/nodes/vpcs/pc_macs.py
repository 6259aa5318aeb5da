"""The MAC addresses that only built-in PCs have. Sans-IO."""

from hashlib import blake2s
from uuid import UUID

from gns3trio.errors import Conflict

# Locally administered (IEEE 802, 8.4).
_PREFIX = "02:50:79"
# The addresses of VPCS, for smaller numbers.
_VPCS_PREFIX = "00:50:79:66:68"
FIRST_NUMBER, LAST_NUMBER = 0x100, 0xFFFFFF


class PcMacs:
    """Numbers of MAC addresses, each used once on this server.

    A node's number comes from its id, so that it stays the same, and PCs of other servers, which may be connected
    through clouds, most probably have others.
    """

    def __init__(self) -> None:
        self._used: set[int] = set()

    def lease(self, node_id: UUID, wanted: int | None) -> int:
        """The ``wanted`` number, which it had before, if it is free; else one made from the id. Raises Conflict."""
        if wanted is not None and FIRST_NUMBER <= wanted <= LAST_NUMBER and wanted not in self._used:
            number = wanted
        else:
            number = self._from_id(node_id)
        self._used.add(number)
        return number

    def _from_id(self, node_id: UUID) -> int:
        count = LAST_NUMBER - FIRST_NUMBER + 1
        if len(self._used) >= count:
            raise Conflict(f"This server cannot have more than {count} built-in PCs: they would share a MAC address")
        place = int.from_bytes(blake2s(node_id.bytes, digest_size=8).digest()) % count
        while FIRST_NUMBER + place in self._used:
            place = (place + 1) % count
        return FIRST_NUMBER + place

    def release(self, number: int) -> None:
        """The number is free again."""
        self._used.discard(number)


def mac_address(number: int) -> str:
    """The MAC address of a node with this number."""
    if number < FIRST_NUMBER:
        return f"{_VPCS_PREFIX}:{number:02x}"
    return f"{_PREFIX}:{number >> 16:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"
