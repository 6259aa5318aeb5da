"""Tells from the first bytes of an image which emulator runs it. Sans-IO.

Formats: QCOW (QEMU's docs/interop/qcow2.txt), QED (docs/interop/qed_spec.txt), VMDK (VMware's "Virtual Disk Format"),
VDI and VHD/VHDX by their signatures, ISO 9660 (ECMA-119 6.7.1), disks with a boot record, and ELF (its header): images
of IOS run on big-endian processors, those of IOU are programs for the processor of a PC.
"""

# Up to the first descriptor of an ISO 9660 image.
HEAD_BYTES = 17 * 2048

_DISKS = (b"QFI\xfb", b"QED\0", b"KDMV", b"# Disk DescriptorFile", b"conectix", b"vhdxfile")
_VDI_AT, _VDI = 64, b"\x7f\x10\xda\xbe"
_ISO_AT, _ISO = 16 * 2048 + 1, b"CD001"
_BOOT_RECORD_AT, _BOOT_RECORD = 510, b"\x55\xaa"
_ELF_32 = b"\x7fELF\x01"
# The byte order of an ELF file.
_OF_BYTE_ORDER = {1: "iou", 2: "dynamips"}


def emulator_of(head: bytes) -> str | None:
    """The emulator for an image that begins so; None if that does not tell it."""
    if head.startswith(_ELF_32) and len(head) > len(_ELF_32):
        return _OF_BYTE_ORDER.get(head[len(_ELF_32)])
    signatures = ((_VDI_AT, _VDI), (_ISO_AT, _ISO), (_BOOT_RECORD_AT, _BOOT_RECORD))
    is_disk = head.startswith(_DISKS) or any(head[at : at + len(text)] == text for at, text in signatures)
    return "qemu" if is_disk else None
