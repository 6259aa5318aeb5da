"""Answers to actions and events about them come on connections of their own: the later one of the two may be older."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import attrs
import pytest
import trio
import trio.testing

from gns3trio.compute.node import NodeEvent, NodeStatus
from gns3trio.compute.remote import event_order
from gns3trio.compute.remote.node import RemoteNode
from tests.support.fake_compute import PING, FakeCompute, accept_websocket, event, fake_compute, reply, says
from tests.support.remote_compute import PATIENCE, PROJECT, connected, spec

NO_ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


def pong(head: bytes, masked: bytes) -> bytes:
    """The answer to a ping of a client (RFC 6455, 5.5.3), whose payload is masked."""
    key, data = masked[:4], masked[4:]
    return bytes([0x8A, head[1] & 0x7F]) + bytes(each ^ key[at % 4] for at, each in enumerate(data))


@attrs.define
class Delayed:
    """A node of a compute whose events come when the test says, and whatever the compute says in between."""

    fake: FakeCompute
    seen: list[NodeStatus] = attrs.field(factory=list)  # each status that the node had
    node: RemoteNode | None = None
    answers_pings: bool = True
    _streams: list[trio.SocketStream] = attrs.field(factory=list)
    _delayed: bytes = b""
    _moved: trio.Event = attrs.field(factory=trio.Event)

    @property
    def shown(self) -> RemoteNode:
        assert self.node is not None
        return self.node

    def note(self, told: NodeEvent) -> None:
        self.seen.append(self.shown.status)
        self._moved.set()
        self._moved = trio.Event()

    def tells(self, *statuses: str) -> bytes:
        node = {"project_id": str(PROJECT), "node_id": str(self.shown.node_id)}
        return b"".join(event("node.updated", status=status, **node) for status in statuses)

    def delay(self, *statuses: str) -> None:
        """The compute sends these events now; they arrive just before what it sends next on their stream."""
        self._delayed += self.tells(*statuses)

    async def tell(self, *statuses: str) -> None:
        """These arrive, after what is on its way."""
        delayed, self._delayed = self._delayed, b""
        await self._streams[-1].send_all(delayed + self.tells(*statuses))

    async def until(self, status: str) -> None:
        with trio.fail_after(PATIENCE):
            while self.shown.status != status:
                await self._moved.wait()

    async def serve(self, stream: trio.SocketStream, head: str) -> None:
        """The stream of events, which answers pings."""
        self._streams.append(stream)
        await stream.send_all(accept_websocket(head) + PING)
        data = b""
        while piece := await stream.receive_some():
            data += piece
            while len(data) >= 6 and len(data) >= (size := 6 + (data[1] & 0x7F)):
                frame, data = data[:size], data[size:]
                if frame[0] == 0x89 and self.answers_pings:
                    delayed, self._delayed = self._delayed, b""
                    await stream.send_all(delayed + pong(frame[:2], frame[2:]))

    async def cut(self) -> None:
        """End the stream."""
        await self._streams[-1].aclose()

    def answers(self, action: str, *events: str) -> None:
        """What the compute answers to an action; events that it sends before are delayed."""

        async def answer(stream: trio.SocketStream, head: str) -> None:
            self.delay(*events)
            await stream.send_all(NO_ANSWER)

        self.fake.answers[f"POST {self.shown.path}/{action}"] = answer


@asynccontextmanager
async def delayed(folder: Path) -> AsyncIterator[Delayed]:
    async with fake_compute() as fake:
        made = Delayed(fake)
        wanted = spec(made.note)
        fake.answers |= {
            "GET notifications/ws": made.serve,
            "POST projects": says(reply({"name": "x", "project_id": str(PROJECT)}, 201)),
            f"POST projects/{PROJECT}/vpcs/nodes": says(reply({"node_id": str(wanted.node_id)}, 201)),
        }
        async with connected(fake, folder) as (compute, _):
            made.node = await compute.create_node(wanted)
            yield made


async def test_events_of_a_reload_that_come_after_its_answer(tmp_path: Path) -> None:
    async with delayed(tmp_path) as far:
        far.answers("start", "started")
        far.answers("reload", "stopped", "started")
        await far.shown.start()
        await far.shown.reload()
        await far.tell("suspended")  # a later one
        await far.until("suspended")
        assert far.seen == ["started", "suspended"]


async def test_a_node_that_was_started_and_stopped_at_once_stays_stopped(tmp_path: Path) -> None:
    async with delayed(tmp_path) as far:
        for action, status in (
            ("start", "started"),
            ("stop", "stopped"),
            ("start", "started"),
            ("suspend", "suspended"),
        ):
            far.answers(action, status)
            await getattr(far.shown, action)()
            assert far.shown.status == status
        await far.tell("stopped")
        await far.until("stopped")
        assert far.seen == ["started", "stopped", "started", "suspended", "stopped"]


async def test_an_answer_that_comes_after_the_end_of_the_node(tmp_path: Path) -> None:
    """The node was started, and has ended, before the answer to its start arrived."""
    async with delayed(tmp_path) as far:

        async def answer(stream: trio.SocketStream, head: str) -> None:
            await far.tell("started", "stopped")
            while far.seen != ["started", "stopped"]:
                await trio.sleep(0.01)
            await stream.send_all(NO_ANSWER)

        far.fake.answers[f"POST {far.shown.path}/start"] = answer
        await far.shown.start()
        await far.until("stopped")


async def test_an_action_that_fails_keeps_no_event_back(tmp_path: Path) -> None:
    async with delayed(tmp_path) as far:
        far.fake.answers[f"POST {far.shown.path}/start"] = says(reply({"message": "no", "status": 409}, 409))
        with pytest.raises(Exception, match="no"):
            await far.shown.start()
        await far.tell("started")
        await far.until("started")


@pytest.mark.parametrize("how", ["no pong", "the stream ends"])
async def test_no_event_waits_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    monkeypatch.setattr(event_order, "PONG_SECONDS", 0.2 if how == "no pong" else 1e9)
    async with delayed(tmp_path) as far:
        far.answers_pings = False
        far.answers("start")
        await far.shown.start()
        await far.tell("started", "stopped")
        if how != "no pong":
            await trio.testing.wait_all_tasks_blocked(0.1)  # the events are read
            assert far.seen == ["started"]
            await far.cut()
        await far.until("stopped")
