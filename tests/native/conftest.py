"""Fixtures of the tests of the core."""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack

import pytest
import trio

from gns3trio.compute.local.leases import bind_udp
from gns3trio.forwarder.captures import (
    open_captures,
)
from gns3trio.forwarder.forwarder import open_forwarder
from tests.support.captured_patch import LOOPBACK, Bench


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
async def bench(stack: ExitStack) -> AsyncIterator[Bench]:
    async with open_forwarder() as forwarder, open_captures(forwarder) as service:
        nodes = [stack.enter_context(bind_udp(LOOPBACK, 0)) for _ in range(2)]
        held = [stack.enter_context(bind_udp(LOOPBACK, 0)) for _ in range(2)]
        entrance = held[0].getsockname()
        first, second = (forwarder.open_port(h, n.getsockname()) for h, n in zip(held, nodes, strict=True))
        forwarder.connect(first, second)
        sockets = [trio.socket.from_stdlib_socket(node) for node in nodes]
        yield Bench(forwarder, service, first, sockets[0], sockets[1], entrance)
