"""Which files an image names: those of real images, and of hostile headers."""

import struct
import subprocess
import time
from pathlib import Path

import pytest

from gns3trio.compute.image_headers import NamedFiles, named_files
from tests.support.machines import needs_qemu


def examine(content: bytes) -> NamedFiles:
    return named_files(lambda offset, size: content[offset : offset + size])


def made(folder: Path, *arguments: str) -> bytes:
    """The first of the files that qemu-img makes."""
    subprocess.run(["qemu-img", "create", "-q", *arguments, "disk", "1M"], cwd=folder, check=True)
    return (folder / "disk").read_bytes()


@needs_qemu
@pytest.mark.parametrize("image_format", ["raw", "qcow2", "qcow", "vmdk", "vdi", "vpc", "vhdx", "qed", "parallels"])
def test_images_that_stand_alone(tmp_path: Path, image_format: str) -> None:
    named = examine(made(tmp_path, "-f", image_format))
    assert named.backing == () and named.parts in ((), ("disk",)) and not named.has_data_file


@needs_qemu
@pytest.mark.parametrize("image_format", ["qcow2", "qcow", "vmdk", "qed"])
def test_images_above_others(tmp_path: Path, image_format: str) -> None:
    base = "vmdk" if image_format == "vmdk" else "raw"
    subprocess.run(["qemu-img", "create", "-q", "-f", base, "below", "1M"], cwd=tmp_path, check=True)
    assert examine(made(tmp_path, "-f", image_format, "-b", "below", "-F", base)).backing == ("below",)


@needs_qemu
def test_images_in_several_files(tmp_path: Path) -> None:
    assert examine(made(tmp_path, "-f", "vmdk", "-o", "subformat=monolithicFlat")).parts == ("disk-flat",)
    split = examine(made(tmp_path, "-f", "vmdk", "-o", "subformat=twoGbMaxExtentSparse")).parts
    assert split == ("disk-s001",)
    data = examine(made(tmp_path, "-f", "qcow2", "-o", f"data_file={tmp_path}/data"))
    assert data.has_data_file and data.backing == ()


VMDK = b"# Disk DescriptorFile\nversion=1\nCID=1\nparentCID=ffffffff\n"


@pytest.mark.parametrize(
    "line",
    [
        b'RW 2048 FLAT "/etc/shadow" 0\n',
        b'RW 2048 VMFS "/etc/shadow" 0\n',
        b'RW\n 2048\tFLAT\r\n"/etc/shadow" 0\n',
        b'  RW +2048 FLAT "/etc/shadow"',
        b'x="y\nRW 2048 FLAT "/etc/shadow" 0\n',
    ],
)
def test_parts_in_every_spelling(line: bytes) -> None:
    assert examine(VMDK + line).parts == ("/etc/shadow",)
    assert examine(b"# a\n   \r\n \n" + VMDK + line).parts == ("/etc/shadow",)
    sparse = struct.pack("<4sIIQQQQ", b"KDMV", 1, 3, 0, 0, 1, 1).ljust(512, b"\0")
    assert examine(sparse + VMDK + line).parts == ("/etc/shadow",)


def test_an_image_above_another_in_a_description() -> None:
    assert examine(VMDK + b'parentFileNameHint="/etc/shadow"\n').backing == ("/etc/shadow",)
    assert examine(VMDK + b"parentFileNameHint\n\n/etc/shadow").backing == ("/etc/shadow",)
    assert examine(VMDK + b'parentFileNameHint=""\n').backing == ()


def test_headers_that_cannot_be() -> None:
    for size in (0, 1024, 2**32 - 1):
        with pytest.raises(ValueError, match="name of the image below it"):
            examine(struct.pack(">4sIQI", b"QFI\xfb", 3, 2**63, size).ljust(104, b"\0"))
    with pytest.raises(ValueError, match="too long"):
        examine(VMDK + b"x" * 300_000)
    for short in (b"", b"QFI\xfb", b"QED\0", b"KDMV", b"KDMV" + b"\xff" * 100):
        assert examine(short) == NamedFiles()


@pytest.mark.parametrize("filler", [b'"', b"RW ", b"RW 1", b"#\n", b"parentFileNameHint", b" \r"])
def test_it_costs_linear_time(filler: bytes) -> None:
    """A quadratic search would take minutes."""
    text = VMDK + filler * (200_000 // len(filler))
    before = time.process_time()
    examine(text)
    examine(text[:100_000][len(VMDK) :])
    assert time.process_time() - before < 5
