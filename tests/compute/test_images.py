"""The folder of images: what is listed, found and refused, and when checksums are computed."""

import hashlib
import os
from pathlib import Path

import pytest

from gns3trio.compute.images import Image, ImageFolder
from gns3trio.errors import Forbidden, ImageMissing, NotFound


@pytest.fixture
def images(tmp_path: Path) -> ImageFolder:
    folder = tmp_path / "images"
    (folder / "vendor").mkdir(parents=True)
    (folder / "a.qcow2").write_bytes(b"first")
    (folder / "vendor" / "b.img").write_bytes(b"second")
    (tmp_path / "secret").write_bytes(b"secret")
    return ImageFolder(folder)


def image(images: ImageFolder, path: str, content: bytes, md5sum: str | None = None) -> Image:
    """The image with this content, as it is in the folder."""
    return Image(path, len(content), md5sum, (images.folder / path).stat().st_mtime)


def md5(content: bytes) -> str:
    return hashlib.md5(content).hexdigest()


async def test_images_are_listed_with_the_checksums_that_are_known(images: ImageFolder) -> None:
    assert images.list() == [image(images, "a.qcow2", b"first"), image(images, "vendor/b.img", b"second")]
    assert images.list()[1].name == "b.img"
    assert await images.checksum(images.folder / "a.qcow2") == md5(b"first")
    assert images.list()[0].md5sum == md5(b"first")
    assert (images.folder / "a.qcow2.md5sum").read_text() == md5(b"first")
    assert ImageFolder(images.folder / "missing").list() == []


async def test_a_checksum_ends_with_the_content(images: ImageFolder) -> None:
    image = images.folder / "a.qcow2"
    await images.checksum(image)
    image.write_bytes(b"other")
    later = (images.folder / "a.qcow2.md5sum").stat().st_mtime_ns + 1
    os.utime(image, ns=(later, later))
    assert images.list()[0].md5sum is None
    assert await images.checksum(image) == md5(b"other")


async def test_a_checksum_of_others_is_used_if_it_is_one(images: ImageFolder) -> None:
    beside = images.folder / "a.qcow2.md5sum"
    beside.write_text(md5(b"whatever").upper() + "\n")
    assert await images.checksum(images.folder / "a.qcow2") == md5(b"whatever")
    for wrong in (b"", b"x" * 32, b"\xff" * 40, b"a" * 1000):
        beside.write_bytes(wrong)
        assert images.list()[0].md5sum is None
    assert await images.checksum(images.folder / "missing") is None


def test_an_image_is_found_by_name_or_checksum(images: ImageFolder) -> None:
    assert images.find("a.qcow2") == images.folder / "a.qcow2"
    assert images.find("vendor/b.img") == images.find("vendor/../vendor/b.img")
    assert images.find(str(images.folder / "a.qcow2")) == images.folder / "a.qcow2"
    images.keep_checksum("vendor/b.img", md5(b"second"))
    assert images.find("other.img", md5(b"second")) == images.folder / "vendor" / "b.img"
    assert images.find("a.qcow2", md5(b"second")) == images.folder / "a.qcow2"
    with pytest.raises(ImageMissing, match=r"properties\.initrd: the image 'other\.img' is missing") as missing:
        images.find("other.img", md5(b"third"), "properties.initrd")
    assert missing.value.image == "other.img"


@pytest.mark.parametrize(
    "name",
    [
        "../secret",
        "/etc/passwd",
        "",
        ".",
        "vendor/..",
        "vendor/../../secret",
        "a\nb",
        "a\0b",
        "\udcff\ud800",
        "a" * 300,
        "a/" * 2000,
    ],
)
def test_nothing_leads_out_of_the_folder(images: ImageFolder, name: str) -> None:
    with pytest.raises(Forbidden, match="is not a file in the folder of images"):
        images.find(name)
    with pytest.raises(Forbidden):
        images.delete(name)
    assert (images.folder.parent / "secret").exists()


def test_a_deleted_image_takes_its_checksum_along(images: ImageFolder) -> None:
    images.keep_checksum("a.qcow2", md5(b"first"))
    images.delete("a.qcow2")
    assert [path.name for path in images.folder.iterdir()] == ["vendor"]
    with pytest.raises(NotFound, match="missing"):
        images.delete("a.qcow2")


def test_what_is_not_listed(images: ImageFolder) -> None:
    (images.folder / ".gns3trio-upload").write_bytes(b"half")
    (images.folder / "name\nof two lines").write_bytes(b"x")
    os.mkfifo(images.folder / "pipe")
    (images.folder / "gone").symlink_to("nowhere")
    deep = images.folder / "/".join("abcdefgh")
    deep.mkdir(parents=True)
    (deep / "deep.img").write_bytes(b"x")
    assert [image.path for image in images.list()] == ["a.qcow2", "vendor/b.img"]


def test_links_of_an_administrator_are_followed(images: ImageFolder) -> None:
    (images.folder / "big.img").symlink_to(images.folder.parent / "secret")
    assert images.find("big.img").read_bytes() == b"secret"


def test_an_image_of_that_name_may_be_another(images: ImageFolder) -> None:
    """The project comes from elsewhere: its image has another name here."""
    images.keep_checksum("a.qcow2", md5(b"first"))
    images.keep_checksum("vendor/b.img", md5(b"second"))
    assert images.find("a.qcow2", md5(b"second")) == images.folder / "vendor/b.img"
    assert images.find("a.qcow2", md5(b"third")) == images.folder / "a.qcow2"
    (images.folder / "a.qcow2.md5sum").unlink()
    assert images.find("a.qcow2", md5(b"second")) == images.folder / "a.qcow2"


def test_what_is_known_of_one_image(images: ImageFolder) -> None:
    images.keep_checksum("a.qcow2", md5(b"first"))
    assert images.known("a.qcow2") == image(images, "a.qcow2", b"first", md5(b"first"))
    assert images.known("missing") is images.known("vendor") is None


@pytest.mark.parametrize("name", ["a.md5sum", ".a", "vendor/.a", ".vendor/a", "../a", ""])
def test_names_of_new_images(images: ImageFolder, name: str) -> None:
    assert images.new_name("vendor/new.img") == "vendor/new.img"
    with pytest.raises(Forbidden, match="filename: "):
        images.new_name(name, "filename")
