"""Sessions at a compute that lies: captures that are none, measurements without sense, ends without a word."""

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
import trio

from gns3trio.compute.captures import CaptureSpec
from gns3trio.compute.other_hosts import ComputeAddress
from gns3trio.compute.remote.compute import RemoteCompute
from gns3trio.compute.remote.session import open_session
from gns3trio.compute.remote.streamed_capture import StreamedCapture
from gns3trio.compute.remote.trials import RemoteTrialEnd
from gns3trio.errors import Conflict, Invalid, LabError, NotFound, Unavailable
from gns3trio.forwarder.capture_format import pcap_header
from gns3trio.memory import Memory
from gns3trio.traffic.trials import BUCKETS, TrialSpec
from tests.pcap_reader import read_capture
from tests.support.fake_compute import FakeCompute, IgnoringWatcher, fake_compute, frame, notifications

PATIENCE = 60
SPEC = TrialSpec(frame_bytes=60, frames_per_second=10, seconds=1.0)
STARTED = frame(orjson.dumps({"started": True}))


def records(data: bytes) -> bytes:
    """A message of bytes."""
    return b"\x82" + frame(data)[1:]


@asynccontextmanager
async def connected(folder: Path, *messages: bytes) -> AsyncIterator[tuple[RemoteCompute, FakeCompute]]:
    """A compute whose session ``x/ws`` consists of these messages."""
    async with fake_compute() as fake, trio.open_nursery() as nursery:
        fake.answers["GET x/ws"] = notifications(*messages, forever=None)
        address = ComputeAddress(compute_id="far", name="far", protocol="http", host="127.0.0.1", port=fake.port)
        compute = RemoteCompute(address, IgnoringWatcher(), folder)
        nursery.start_soon(compute.run)
        with trio.fail_after(PATIENCE):
            await compute.wait_tried()
            yield compute, fake
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (b"{x}", Unavailable),
        (b"[1]", Unavailable),
        (b"[" * 1000, Unavailable),
        (orjson.dumps({"error": {"status": 404, "message": "no such port"}}), NotFound),
        (orjson.dumps({"error": {"status": 400, "message": "snaplen: \x1b[2J"}}), Invalid),
        (orjson.dumps({"error": {"status": 7, "message": "x" * 50_000}}), Conflict),
    ],
)
async def test_an_answer_of_any_kind_is_an_error_at_most(tmp_path: Path, message: bytes, error: type) -> None:
    async with connected(tmp_path, frame(message)) as (compute, _):
        with pytest.raises(error) as raised:
            async with open_session(compute.reach(), "x/ws") as session:
                await session.ask({})
        assert len(str(raised.value)) < 3000 and "\x1b" not in str(raised.value)


async def test_an_answer_that_never_comes_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though the compute is there. Whoever starts a capture is told, and nothing is left of it."""
    monkeypatch.setattr("gns3trio.compute.remote.session.ANSWER_SECONDS", 0.2)
    async with connected(tmp_path) as (compute, _):
        async with open_session(compute.reach(), "x/ws") as session:
            with pytest.raises(Unavailable, match=r"did not answer within 0.3 s"):
                await session.ask({}, 0.1)
        capture = StreamedCapture(CaptureSpec(path=tmp_path / "x.pcap"), pytest.fail, Memory().captures)
        with pytest.raises(Unavailable, match=r"did not answer within 0.2 s"):
            await capture.start(compute.begin, compute.reach(), "x/ws")
        assert not capture.running and not (tmp_path / "x.pcap").exists() and compute.trouble is None


async def test_a_session_ends_with_the_connection(tmp_path: Path) -> None:
    async with connected(tmp_path) as (compute, _):
        with pytest.raises(Unavailable, match="it went"):
            async with open_session(compute.reach(), "x/ws") as session, trio.open_nursery() as nursery:
                nursery.start_soon(session.receive)
                compute.reach().abort("it went")


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n" * 10, pcap_header(65535, 1) + b"\xff" * 100])
async def test_a_capture_that_is_none_ends_with_the_reason(tmp_path: Path, garbage: bytes) -> None:
    told: list[str] = []
    path = tmp_path / "x.pcap"
    async with connected(tmp_path, STARTED, records(garbage)) as (compute, _):
        capture = StreamedCapture(CaptureSpec(path=path), told.append, Memory().captures)
        await capture.start(compute.begin, compute.reach(), "x/ws")
        while not told:
            await trio.sleep(0.01)
        await capture.stop()
    assert not capture.running and capture.error == told[0] and str(path) in told[0]
    assert read_capture(path.read_bytes()).packets == []  # the file is whole


async def test_a_capture_that_is_refused_leaves_no_file(tmp_path: Path) -> None:
    message = frame(orjson.dumps({"error": {"status": 409, "message": "not connected"}}))
    path = tmp_path / "x.pcap"
    async with connected(tmp_path, message) as (compute, _):
        capture = StreamedCapture(CaptureSpec(path=path), pytest.fail, Memory().captures)
        with pytest.raises(Conflict, match="not connected"):
            await capture.start(compute.begin, compute.reach(), "x/ws")
        await capture.stop()
    assert not path.exists() and not capture.running


class Answers:
    """A session that answers everything with one object."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self._answer = answer

    async def ask(self, message: Any, work_seconds: float = 0.0) -> dict[str, Any]:
        return self._answer


async def ended(answer: dict[str, Any]) -> Any:
    end = RemoteTrialEnd(Answers(answer), "compute 'far'")
    async with end.receive(SPEC, 1, 0) as receiving:
        return await receiving.end(5, 1.0)


GOOD = {
    **dict.fromkeys(("duplicated", "foreign", "received", "reordered"), 3),
    **dict.fromkeys(("latency_max", "latency_mean", "latency_min", "receive_seconds"), 0.5),
    "histogram": [[7, 3], [BUCKETS, 1], [-1, 1], [1, "x"], 5],
}


async def test_the_result_of_a_trial_has_sense_or_is_an_error() -> None:
    result = await ended(GOOD)
    assert (result.received, result.latency_max) == (3, 0.5)
    assert len(result.histogram) == BUCKETS and sum(result.histogram) == result.histogram[7] == 3
    for wrong in (
        {"received": -1},
        {"received": "3"},
        {"foreign": None},
        {"latency_min": -1},
        {"latency_max": math.nan},
    ):
        with pytest.raises(Conflict, match=f"tells no {next(iter(wrong))}"):
            await ended({**GOOD, **wrong})
    end = RemoteTrialEnd(Answers({"clock": 5, "sent": 2**70}), "compute 'far'")
    for call in (end.read_clock, end.foreign_frames, end.held_frames, lambda: end.send(SPEC, 1)):
        with pytest.raises(LabError, match="tells no"):
            await call()
