"""The monitor over a socket, against a QEMU that behaves badly."""

import os
import socket
from array import array
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from gns3trio.compute.nodes.qemu.monitor import ANSWER_SECONDS, Monitor, open_monitor
from gns3trio.compute.nodes.qemu.qmp import QmpError, QmpEvent
from gns3trio.errors import Conflict

GREETING = b'{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}}, "capabilities": []}}\r\n'


@asynccontextmanager
async def opened(
    on_event: Callable[[QmpEvent], None] = lambda event: None,
) -> AsyncIterator[tuple[Monitor, trio.SocketStream]]:
    """A monitor, and QEMU's end of it."""
    ours, theirs = socket.socketpair()
    async with (
        trio.SocketStream(trio.socket.from_stdlib_socket(theirs)) as qemu,
        open_monitor(ours, on_event) as monitor,
    ):
        yield monitor, qemu


async def test_answers_belong_to_their_commands() -> None:
    events: list[str] = []
    async with opened(lambda event: events.append(event.name)) as (monitor, qemu), trio.open_nursery() as nursery:
        results: dict[str, object] = {}

        async def run(command: str) -> None:
            results[command] = await monitor.execute(command)

        nursery.start_soon(run, "first")
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(run, "second")
        await trio.testing.wait_all_tasks_blocked()
        await qemu.send_all(
            b'{"return": 2, "id": 2}\n{"event": "STOP"}\n{"return": 9, "id": 9}\n{"return": 1, "id": 1}\n'
        )
    assert results == {"first": 1, "second": 2}
    assert events == ["STOP"]


async def test_the_handshake() -> None:
    async with opened() as (monitor, qemu), trio.open_nursery() as nursery:
        nursery.start_soon(monitor.handshake)
        await qemu.send_all(GREETING)
        assert b"qmp_capabilities" in await qemu.receive_some()
        await qemu.send_all(b'{"return": {}, "id": 1}\n')


async def test_a_refusal_is_an_error() -> None:
    async with opened() as (monitor, qemu), trio.open_nursery() as nursery:

        async def refused() -> None:
            with pytest.raises(Conflict, match="no such device"):
                await monitor.execute("set_link", name="x", up=True)

        nursery.start_soon(refused)
        await qemu.receive_some()
        await qemu.send_all(b'{"id": 1, "error": {"desc": "no such device"}}\n')


async def test_nobody_waits_for_a_machine_that_has_ended() -> None:
    async with opened() as (monitor, qemu), trio.open_nursery() as nursery:

        async def ended() -> None:
            with pytest.raises(Conflict, match="has ended"):
                await monitor.execute("cont")

        nursery.start_soon(ended)
        await qemu.receive_some()
        await qemu.aclose()
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(ended)


async def test_a_machine_that_hangs(autojump_clock: trio.testing.MockClock) -> None:
    async with opened() as (monitor, _):
        began = trio.current_time()
        with pytest.raises(Conflict, match="does not answer to cont"):
            await monitor.execute("cont")
        assert trio.current_time() - began == pytest.approx(ANSWER_SECONDS)


async def test_what_is_not_qmp_ends_the_monitor() -> None:
    with pytest.raises(ExceptionGroup) as raised:
        async with opened() as (_, qemu):
            await qemu.send_all(b"hello\n")
            await trio.sleep_forever()
    assert raised.group_contains(QmpError)


async def test_an_open_file_goes_along() -> None:
    reader, writer = os.pipe()
    try:
        async with opened() as (monitor, qemu), trio.open_nursery() as nursery:

            async def hand_over() -> None:
                await monitor.execute_with(writer, "getfd", fdname="x")

            nursery.start_soon(hand_over)
            await trio.testing.wait_all_tasks_blocked()
            data, ancillary, _, _ = await qemu.socket.recvmsg(4096, 64)
            while not data.endswith(b"\n"):
                data += await qemu.receive_some()
            assert b'"fdname":"x"' in data
            ((_, kind, descriptors),) = ancillary
            assert kind == socket.SCM_RIGHTS
            copy = array("i", descriptors)[0]
            os.write(copy, b"through the copy")
            os.close(copy)
            await qemu.send_all(b'{"return": {}, "id": 1}\n')
        assert os.read(reader, 100) == b"through the copy"
    finally:
        os.close(reader)
        os.close(writer)
