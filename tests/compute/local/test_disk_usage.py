"""What folders take of the disk."""

import os
from pathlib import Path

import pytest
import trio

from gns3trio.compute.local import disk_usage
from gns3trio.compute.local.disk_usage import DiskMeter


@pytest.fixture
async def meter(nursery: trio.Nursery) -> DiskMeter:
    made = DiskMeter()
    nursery.start_soon(made.run)
    return made


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_usage, "PATIENCE_SECONDS", 30.0)


async def test_files_count_as_what_they_occupy(meter: DiskMeter, tmp_path: Path) -> None:
    folder, empty = tmp_path / "node", tmp_path / "empty"
    (folder / "deep" / "er").mkdir(parents=True)
    empty.mkdir()
    (folder / "deep" / "er" / "file").write_bytes(os.urandom(1_000_000))
    (folder / "sparse").touch()
    os.truncate(folder / "sparse", 10**12)
    os.symlink("/usr", folder / "link")
    known = await meter.measure([folder, empty, tmp_path / "missing"])
    assert 1_000_000 <= known[folder].size < 1_200_000
    assert known[folder].whole
    assert known[empty].size == known[tmp_path / "missing"].size == 0


async def test_a_folder_is_walked_once_for_many_who_ask(
    meter: DiskMeter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    walks: list[Path] = []
    walk = disk_usage._measure

    async def count(folder: Path) -> disk_usage.DiskUsage:
        walks.append(folder)
        return await walk(folder)

    monkeypatch.setattr(disk_usage, "_measure", count)
    async with trio.open_nursery() as nursery:
        for _ in range(10):
            nursery.start_soon(meter.measure, [tmp_path])
    await meter.measure([tmp_path])
    assert walks == [tmp_path]


async def test_many_files_are_counted_up_to_a_limit(
    meter: DiskMeter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disk_usage, "MOST_ENTRIES", 100)
    monkeypatch.setattr(disk_usage, "_SLICE_ENTRIES", 7)
    for number in range(100):
        (tmp_path / str(number)).write_text("x")
    whole = (await meter.measure([tmp_path]))[tmp_path]
    (tmp_path / "more").mkdir()
    meter.forget(tmp_path)
    cut = (await meter.measure([tmp_path]))[tmp_path]
    assert (whole.whole, cut.whole) == (True, False)
    assert cut.size == whole.size >= 100


async def test_who_asks_does_not_wait_for_a_slow_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_usage, "PATIENCE_SECONDS", 0.0)
    meter = DiskMeter()  # nothing measures
    assert await meter.measure([tmp_path]) == {}
    meter.forget(tmp_path)
    assert meter.known([tmp_path]) == {}
