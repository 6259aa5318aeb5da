"""The lock of nodes and links: one holder, in order of arrival, also when somebody gives up."""

import pytest
import trio
import trio.testing

from gns3trio.mutex import Mutex


async def test_who_waits_gets_it_in_order() -> None:
    mutex, order = Mutex(), list[int]()

    async def use(number: int) -> None:
        async with mutex:
            order.append(number)
            await trio.lowlevel.checkpoint()
            assert mutex.locked()

    await mutex.acquire()
    async with trio.open_nursery() as nursery:
        for number in range(5):
            nursery.start_soon(use, number)
            await trio.testing.wait_all_tasks_blocked()
        assert order == []
        with pytest.raises(trio.WouldBlock):
            mutex.acquire_nowait()
        mutex.release()
        with pytest.raises(trio.WouldBlock):  # it was handed over
            mutex.acquire_nowait()
    assert order == [0, 1, 2, 3, 4]
    assert not mutex.locked()


async def test_who_gives_up_is_passed_over() -> None:
    mutex, got = Mutex(), list[str]()

    giving_up = trio.CancelScope()

    async def use(name: str, scope: trio.CancelScope) -> None:
        with scope:
            async with mutex:
                got.append(name)

    mutex.acquire_nowait()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(use, "gives up", giving_up)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(use, "waits", trio.CancelScope())
        await trio.testing.wait_all_tasks_blocked()
        giving_up.cancel()
        await trio.testing.wait_all_tasks_blocked()
        mutex.release()
    assert got == ["waits"]
    with pytest.raises(RuntimeError):
        mutex.release()


async def test_a_cancelled_task_does_not_get_it() -> None:
    mutex = Mutex()
    with trio.CancelScope() as scope:
        scope.cancel()
        await mutex.acquire()
    assert scope.cancelled_caught and not mutex.locked()
