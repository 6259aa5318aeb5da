"""Each version of the API makes its own events of what happens: once for all its subscribers, and only for them."""

import inspect
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from pathlib import Path
from types import UnionType
from typing import Any, get_args
from uuid import UUID, uuid4

import attrs
import orjson
import pytest
import trio
import trio.testing

from gns3trio.api.events import ApiEvents, open_events
from gns3trio.api.v1 import events as v1_events
from gns3trio.api.v2 import events as v2_events
from gns3trio.compute import hosted
from gns3trio.controller import changes
from gns3trio.controller.changes import LogMessage, NodeChanged, NodeStatusChanged
from gns3trio.controller.gns3_format.records import NodeRecord
from gns3trio.controller.nodes.node import Node
from gns3trio.notifications import hub as hub_module
from gns3trio.notifications.hub import NotificationHub
from gns3trio.notifications.topics import COMPUTE, EVERYTHING, project_topic, v1_project_topic


class Script:
    """A node that runs, as far as version 1 looks at it; its script may be slow to read."""

    status = "started"
    command_line = "vpcs"
    console = 5000
    directory = Path("/lab")

    def __init__(self) -> None:
        self.text: str | None = "set pcname A"
        self.reads = 0

    async def startup_script(self) -> str | None:
        self.reads += 1
        return self.text


def make_node(script: Script | None = None) -> Node:
    node = Node(NodeRecord(node_id=uuid4(), node_type="vpcs", name="A"), uuid4(), "127.0.0.1")
    node._instance = script  # type: ignore[assignment]
    return node


@pytest.fixture
async def events() -> AsyncIterator[ApiEvents]:
    async with open_events() as opened:
        yield opened


@attrs.define
class Counted:
    """Counts what is encoded."""

    changes: list[object] = attrs.field(factory=list)

    def of(self, encode: Callable[..., Any]) -> Callable[..., Any]:
        def counting(change: object) -> Any:
            self.changes.append(change)
            return encode(change)

        return counting


def decoded(lines: list[bytes]) -> list[tuple[str, Any]]:
    return [(event["action"], event["event"]) for event in map(orjson.loads, lines)]


async def test_many_subscribers_of_a_version_cost_one_encoding() -> None:
    counted = Counted()
    hub = NotificationHub(counted.of(v2_events.event_of))
    node = make_node()
    with ExitStack() as stack:
        topics = [EVERYTHING, project_topic(node.project_id), EVERYTHING]
        subscriptions = [stack.enter_context(hub.subscribe(topic)) for topic in topics]
        follower = stack.enter_context(hub.follow(EVERYTHING, 0))
        hub.tell(NodeChanged(node))
        lines = [(await each.receive())[0] for each in subscriptions]
        lines.append((await follower.receive())[0][1])
    assert counted.changes == [NodeChanged(node)]
    assert all(line is lines[0] for line in lines)


async def test_the_state_told_is_that_of_the_moment(events: ApiEvents) -> None:
    node = make_node()
    with events.v2.subscribe(EVERYTHING) as subscription:
        events.changes.publish(NodeChanged(node))
        node.update({"name": "B"})
        events.changes.publish(NodeChanged(node))
        assert [event["name"] for _, event in decoded(await subscription.receive())] == ["A", "B"]


async def test_without_a_stream_of_version_1_nothing_of_it_is_made(events: ApiEvents) -> None:
    script = Script()
    node = make_node(script)
    with events.v2.subscribe(EVERYTHING) as subscription:
        v1 = events.v1
        v1.tell(NodeStatusChanged(node))
        v1.tell(LogMessage("error", "x", node.project_id))
        await trio.testing.wait_all_tasks_blocked()
        assert (script.reads, v1.hub.journal.last) == (0, 0)
        with v1.hub.subscribe(v1_project_topic(node.project_id)) as old:
            v1.tell(NodeStatusChanged(node))
            ((action, event),) = decoded(await old.receive())
        assert subscription.oldest == hub_module.NEVER  # version 2 was told nothing
    assert (script.reads, action, event["startup_script"]) == (1, "vm.started", "set pcname A")
    assert event["startup_script_path"] == "startup.vpc"


async def test_many_streams_of_version_1_read_a_script_once(events: ApiEvents) -> None:
    script = Script()
    node = make_node(script)
    with ExitStack() as stack:
        topic = v1_project_topic(node.project_id)
        streams = [stack.enter_context(events.v1.hub.subscribe(topic)) for _ in range(5)]
        events.v1.tell(NodeStatusChanged(node))
        lines = [(await each.receive())[0] for each in streams]
    assert script.reads == 1 and all(line is lines[0] for line in lines)


async def test_version_1_tells_in_order_and_as_it_was_then(events: ApiEvents) -> None:
    script = Script()
    node = make_node(script)
    with events.v1.hub.subscribe(v1_project_topic(node.project_id)) as stream:
        events.v1.tell(NodeStatusChanged(node))
        script.status = "stopped"
        events.v1.tell(LogMessage("error", "it crashed", node.project_id))
        events.v1.tell(NodeStatusChanged(node))
        got: list[tuple[str, Any]] = []
        while len(got) < 3:
            got += decoded(await stream.receive())
    assert [action for action, _ in got] == ["vm.started", "log.error", "vm.stopped"]
    assert [got[0][1]["status"], got[2][1]["status"]] == ["started", "stopped"]


async def test_streams_of_version_1_end_when_too_much_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(v1_events, "MAX_QUEUED_EVENTS", 3)
    v1, project_id = v1_events.V1Events(), uuid4()
    with v1.hub.subscribe(v1_project_topic(project_id)) as stream:
        for number in range(4):  # nobody runs it
            v1.tell(LogMessage("info", str(number), project_id))
        ((action, event),) = decoded(await stream.receive())
        assert action == "log.error" and "events were lost" in event["message"]
        with pytest.raises(trio.EndOfChannel):
            await stream.receive()


async def test_what_a_controller_elsewhere_drives_is_told_to_it_alone(events: ApiEvents) -> None:
    failed = hosted.HostedProjectFailed(uuid4(), "no room")
    events.changes.publish(failed)
    assert events.compute.journal.last == 0
    with events.compute.subscribe(COMPUTE) as stream:
        events.changes.publish(failed)
        events.changes.publish(NodeChanged(make_node()))
        (line,) = await stream.receive()
    assert orjson.loads(line)["project_id"] == str(failed.project_id)
    assert events.v2.journal.last == 1


def defined(module: Any) -> set[type]:
    classes = inspect.getmembers(module, inspect.isclass)
    return {each for _, each in classes if each.__module__ == module.__name__ and not isinstance(each, UnionType)}


def test_every_change_is_told_by_version_2() -> None:
    assert all(issubclass(each, get_args(changes.Change)) for each in defined(changes))


async def test_a_node_is_encoded_anew_only_when_it_changed() -> None:
    from gns3trio.api.v2.views import node_view

    node = make_node()
    first = node_view(node)
    assert node_view(node) is first
    node.update({"x": 5})
    assert orjson.loads(orjson.dumps(node_view(node)))["x"] == 5
    assert UUID(orjson.loads(orjson.dumps(first))["node_id"]) == node.node_id
