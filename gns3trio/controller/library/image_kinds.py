"""Tells from the first bytes of an image which emulator runs it. Sans-IO.

Images of IOS and IOU are programs in ELF (its header): those of IOS for big-endian processors, those of IOU for the
processor of a PC, of 32 bits. All others, disks of any format among them, are for QEMU.
"""

HEAD_BYTES = 7

_ELF_32 = b"\x7fELF\x01"
# The byte order of an ELF file.
_OF_BYTE_ORDER = {1: "iou", 2: "dynamips"}


def emulator_of(head: bytes) -> str | None:
    """The emulator for an image that begins so; None if it is too short to be one."""
    if len(head) < HEAD_BYTES:
        return None
    return _OF_BYTE_ORDER.get(head[len(_ELF_32)], "qemu") if head.startswith(_ELF_32) else "qemu"
