"""Which emulator runs an image, from its first bytes."""

import pytest

from gns3trio.controller.library.image_kinds import HEAD_BYTES, emulator_of


@pytest.mark.parametrize(
    ("head", "emulator"),
    [
        (b"QFI\xfb\0\0\0\3", "qemu"),
        (b"QED\0" + bytes(60), "qemu"),
        (b"KDMV\1\0\0\0", "qemu"),
        (b"# Disk DescriptorFile\nversion=1", "qemu"),
        (b"conectix", "qemu"),
        (b"vhdxfile", "qemu"),
        (b"<<< Oracle VM VirtualBox Disk Image >>>\n".ljust(64, b"\0") + b"\x7f\x10\xda\xbe", "qemu"),
        (bytes(16 * 2048) + b"\1CD001\1", "qemu"),
        (bytes(510) + b"\x55\xaa", "qemu"),
        (b"\x7fELF\x01\x01\x01\0", "iou"),
        (b"\x7fELF\x01\x02\x01\0", "dynamips"),
        (b"\x7fELF\x02\x01\x01\0", None),
        (b"\x7fELF\x01\x03", None),
        (b"\x7fELF\x01", None),
        (b"QFI", None),
        (b"", None),
        (bytes(HEAD_BYTES), None),
        (b"#!/bin/sh\n", None),
    ],
)
def test_the_first_bytes_tell_the_emulator(head: bytes, emulator: str | None) -> None:
    assert emulator_of(head) == emulator
