"""Takes the records out of a capture that comes as a stream from elsewhere, and checks them. Sans-IO.

Formats: pcap with the magic of microseconds, and pcapng, both little-endian, as the core writes them
(draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng).
"""

import struct

from gns3trio.errors import Invalid

_PCAP_HEADER_BYTES = 24
_PCAP_RECORD = struct.Struct("<IIII")  # seconds, microseconds, captured length, length
_PCAP_MAGIC = struct.pack("<I", 0xA1B2C3D4)
_BLOCK = struct.Struct("<II")  # type, length
_ENHANCED_PACKET = 6
_PACKET = struct.Struct("<IIIII")  # interface, time, captured length, length
_LEAST_BLOCK_BYTES = 12
_INTERFACES = 2
# A block has a packet, its head, and perhaps a comment.
_SPARE_BYTES = 4096


class CaptureRecords:
    """The records of one stream. What surrounds them is left out."""

    def __init__(self, *, pcapng: bool, snaplen: int) -> None:
        self._pcapng = pcapng
        self._snaplen = snaplen
        self._rest = b""
        self._is_begun = pcapng  # the header of a pcap file has come

    def feed(self, data: bytes, most: int) -> list[bytes]:
        """The whole records in what came, in pieces of at most ``most`` bytes, which is more than a record has.

        Raises Invalid for what is no such stream.
        """
        data, at = self._rest + data, 0
        if not self._is_begun:
            if len(data) < _PCAP_HEADER_BYTES:
                self._rest = data
                return []
            if data[:4] != _PCAP_MAGIC:
                raise Invalid("is no pcap stream")
            self._is_begun, at = True, _PCAP_HEADER_BYTES
        pieces: list[bytes] = []
        begin = at  # of the next piece
        while (record := self._look_at(data, at)) is not None:
            size, is_packet = record
            if at + size > len(data):
                break
            if not is_packet or at + size - begin > most:
                pieces.append(data[begin:at])
                begin = at
            at += size
            if not is_packet:
                begin = at
        pieces.append(data[begin:at])
        self._rest = data[at:]
        return [piece for piece in pieces if piece]

    def _look_at(self, data: bytes, at: int) -> tuple[int, bool] | None:
        """The bytes of the record at ``at``, and whether it is a packet; None if too little of it has come."""
        return self._look_at_block(data, at) if self._pcapng else self._look_at_record(data, at)

    def _look_at_record(self, data: bytes, at: int) -> tuple[int, bool] | None:
        if len(data) - at < _PCAP_RECORD.size:
            return None
        _, _, captured, _ = _PCAP_RECORD.unpack_from(data, at)
        if captured > self._snaplen:
            raise Invalid(f"has a packet of {captured} bytes, and may have {self._snaplen}")
        return _PCAP_RECORD.size + captured, True

    def _look_at_block(self, data: bytes, at: int) -> tuple[int, bool] | None:
        if len(data) - at < _BLOCK.size:
            return None
        kind, size = _BLOCK.unpack_from(data, at)
        if not _LEAST_BLOCK_BYTES <= size <= self._snaplen + _SPARE_BYTES + _SPARE_BYTES or size % 4:
            raise Invalid(f"has a block of {size} bytes")
        if kind != _ENHANCED_PACKET:
            return size, False
        if len(data) - at < size:
            return size, True
        least = _LEAST_BLOCK_BYTES + _PACKET.size
        interface, _, _, captured, _ = _PACKET.unpack_from(data, at + _BLOCK.size) if size >= least else (0,) * 5
        trailing = int.from_bytes(data[at + size - 4 : at + size], "little")
        if size < least + captured or captured > self._snaplen or interface >= _INTERFACES or trailing != size:
            raise Invalid("has a packet that is none")
        return size, True
