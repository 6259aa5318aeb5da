"""The saver and the atomic write: changes are coalesced, a full disk is told and harms nothing."""

import os
from pathlib import Path

import pytest
import trio

from gns3trio.controller.saver import Saver
from gns3trio.controller.storage import write_atomic
from gns3trio.errors import Unavailable


async def test_a_burst_of_changes_is_written_once_or_twice(tmp_path: Path) -> None:
    file, renders, state = tmp_path / "lab.gns3", 0, 0

    def render() -> dict[Path, bytes | None]:
        nonlocal renders
        renders += 1
        return {file: str(state).encode()}

    saver = Saver(render, pytest.fail)
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
    saver = Saver(lambda: {folder / "lab.gns3": b"data"}, failures.append)
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


async def test_finish_writes_what_run_did_not(tmp_path: Path) -> None:
    saver = Saver(lambda: {tmp_path / "lab.gns3": b"data"}, pytest.fail)
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
