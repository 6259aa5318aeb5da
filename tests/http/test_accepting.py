"""A process that has no descriptors left goes on, tells new clients, and recovers."""

import os
import resource
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import trio

from gns3trio.http import accepting
from gns3trio.http.accepting import NO_DESCRIPTORS
from tests.http.conftest import TLS, Start, read_all

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture
def limit() -> Iterator[None]:
    """The limit of open files is put back."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def allow_more(number: int) -> None:
    """So many descriptors more than there are may be opened from now on."""
    with ExitStack() as stack:
        probes = [os.open(os.devnull, os.O_RDONLY) for _ in range(number + 1)]
        for probe in probes:
            stack.callback(os.close, probe)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (probes[-1], hard))


async def ask(sock: trio.socket.SocketType, port: int) -> bytes:
    """What comes for a request of a client whose socket was there before."""
    await sock.connect(("127.0.0.1", port))
    stream = trio.SocketStream(sock)
    await stream.send_all(GET)
    return await read_all(stream)


@pytest.mark.parametrize("spare", [0, accepting.RESERVED_DESCRIPTORS - 2], ids=["none is left", "few are left"])
async def test_new_clients_are_refused_with_503(start: Start, limit: None, spare: int) -> None:
    server = await start()
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ExitStack() as stack:
        clients = [stack.enter_context(trio.socket.socket()) for _ in range(5)]
        allow_more(spare)
        with trio.fail_after(30):
            for client in clients:
                head, _, body = (await ask(client, server.port)).partition(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 503 ")
                assert NO_DESCRIPTORS.encode() in body
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    with trio.fail_after(30):
        assert await server.is_alive()


async def test_who_is_connected_is_still_served(start: Start, limit: None) -> None:
    server = await start()
    async with await server.connect() as client:
        await client.send_all(GET)
        assert b"hello" in await client.receive_some()
        allow_more(0)
        await client.send_all(GET)
        assert b"hello" in await client.receive_some()


async def test_a_client_of_tls_is_not_answered_in_plain_text(start: Start, limit: None) -> None:
    server = await start(certfile=TLS / "cert.pem", certkey=TLS / "key.pem")
    with trio.socket.socket() as client:
        allow_more(0)
        with trio.fail_after(30):
            assert await ask(client, server.port) == b""


async def test_it_waits_when_nothing_helps(start: Start, limit: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its reserve it accepts nobody, and does not try all the time."""
    tries = 0
    accept = accepting.Acceptor._accept

    async def count(acceptor: accepting.Acceptor, listener: trio.socket.SocketType) -> None:
        nonlocal tries
        tries += 1
        await accept(acceptor, listener)

    monkeypatch.setattr(accepting.Acceptor, "_keep_reserve", lambda self: None)
    monkeypatch.setattr(accepting.Acceptor, "_accept", count)
    server = await start()
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    with trio.socket.socket() as client:
        allow_more(0)
        await client.connect(("127.0.0.1", server.port))
        await trio.sleep(5 * accepting.PAUSE_SECONDS)
        assert 1 <= tries <= 20
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
        stream = trio.SocketStream(client)
        await stream.send_all(GET)
        with trio.fail_after(30):
            assert b"hello" in await stream.receive_some()
