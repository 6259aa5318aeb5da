"""Which emulator runs an image, from its first bytes."""

import pytest

from gns3trio.controller.library.image_kinds import HEAD_BYTES, emulator_of


@pytest.mark.parametrize(
    ("head", "emulator"),
    [
        (b"QFI\xfb\0\0\0\3", "qemu"),
        (b"# Disk DescriptorFile\nversion=1", "qemu"),
        (bytes(HEAD_BYTES), "qemu"),
        (b"\x7fELF\x01\x01\x01\0", "iou"),
        (b"\x7fELF\x01\x02\x01\0", "dynamips"),
        (b"\x7fELF\x02\x01\x01\0", "qemu"),  # a kernel
        (b"\x7fELF\x01\x03\x01\0", "qemu"),
        (b"\x7fELF\x01\x01", None),
        (b"QFI", None),
        (b"", None),
    ],
)
def test_the_first_bytes_tell_the_emulator(head: bytes, emulator: str | None) -> None:
    assert emulator_of(head) == emulator
