"""Staggered starts: turns to boot, and how busy the host is."""

from pathlib import Path

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from gns3trio.compute.local.boots import BUSY_SHARE, Boots, Load


class Host:
    """A host that is as busy as the test says, and nodes that boot there."""

    def __init__(self, most: int) -> None:
        self.is_busy = True
        self.boots = Boots(most, lambda: self.is_busy)
        self.begun: list[int] = []
        self.working = [trio.Event() for _ in range(100)]
        self.stopped = [trio.Event() for _ in range(100)]

    async def run(self, number: int, boot_seconds: float = 30.0) -> None:
        async with self.boots.turn(boot_seconds) as turn:
            self.begun.append(number)
            await self.working[number].wait()
            turn.works()
            await self.stopped[number].wait()


async def test_a_busy_host_boots_few_at_a_time(nursery: trio.Nursery, autojump_clock: trio.testing.MockClock) -> None:
    host = Host(2)
    for number in range(5):
        nursery.start_soon(host.run, number)
        await wait_all_tasks_blocked()
    await trio.sleep(1000)
    assert host.begun == [0, 1], "those that do not work yet keep their turns"
    host.working[0].set()
    await trio.sleep(29)
    assert host.begun == [0, 1]
    await trio.sleep(2)
    assert host.begun == [0, 1, 2], "it has booted for as long as its type says"
    host.stopped[1].set()
    host.working[1].set()
    await trio.sleep(1)
    assert host.begun == [0, 1, 2, 3], "it has ended"
    host.is_busy = False
    await trio.sleep(100)
    assert host.begun == [0, 1, 2, 3], "none of the others works yet"
    host.working[3].set()
    await trio.sleep(1)
    assert host.begun == [0, 1, 2, 3, 4], "the host has done with it"


async def test_an_idle_host_starts_one_after_the_other(
    nursery: trio.Nursery, autojump_clock: trio.testing.MockClock
) -> None:
    host = Host(1)
    host.is_busy = False
    for number in range(20):
        host.working[number].set()
        nursery.start_soon(host.run, number)
    began = trio.current_time()
    await wait_all_tasks_blocked()
    assert sorted(host.begun) == list(range(20))
    assert trio.current_time() == began


async def test_who_waits_can_be_cancelled(nursery: trio.Nursery, autojump_clock: trio.testing.MockClock) -> None:
    host = Host(1)
    nursery.start_soon(host.run, 0)
    await wait_all_tasks_blocked()
    with trio.move_on_after(5) as scope:
        await host.run(1)
    assert scope.cancelled_caught
    nursery.start_soon(host.run, 2)
    host.working[0].set()
    host.stopped[0].set()
    await trio.sleep(1)
    assert host.begun == [0, 2]


async def test_a_failed_start_gives_its_turn_to_the_next(autojump_clock: trio.testing.MockClock) -> None:
    boots = Boots(1, lambda: True)
    with trio.fail_after(1):
        for _ in range(3):
            with pytest.raises(ValueError):
                async with boots.turn(30):
                    raise ValueError


def write(folder: Path, **totals: tuple[float, int]) -> None:
    folder.mkdir(exist_ok=True)
    for name, (average, total) in totals.items():
        (folder / name).write_text(
            f"some avg10={average} avg60=0.00 avg300=0.00 total={total}\nfull avg10=0.00 total=0\n"
        )


async def test_a_host_is_busy_if_programs_wait(tmp_path: Path, autojump_clock: trio.testing.MockClock) -> None:
    folder = tmp_path / "pressure"
    load = Load(folder)
    write(folder, cpu=(0.0, 0), memory=(0.0, 0))
    assert not load.is_busy()
    await trio.sleep(1)
    write(folder, cpu=(0.0, int(1.1e6 * BUSY_SHARE)), memory=(0.0, 0))
    assert load.is_busy()
    assert load.is_busy(), "nothing is measured in so short a time"
    await trio.sleep(1)
    assert not load.is_busy()
    await trio.sleep(1)
    write(folder, cpu=(0.0, int(1.1e6 * BUSY_SHARE)), memory=(0.0, 900_000))
    assert load.is_busy(), "programs waited for memory"
    await trio.sleep(100)
    assert not load.is_busy(), "that was long ago"
    await trio.sleep(100)
    write(folder, cpu=(99.0, int(1.1e6 * BUSY_SHARE)), memory=(0.0, 900_000))
    assert load.is_busy(), "the kernel's average of the last seconds"


async def test_without_the_kernels_pressure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getloadavg", lambda: (1e6, 0.0, 0.0))
    assert Load(tmp_path).is_busy()
    monkeypatch.setattr("os.getloadavg", lambda: (0.0, 1e6, 1e6))
    assert not Load(tmp_path).is_busy()
    (tmp_path / "cpu").write_text("nonsense\n")
    assert not Load(tmp_path).is_busy()
