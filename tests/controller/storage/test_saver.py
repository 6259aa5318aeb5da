"""The saver and the atomic write: changes are coalesced, a full disk is told and harms nothing."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import trio

from gns3trio.controller.storage import saver as saver_module
from gns3trio.controller.storage.files import lock_folder, write_all, write_atomic
from gns3trio.controller.storage.saver import Saver
from gns3trio.errors import Forbidden, Invalid, Unavailable


async def test_a_burst_of_changes_is_written_once_or_twice(tmp_path: Path) -> None:
    file, renders, state = tmp_path / "lab.gns3", 0, 0

    def render(_: None) -> dict[Path, bytes | None]:
        nonlocal renders
        renders += 1
        return {file: str(state).encode()}

    saver = Saver(lambda: None, render, pytest.fail)
    async with trio.open_nursery() as nursery:
        await nursery.start(saver.run)

        async def change() -> None:
            nonlocal state
            state += 1
            saver.mark()
            await saver.flush()
            assert int(file.read_text()) >= 1

        async with trio.open_nursery() as changes:
            for _ in range(100):
                changes.start_soon(change)
        assert file.read_text() == "100"
        assert renders <= 2
        nursery.cancel_scope.cancel()


async def test_a_failed_write_is_told_to_who_waits_and_works_again_later(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    failures: list[str] = []
    saver = Saver(lambda: None, lambda _: {folder / "lab.gns3": b"data"}, failures.append)
    async with trio.open_nursery() as nursery:
        await nursery.start(saver.run)
        saver.mark()
        with pytest.raises(Unavailable, match="cannot be written"):
            await saver.flush()
        assert len(failures) == 1
        folder.mkdir()
        await saver.flush()
        assert (folder / "lab.gns3").read_bytes() == b"data"
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("keep", [True, False], ids=["kept", "abandoned"])
async def test_a_change_after_the_last_write_is_refused_instead_of_waiting_forever(tmp_path: Path, keep: bool) -> None:
    file = tmp_path / "lab.gns3"
    saver = Saver(lambda: None, lambda _: {file: b"data"}, pytest.fail)
    async with trio.open_nursery() as nursery:
        await nursery.start(saver.run)
        nursery.cancel_scope.cancel()
    saver.mark()
    async with trio.open_nursery() as nursery:
        if keep:
            nursery.start_soon(saver.flush)  # who waits already is served by the last write
            await saver.finish()
        else:
            saver.abandon()
    assert file.exists() is keep
    await saver.flush()
    saver.mark()
    for _ in range(2):
        with trio.fail_after(30), pytest.raises(Forbidden, match="closed"):
            await saver.flush()
    async with trio.open_nursery() as nursery:
        await nursery.start(saver.run)
        await saver.flush()  # it is opened again
        saver.mark()
        await saver.flush()
        nursery.cancel_scope.cancel()


async def test_an_error_of_our_own_is_told_like_one_of_the_disk(tmp_path: Path) -> None:
    """A project that cannot be written down harms nobody else: the saver lives on."""
    content: list[bytes | None] = []
    saver = Saver(lambda: None, lambda _: {tmp_path / "lab.gns3": content[0]}, lambda message: None)
    async with trio.open_nursery() as nursery:
        await nursery.start(saver.run)
        saver.mark()
        with pytest.raises(Unavailable, match="error of this server"):
            await saver.flush()
        content.append(b"data")
        await saver.flush()
        assert (tmp_path / "lab.gns3").read_bytes() == b"data"
        nursery.cancel_scope.cancel()


async def test_what_the_disk_refused_is_written_when_it_takes_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without anybody asking for it; the trouble is told once."""
    monkeypatch.setattr(saver_module, "RETRY_SECONDS", 0.01)
    folder, failures = tmp_path / "project", list[str]()
    file = folder / "lab.gns3"
    saver = Saver(lambda: None, lambda _: {file: b"data"}, failures.append)
    async with trio.open_nursery() as nursery:
        await nursery.start(saver.run)
        saver.mark()
        for _ in range(2):
            with pytest.raises(Unavailable):
                await saver.flush()
        folder.mkdir()
        with trio.fail_after(30):
            while not file.exists():
                await trio.sleep(0.01)
        assert file.read_bytes() == b"data"
        assert len(failures) == 1
        nursery.cancel_scope.cancel()


async def test_finish_writes_what_run_did_not(tmp_path: Path) -> None:
    saver = Saver(lambda: None, lambda _: {tmp_path / "lab.gns3": b"data"}, pytest.fail)
    saver.mark()
    await saver.finish()
    assert (tmp_path / "lab.gns3").read_bytes() == b"data"


def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "lab.gns3"
    write_atomic(file, b"old")

    def no_space(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(Unavailable, match="the disk is full"):
        write_atomic(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]


def test_one_file_is_written_by_many_at_once(tmp_path: Path) -> None:
    file = tmp_path / "lab.gns3"
    texts = [bytes([65 + number]) * 10_000 for number in range(20)]
    with ThreadPoolExecutor(20) as threads:
        list(threads.map(lambda text: write_atomic(file, text), texts * 5))
    assert file.read_bytes() in texts
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("trouble", ["target is a folder", "folder is a file"])
def test_whatever_is_in_the_way_is_told(tmp_path: Path, trouble: str) -> None:
    folder = tmp_path / "project"
    file = folder / "lab.gns3"
    match trouble:
        case "target is a folder":
            file.mkdir(parents=True)
            with pytest.raises(Unavailable, match="cannot be deleted"):
                write_all({file: None})
        case "folder is a file":
            folder.write_bytes(b"")
            with pytest.raises(Unavailable, match="cannot be deleted"):
                write_all({file: None})
    with pytest.raises(Unavailable, match="cannot be written"):
        write_atomic(file, b"new")


def test_projects_belong_to_one_server(tmp_path: Path) -> None:
    projects = tmp_path / "some" / "projects"
    with (
        lock_folder("projects_path", projects),
        pytest.raises(Unavailable, match="another gns3trio server"),
        lock_folder("projects_path", projects),
    ):
        pass
    with lock_folder("projects_path", projects):  # free again
        pass
    (tmp_path / "file").write_bytes(b"")
    for wrong in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(Invalid, match=r"projects_path: .* is not a folder"), lock_folder("projects_path", wrong):
            pass
