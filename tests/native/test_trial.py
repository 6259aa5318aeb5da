"""The traffic generator from Python, between real sockets."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import trio

from gns3trio.compute.local.leases import bind_udp
from gns3trio.forwarder.trial import run_trial
from gns3trio.traffic.trials import TrialSpec

LOOPBACK = "127.0.0.1"


@pytest.fixture
def sockets() -> Iterator[tuple[socket.socket, socket.socket]]:
    with ExitStack() as stack:
        tx, rx = (stack.enter_context(bind_udp(LOOPBACK, 0)) for _ in range(2))
        tx.connect(rx.getsockname())
        yield tx, rx


async def test_all_frames_of_a_paced_trial_arrive(sockets: tuple[socket.socket, socket.socket]) -> None:
    result = await run_trial(
        *sockets, TrialSpec(frame_bytes=100, frames_per_second=5000, seconds=10, frames=500), trial_id=1
    )
    assert (result.sent, result.received, result.lost, result.reordered) == (500, 500, 0, 0)
    assert 0 < result.latency_min <= result.percentile(50) * 1.02
    assert result.percentile(50) <= result.percentile(99) <= result.latency_max
    assert sum(result.histogram) == 500


async def test_a_trial_can_be_cancelled(sockets: tuple[socket.socket, socket.socket]) -> None:
    with trio.fail_after(30), trio.move_on_after(0.05) as scope:
        await run_trial(*sockets, TrialSpec(frame_bytes=100, frames_per_second=10, seconds=600), trial_id=1)
    assert scope.cancelled_caught


async def test_a_wrong_size_is_an_error(sockets: tuple[socket.socket, socket.socket]) -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        await run_trial(*sockets, TrialSpec(frame_bytes=10, frames_per_second=10, seconds=1), trial_id=1)
