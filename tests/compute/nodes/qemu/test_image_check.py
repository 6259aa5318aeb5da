"""Images that name files which are not their own are refused, before a program sees them."""

import subprocess
from pathlib import Path

import pytest

from gns3trio.compute.nodes.qemu.image_check import check_clone, check_image
from gns3trio.errors import Conflict
from tests.support.machines import needs_qemu

pytestmark = needs_qemu


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    (tmp_path / "secret").write_bytes(bytes(1024 * 1024))
    return folder


def make(path: Path, *arguments: str, size: str = "1M") -> Path:
    subprocess.run(["qemu-img", "create", "-q", *arguments, path, *([size] if size else [])], check=True)
    return path


def overlay(path: Path, below: str | Path) -> Path:
    """An overlay of a file that may be missing."""
    return make(path, "-f", "qcow2", "-u", "-F", "raw", "-b", str(below))


def test_overlays(images: Path) -> None:
    make(images / "base.qcow2", "-f", "qcow2")
    for name in ("base.qcow2", images / "base.qcow2", "../images/base.qcow2"):
        image = overlay(images / "a.qcow2", name)
        check_image(image, images, writable=False)
        with pytest.raises(Conflict, match="is an overlay of another one"):
            check_image(image, images, writable=True)
    for name in ("../secret", images.parent / "secret", "/etc/shadow", "json:{}", "nbd://192.0.2.1/x", "missing"):
        image = overlay(images / "a.qcow2", name)
        with pytest.raises(Conflict, match=r"'a\.qcow2' is an overlay of .* not among the images"):
            check_image(image, images, writable=False)
        check_clone(image)  # what it says of the image below it is not used


def test_layers(images: Path) -> None:
    overlay(images / "0.qcow2", images.parent / "secret")
    for number in range(1, 4):
        image = overlay(images / f"{number}.qcow2", f"{number - 1}.qcow2")
    with pytest.raises(Conflict, match=r"'3.qcow2' is an overlay of .*secret"):
        check_image(image, images, writable=False)
    loop = overlay(images / "loop.qcow2", "loop.qcow2")
    with pytest.raises(Conflict, match="more than 8 layers"):
        check_image(loop, images, writable=False)


def test_data_files(images: Path) -> None:
    image = make(images / "a.qcow2", "-f", "qcow2", "-o", f"data_file={images}/other.img")
    for check in (lambda: check_image(image, images, writable=False), lambda: check_clone(image)):
        with pytest.raises(Conflict, match="its data in another file"):
            check()


def test_parts(images: Path) -> None:
    for subformat in ("monolithicSparse", "streamOptimized", "monolithicFlat", "twoGbMaxExtentSparse"):
        image = make(images / "disk.vmdk", "-f", "vmdk", "-o", f"subformat={subformat}")
        check_image(image, images, writable=False)
    text = image.read_text(errors="replace")
    for other in ("/etc/shadow", "other.vmdk", "disk-s001.img", "disk-/../../secret.vmdk", "../disk-s001.vmdk"):
        image.write_text(text.replace("disk-s001.vmdk", other))
        with pytest.raises(Conflict, match="names another file"):
            check_image(image, images, writable=False)


def test_damaged_and_missing_images(images: Path) -> None:
    image = images / "a.qcow2"
    with pytest.raises(Conflict, match=r"a\.qcow2"):
        check_image(image, images, writable=False)
    for offset in (2**63, 2**64 - 1):
        image.write_bytes(b"QFI\xfb\0\0\0\3" + offset.to_bytes(8, "big") + b"\0\0\0\5" + bytes(500))
        with pytest.raises(Conflict, match=r"a\.qcow2"):
            check_image(image, images, writable=False)
