"""The owners and modes of the files in persistent folders, as GNS3 writes them down."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import UUID

import pytest

from gns3trio.compute.nodes.docker import node_files
from gns3trio.compute.nodes.docker.node_files import PERMISSIONS_FILE, restore_permissions, save_permissions

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files to other users")
# What GNS3 2.2.61 wrote for these files. Its order is that of the disk; a folder comes after its files.
LINES = {
    "640:0:0:/data/first",
    "4750:1000:0:/data/sub dir/x/a:b",
    "755:0:0:/data/sub dir/x",
    "755:1000:1000:/data/sub dir",
    "644:0:0:/data/fifo",
    "777:7:8:/data/link",
    "700:0:0:/data",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "project" / "project-files" / "docker" / str(UUID(int=7))
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def data(folder: Path) -> Path:
    """The folder of the volume /data, as a container has left it."""
    data = folder / "data"
    (data / "sub dir" / "x").mkdir(parents=True)
    (data / "first").write_text("1")
    (data / "sub dir" / "x" / "a:b").write_text("2")
    (data / "link").symlink_to("/etc/passwd")
    os.mkfifo(data / "fifo")
    with suppress(PermissionError):
        for name, user, group in (("sub dir", 1000, 1000), ("sub dir/x/a:b", 1000, 0), ("link", 7, 8)):
            os.chown(data / name, user, group, follow_symlinks=False)
    for name, mode in (("first", 0o640), ("sub dir/x/a:b", 0o4750), ("fifo", 0o644), (".", 0o700)):
        (data / name).chmod(mode)
    return data


def lines(data: Path) -> list[str]:
    return (data / PERMISSIONS_FILE).read_text().splitlines()


@needs_root
def test_owners_and_modes_are_written_down_as_gns3_does(folder: Path, data: Path) -> None:
    save_permissions(folder, ["/data"])
    written = lines(data)
    assert set(written) == LINES
    assert written.index("755:1000:1000:/data/sub dir") > written.index("755:0:0:/data/sub dir/x")
    assert written[-1] == "700:0:0:/data"
    save_permissions(folder, ["/data"])
    assert set(lines(data)) == LINES | {f"644:0:0:/data/{PERMISSIONS_FILE}"}


@needs_root
def test_a_project_that_has_lost_them_gets_them_back(folder: Path, data: Path, tmp_path: Path) -> None:
    """As after an export and an import: all files belong to the user of the server."""
    passwd_before = os.stat("/etc/passwd")
    save_permissions(folder, ["/data"])
    before = described(data)
    for path in data.rglob("*"):
        os.chown(path, 33, 33, follow_symlinks=False)
        if not path.is_symlink():
            path.chmod(0o644 if not path.is_dir() else 0o755)
    assert described(data) != before
    (data / "first").unlink()
    (data / "later").write_text("not written down")
    assert restore_permissions(folder, ["/data"]) == 0
    expected = {name: seen for name, seen in before.items() if name != "first"}
    assert {name: seen for name, seen in described(data).items() if name in expected} == expected
    assert (data / "later").stat().st_uid == os.getuid()
    assert os.stat("/etc/passwd") == passwd_before


def test_hostile_lines_change_nothing_outside(folder: Path, data: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("mine")
    outside.chmod(0o755)
    (outside / "file").chmod(0o644)
    (data / "out").symlink_to(outside)
    own = outside.stat().st_uid
    hostile = [
        f"777:{own}:{own}:/data/out",
        f"777:{own}:{own}:/data/out/file",
        f"777:{own}:{own}:/data/../../../../../outside",
        f"777:{own}:{own}:/data/sub dir/../../../../../../outside/file",
        f"777:{own}:{own}:{outside}",
        f"777:{own}:{own}:/database",
        f"777:{own}:99999999999:/data/first",
        f"99999:{own}:{own}:/data/first",
        "/data/first",
        f"777:{own}:{own}:/data/{'x/' * 5000}",
        f"777:{own}:{own}:/data/nul\0",
    ]
    (data / PERMISSIONS_FILE).write_bytes("\n".join(hostile).encode() + b"\n\xff\xfe:::\n")
    restore_permissions(folder, ["/data"])
    assert stat.S_IMODE(outside.stat().st_mode) == 0o755
    assert stat.S_IMODE((outside / "file").stat().st_mode) == 0o644
    assert stat.S_IMODE((data / "first").stat().st_mode) == 0o640


@pytest.mark.parametrize("name", [PERMISSIONS_FILE, f"{PERMISSIONS_FILE}.new"])
def test_no_link_in_place_of_the_file_is_followed(folder: Path, data: Path, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    outside.write_text("777:0:0:/data/first\n")
    (data / name).symlink_to(outside)
    assert restore_permissions(folder, ["/data"]) == 0
    assert stat.S_IMODE((data / "first").stat().st_mode) == 0o640
    save_permissions(folder, ["/data"])
    assert outside.read_text() == "777:0:0:/data/first\n"
    assert not (data / PERMISSIONS_FILE).is_symlink()


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_what_is_in_the_way_is_told(folder: Path, data: Path, make: "type[os.mkdir]") -> None:
    make(data / f"{PERMISSIONS_FILE}.new")
    (data / PERMISSIONS_FILE).mkdir()
    assert restore_permissions(folder, ["/data"]) == 0
    with pytest.raises(OSError):
        save_permissions(folder, ["/data"])


def test_the_work_has_limits(folder: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = data
    for _ in range(node_files.MAX_DEPTH + 20):
        deep /= "d"
    deep.mkdir(parents=True)
    save_permissions(folder, ["/data"])
    assert max(line.count("/d") for line in lines(data)) == node_files.MAX_DEPTH + 1
    assert restore_permissions(folder, ["/data"]) == 0
    monkeypatch.setattr(node_files, "MAX_FILES", 3)
    save_permissions(folder, ["/data"])
    assert len(lines(data)) <= 4
    hostile = ["640:0:0:/data/missing"] * 3 + [f"777:{os.getuid()}:{os.getgid()}:/data/first"]
    (data / PERMISSIONS_FILE).write_text("\n".join(hostile))
    restore_permissions(folder, ["/data"])
    assert stat.S_IMODE((data / "first").stat().st_mode) == 0o640


def described(data: Path) -> dict[str, tuple[int, int, int]]:
    return {str(path.relative_to(data)): _seen(path) for path in _all(data)}


def _all(data: Path) -> Iterator[Path]:
    yield from (path for path in data.rglob("*") if path.name != PERMISSIONS_FILE)


def _seen(path: Path) -> tuple[int, int, int]:
    status = path.lstat()
    return status.st_mode, status.st_uid, status.st_gid
