"""The console hub: clients over real TCP connections, a node that is played by the test."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import trio
import trio.testing

from gns3trio.console import hub as hub_module
from gns3trio.console.hub import ConsoleHub, last_lines
from gns3trio.console.telnet import telnet_server

GREETING = telnet_server().greeting
ARE_YOU_THERE = b"\xff\xf6"


@pytest.fixture
def hub() -> ConsoleHub:
    hub = ConsoleHub("the node is stopped")
    hub.open()
    return hub


@pytest.fixture
async def address(hub: ConsoleHub) -> AsyncIterator[tuple[str, int]]:
    """Where the console listens."""
    async with trio.open_nursery() as nursery:
        listeners = await nursery.start(trio.serve_tcp, hub.serve_telnet, 0)
        yield "127.0.0.1", listeners[0].socket.getsockname()[1]
        nursery.cancel_scope.cancel()


async def receive_exactly(stream: trio.abc.ReceiveStream, expected: bytes) -> None:
    received = b""
    while len(received) < len(expected):
        data = await stream.receive_some(len(expected) - len(received))
        assert data, f"closed after {received!r}"
        received += data
    assert received == expected


@asynccontextmanager
async def connected(address: tuple[str, int]) -> AsyncIterator[trio.SocketStream]:
    """A client that has got the greeting."""
    async with await trio.open_tcp_stream(*address) as stream:
        await receive_exactly(stream, GREETING)
        yield stream


async def test_output_goes_to_all_and_input_of_all_to_the_node(hub: ConsoleHub, address: tuple[str, int]):
    async with connected(address) as first, connected(address) as second:
        hub.feed(b"VPCS> \xff")
        for client in (first, second):
            await receive_exactly(client, b"VPCS> \xff\xff")
        await first.send_all(b"a\xff\xff\r\n")
        assert (await hub.read_input())[1] == b"a\xff\r"
        await second.send_all(b"b\r\0")
        assert (await hub.read_input())[1] == b"b\r"


async def test_a_newcomer_sees_the_last_screenful(hub: ConsoleHub, address: tuple[str, int]):
    hub.feed(b"".join(b"line %d\r\n" % number for number in range(5000)) + b"VPCS> ")
    screen = b"".join(b"line %d\r\n" % number for number in range(4977, 5000)) + b"VPCS> "
    async with connected(address) as client:
        await receive_exactly(client, screen)


async def test_who_types_at_once_is_not_shown_the_screen(hub: ConsoleHub):
    """A script presses Enter and takes the prompt that comes next for the answer."""
    hub.feed(b"hello\r\n\rVPCS> ")
    with hub.attach() as client:
        await client.send_input(b"\r\n")
        assert await client.receive() == GREETING
        hub.feed(b"\r\n\rVPCS> ")
        assert await client.receive() == b"\r\n\rVPCS> "


async def test_output_comes_behind_the_screen_that_a_newcomer_waits_for(hub: ConsoleHub):
    hub.feed(b"VPCS> ")
    with hub.attach() as client:
        await client.send_input(b"\xff\xfd\x03")  # telnet's own bytes are not typed
        hub.feed(b"printed meanwhile")
        assert await client.receive() == GREETING + b"VPCS> printed meanwhile"


async def test_the_next_run_begins_with_an_empty_screen(hub: ConsoleHub, address: tuple[str, int]):
    hub.feed(b"old\r\n")
    hub.close()
    hub.open()
    hub.feed(b"new")
    async with connected(address) as client:
        await receive_exactly(client, b"new")


def test_the_last_lines_of_a_screen():
    assert last_lines(b"a\nb\nc", 2) == b"b\nc"
    assert last_lines(b"a\nb\n", 1) == b""
    assert last_lines(b"a", 2) == b"a"


async def test_a_stopped_node_has_no_clients(hub: ConsoleHub, address: tuple[str, int]):
    async with connected(address) as before:
        hub.feed(b"bye")
        hub.close()
        await receive_exactly(before, b"bye")
        assert await before.receive_some() == b""
    async with connected(address) as after:
        assert await after.receive_some() == b""


async def test_reset_drops_everybody_and_they_may_come_back(hub: ConsoleHub, address: tuple[str, int]):
    async with connected(address) as first, connected(address) as second:
        hub.reset()
        for client in (first, second):
            assert await client.receive_some() == b""
    async with connected(address) as again:
        hub.feed(b"x")
        await receive_exactly(again, b"x")


async def test_good_bye_ends_one_client(hub: ConsoleHub, address: tuple[str, int]):
    async with connected(address) as leaving, connected(address) as staying:
        await leaving.send_all(b"disconnect\r")
        typist, _ = await hub.read_input()
        await staying.send_all(b"no enter")
        await hub.read_input()
        hub.feed(b"disconnect\r\n")
        hub.dismiss(typist, b"Good-bye\r\n")
        hub.feed(b"VPCS> ")
        await receive_exactly(leaving, b"disconnect\r\nGood-bye\r\n")
        assert await leaving.receive_some() == b""
        await receive_exactly(staying, b"disconnect\r\nVPCS> ")
        hub.dismiss(typist, b"it has left")
        hub.feed(b"x")
        await receive_exactly(staying, b"x")


async def test_good_bye_arrives_although_the_client_goes_on_typing(hub: ConsoleHub, address: tuple[str, int]):
    """Unread input would turn the close into a reset, which throws away what was sent."""
    async with connected(address) as client:
        await client.send_all(b"disconnect\r")
        typist, _ = await hub.read_input()
        await client.send_all(b"more" * 1000)
        hub.dismiss(typist, b"Good-bye\r\n")
        await receive_exactly(client, b"Good-bye\r\n")
        assert await client.receive_some() == b""


async def test_a_client_that_does_not_read_is_dropped_and_harms_nobody(hub: ConsoleHub, address: tuple[str, int]):
    async with connected(address), connected(address) as reader:
        screenful = b"x" * 65536
        for _ in range(1000):  # more than the buffers of the system hold
            hub.feed(screenful)
            await receive_exactly(reader, screenful)
            if len(hub.clients) == 1:
                break
        assert len(hub.clients) == 1
        hub.feed(b"still here")
        await receive_exactly(reader, b"still here")


async def test_a_hundred_silent_connections_harm_nobody(hub: ConsoleHub, address: tuple[str, int]):
    async with connected(address) as client:
        silent = [socket.create_connection(address) for _ in range(100)]
        try:
            hub.feed(b"x")
            await receive_exactly(client, b"x")
            await client.send_all(b"y")
            assert (await hub.read_input())[1] == b"y"
        finally:
            for one in silent:
                one.close()


async def test_too_many_clients_are_told(hub: ConsoleHub, address: tuple[str, int], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hub_module, "MAX_CLIENTS", 1)
    async with connected(address) as first, connected(address) as second:
        await receive_exactly(second, b"This console has too many clients.\r\n")
        assert await second.receive_some() == b""
        hub.feed(b"x")
        await receive_exactly(first, b"x")


async def test_input_waits_for_a_node_that_does_not_read(hub: ConsoleHub):
    pasted = b"0123456789abcdef" * 64 * 400  # more than the queue holds
    with hub.attach() as client:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(client.send_input, pasted)
            await trio.testing.wait_all_tasks_blocked()
            assert len(hub.clients) == 1
            typed = b""
            while len(typed) < len(pasted):
                typed += (await hub.read_input())[1]
    assert typed == pasted


async def test_ctrl_c_overtakes_what_waits(hub: ConsoleHub):
    with hub.attach() as client, hub.attach() as other:
        await client.send_input(b"first\r" * 10_000)
        await other.send_input(b"second\r\x03third\r\x03fourth\r")
        assert await hub.read_input() == (other, b"\x03fourth\r")
        assert hub.input.is_empty


async def test_a_long_frame_of_telnet_commands_lets_others_run(hub: ConsoleHub):
    ran = False

    async def other() -> None:
        nonlocal ran
        await trio.lowlevel.checkpoint()
        ran = True

    with hub.attach() as client:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(other)
            await client.send_input(b"\xff\xf1" * 20_000)
            assert ran


async def test_a_client_that_is_not_a_connection_moves_the_same_bytes(hub: ConsoleHub):
    """As the websocket does."""
    hub.feed(b"VPCS> ")
    with hub.attach() as client:
        assert await client.receive() == GREETING
        assert await client.receive() == b"VPCS> "
        await client.send_input(ARE_YOU_THERE + b"show\r\n")
        assert (await hub.read_input())[1] == b"show\r"
        assert await client.receive() == b"\r\n[yes]\r\n"
        hub.reset()
        await client.wait_closed()
        assert await client.receive() == b""
    assert len(hub.clients) == 0


async def test_the_interrupt_key_is_ctrl_c(hub: ConsoleHub):
    with hub.attach() as client:
        await client.send_input(b"\xff\xf4")
        assert (await hub.read_input())[1] == b"\x03"


async def test_a_client_that_comes_while_the_node_is_stopped_is_closed(hub: ConsoleHub):
    hub.close()
    with hub.attach() as client:
        await client.send_input(b"typed into nothing\r")
        assert await client.receive() == GREETING
        assert await client.receive() == b""


async def test_vanished_clients_are_probed(hub: ConsoleHub, address: tuple[str, int]):
    listener = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listener[0].socket.getsockname()[1]
    async with await trio.open_tcp_stream("127.0.0.1", port) as client, listener[0]:
        server = await listener[0].accept()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(hub.serve_telnet, server)
            await receive_exactly(client, GREETING)
            options = {
                (socket.SOL_SOCKET, socket.SO_KEEPALIVE): 1,
                (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE): 60,
                (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL): 10,
                (socket.IPPROTO_TCP, socket.TCP_KEEPCNT): 4,
            }
            assert {option: server.getsockopt(*option) for option in options} == options
            nursery.cancel_scope.cancel()
