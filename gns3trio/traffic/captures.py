"""Parameters of captures. Sans-IO."""

from gns3trio.classes import frozen
from gns3trio.errors import Invalid

# GNS3's names of data link types, and their numbers in a file (https://www.tcpdump.org/linktypes.html).
LINK_TYPES = {
    "DLT_EN10MB": 1,
    "DLT_ATM_RFC1483": 100,
    "DLT_C_HDLC": 104,
    "DLT_FRELAY": 107,
    "DLT_PPP_SERIAL": 50,
}
# The minimum size of a file of a ring.
LEAST_RING_FILE_BYTES = 256 * 1024


@frozen(kw_only=True)
class FileRing:
    """Several files instead of one that grows; the oldest are deleted.

    A file has at most ``max_bytes``, and ends ``max_seconds`` after its first record. Without records no new file
    begins, so that silence deletes nothing.
    """

    files: int
    max_bytes: int | None = None
    max_seconds: float | None = None


def link_type(name: str) -> int:
    """The number of a data link type. Raises Invalid for an unknown one."""
    try:
        return LINK_TYPES[name]
    except KeyError:
        raise Invalid(f"data_link_type: {name!r} is not one of {', '.join(LINK_TYPES)}") from None
