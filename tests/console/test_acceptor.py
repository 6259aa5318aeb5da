"""One task accepts the clients of all consoles."""

import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
import trio
import trio.testing

from gns3trio.console.acceptor import ConsoleAcceptor, open_console_acceptor

HOST = "127.0.0.1"
PATIENCE = 60


@pytest.fixture
def sockets() -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        yield [stack.enter_context(socket.create_server((HOST, 0))) for _ in range(100)]


def listen(acceptor: ConsoleAcceptor, each: socket.socket, says: bytes) -> None:
    async def serve(stream: trio.SocketStream) -> None:
        async with stream:
            await stream.send_all(says)
            await stream.receive_some(1)

    each.setblocking(False)
    acceptor.add([each], serve)


async def what_it_says(each: socket.socket) -> bytes:
    with trio.fail_after(PATIENCE):
        async with await trio.open_tcp_stream(*each.getsockname()) as client:
            return bytes(await client.receive_some(100))


def tasks() -> int:
    return trio.lowlevel.current_statistics().tasks_living


async def test_a_hundred_consoles_cost_one_task_and_each_client_one(sockets: list[socket.socket]) -> None:
    before = tasks()
    async with open_console_acceptor() as acceptor:
        for number, each in enumerate(sockets):
            listen(acceptor, each, b"console %d" % number)
        await trio.testing.wait_all_tasks_blocked()
        assert tasks() == before + 1
        for number, each in enumerate(sockets):
            assert await what_it_says(each) == b"console %d" % number
        async with await trio.open_tcp_stream(*sockets[7].getsockname()) as client:
            assert await client.receive_some() == b"console 7"
            assert tasks() == before + 2


async def test_one_with_many_clients_keeps_no_other_waiting(sockets: list[socket.socket]) -> None:
    async with open_console_acceptor() as acceptor:
        for each in sockets[:2]:
            listen(acceptor, each, b"x")
        with ExitStack() as stack:
            for _ in range(100):
                stack.enter_context(socket.create_connection(sockets[0].getsockname()))
            assert await what_it_says(sockets[1]) == b"x"


async def test_one_that_was_removed_accepts_no_more(sockets: list[socket.socket]) -> None:
    async with open_console_acceptor() as acceptor:
        for each in sockets[:2]:
            listen(acceptor, each, b"x")
        acceptor.remove(sockets[:1])
        with socket.create_connection(sockets[0].getsockname()) as waiting:  # accepted by the kernel only
            assert await what_it_says(sockets[1]) == b"x"
            waiting.setblocking(False)
            with pytest.raises(BlockingIOError):
                waiting.recv(1)
            listen(acceptor, sockets[0], b"again")
            waiting.settimeout(PATIENCE)
            assert await trio.to_thread.run_sync(waiting.recv, 100) == b"again"


async def test_sockets_that_cannot_be_added_leave_none(sockets: list[socket.socket]) -> None:
    async def serve(stream: trio.SocketStream) -> None:
        await stream.aclose()

    async with open_console_acceptor() as acceptor:
        listen(acceptor, sockets[1], b"x")
        with pytest.raises(FileExistsError):
            acceptor.add(sockets[:2], serve)
        listen(acceptor, sockets[0], b"y")  # it was taken back


@contextmanager
def descriptors_left(count: int) -> Iterator[None]:
    """A process that may have so many more descriptors."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket() as probe:
        lowest = probe.fileno()
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest + count, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.fixture
def many_descriptors(sockets: list[socket.socket]) -> Iterator[None]:
    with ExitStack() as stack:
        for _ in range(400):
            stack.enter_context(sockets[0].dup())
        yield


# An eighth of them is left for others.
@pytest.mark.usefixtures("many_descriptors")
@pytest.mark.parametrize("left", [0, 10, 50])
async def test_without_descriptors_clients_wait_or_are_refused_and_it_goes_on(
    sockets: list[socket.socket], left: int, caplog: pytest.LogCaptureFixture, autojump_clock: trio.testing.MockClock
) -> None:
    async with open_console_acceptor() as acceptor:
        listen(acceptor, sockets[0], b"x")
        with socket.socket() as client:
            client.setblocking(False)
            with descriptors_left(left):
                with pytest.raises(BlockingIOError):
                    client.connect(sockets[0].getsockname())
                while "clients of consoles are not accepted" not in caplog.text:
                    await trio.sleep(0.01)
                await trio.sleep(10)
                assert caplog.text.count("clients of consoles are not accepted") == 1
        assert await what_it_says(sockets[0]) == b"x"
