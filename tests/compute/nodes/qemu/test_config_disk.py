"""The disk with a machine's configuration, and the archive that it comes from and goes to."""

import io
import os
import zipfile
from pathlib import Path

import pytest

from gns3trio.compute.nodes.qemu.config_disk import ARCHIVE, DISK, disk_of, keep_config, prepare_config_disk
from gns3trio.compute.nodes.qemu.fat import DISK_BYTES, make_disk, read_disk
from gns3trio.compute.nodes.qemu.settings import QemuSettings
from gns3trio.errors import Conflict


def put_archive(folder: Path, files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(folder / ARCHIVE, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)


def archived(folder: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(folder / ARCHIVE) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def on_disk(folder: Path) -> dict[str, bytes]:
    return read_disk((folder / DISK).read_bytes())


def write(folder: Path, content: bytes) -> None:
    """As the guest does, without replacing the file; the clock has gone on."""
    before = os.stat(folder / DISK).st_mtime_ns
    with open(folder / DISK, "r+b") as file:
        file.write(content)
    os.utime(folder / DISK, ns=(before + 1_000_000, before + 1_000_000))


def test_files_go_to_the_disk_and_come_back(tmp_path: Path) -> None:
    config = prepare_config_disk(tmp_path)
    assert on_disk(tmp_path) == {}
    write(tmp_path, make_disk({"startup.cfg": b"1", "folder/": b""}))
    assert keep_config(config) is None
    assert archived(tmp_path) == {"startup.cfg": b"1", "folder/": b""}
    put_archive(tmp_path, {"startup.cfg": b"2"})  # a client replaces it
    config = prepare_config_disk(tmp_path)
    assert on_disk(tmp_path) == {"startup.cfg": b"2"}
    assert keep_config(config) is None
    assert sorted(path.name for path in tmp_path.iterdir()) == [DISK, ARCHIVE]


def test_nothing_is_lost_when_the_server_is_killed(tmp_path: Path) -> None:
    put_archive(tmp_path, {"startup.cfg": b"old"})
    prepare_config_disk(tmp_path)
    write(tmp_path, make_disk({"startup.cfg": b"new"}))
    prepare_config_disk(tmp_path)
    assert on_disk(tmp_path) == {"startup.cfg": b"new"}


def test_an_archive_that_came_while_it_ran_is_for_the_next_start(tmp_path: Path) -> None:
    config = prepare_config_disk(tmp_path)
    write(tmp_path, make_disk({"startup.cfg": b"of the guest"}))
    put_archive(tmp_path, {"startup.cfg": b"of the client"})
    os.utime(tmp_path / ARCHIVE, ns=(2**62, 2**62))
    assert "was replaced while it ran" in (keep_config(config) or "")
    prepare_config_disk(tmp_path)
    assert on_disk(tmp_path) == {"startup.cfg": b"of the client"}


def test_a_disk_that_cannot_be_read_is_kept(tmp_path: Path) -> None:
    put_archive(tmp_path, {"startup.cfg": b"1"})
    config = prepare_config_disk(tmp_path)
    write(tmp_path, b"ext4" * (DISK_BYTES // 4))
    assert "does not have what is on its disk" in (keep_config(config) or "")
    assert archived(tmp_path) == {"startup.cfg": b"1"}
    prepare_config_disk(tmp_path)
    assert (tmp_path / DISK).read_bytes().startswith(b"ext4")
    (tmp_path / DISK).unlink()
    assert "No such file" in (keep_config(config) or "")


def test_archives_that_are_of_no_use(tmp_path: Path) -> None:
    large, outside, unusual, many = io.BytesIO(), io.BytesIO(), io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(2001):
            archive.writestr(str(number), b"")
    with zipfile.ZipFile(large, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb", bytes(64 * 1024 * 1024))
    with zipfile.ZipFile(outside, "w") as archive:
        archive.writestr("../x", b"")
    with zipfile.ZipFile(unusual, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("x", b"x")
    for content, words in (
        (b"text", "no zip file"),
        (large.getvalue(), "larger than 1024 KiB"),
        (outside.getvalue(), "is not a name"),
        (unusual.getvalue(), "unusual"),
        (many.getvalue(), "more than 2000"),
        (large.getvalue()[:-30], "no zip file"),
        (bytes(3 * DISK_BYTES), "too large"),
    ):
        (tmp_path / ARCHIVE).write_bytes(content)
        with pytest.raises(Conflict, match=rf"create_config_disk: config\.zip .*{words}"):
            prepare_config_disk(tmp_path)
        assert [path.name for path in tmp_path.iterdir()] == [ARCHIVE]


def test_links_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    put_archive(tmp_path, {"x": b"secret"})
    (tmp_path / ARCHIVE).rename(secret)
    folder = tmp_path / "node"
    folder.mkdir()
    (folder / ARCHIVE).symlink_to(secret)
    with pytest.raises(Conflict, match="symbolic links"):
        prepare_config_disk(folder)
    (folder / ARCHIVE).unlink()
    os.mkfifo(folder / ARCHIVE)
    with pytest.raises(Conflict, match="it is no file"):
        prepare_config_disk(folder)


def test_it_takes_the_place_of_hdd(tmp_path: Path) -> None:
    config = prepare_config_disk(tmp_path)
    for settings, interface in (
        (QemuSettings(hdd_disk_interface="ide", hda_disk_interface="virtio"), "ide"),
        (QemuSettings(hda_disk_interface="virtio"), "virtio"),
    ):
        disk = disk_of(config, settings)
        assert (disk.drive, disk.interface, disk.format) == (3, interface, "raw")
