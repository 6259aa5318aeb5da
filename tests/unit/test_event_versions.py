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
from gns3trio.api.v2.views import node_view
from gns3trio.compute import hosted_project
from gns3trio.compute.actions import StartCounts
from gns3trio.compute.clients import OWN_USER, ComputeClient
from gns3trio.compute.node import NodeSpec
from gns3trio.controller import changes
from gns3trio.controller.changes import LogMessage, NodeChanged, NodeCreated, NodeStatusChanged
from gns3trio.controller.gns3_format.records import NodeRecord
from gns3trio.controller.nodes.node import Node
from gns3trio.notifications import hub as hub_module
from gns3trio.notifications.hub import NotificationHub
from gns3trio.notifications.topics import EVERYTHING, project_topic
from tests.support.memory_compute import MemoryCompute, MemoryNode


class RunningNode(MemoryNode):
    """A node that runs, and counts how often its script is read."""

    reads = 0

    async def startup_script(self) -> str | None:
        self.reads += 1
        return await super().startup_script()


def make_node() -> tuple[Node, RunningNode]:
    """A node of the controller, and what runs it."""
    node = Node(
        NodeRecord(node_id=uuid4(), node_type="vpcs", name="A"), uuid4(), lambda compute_id: "127.0.0.1", StartCounts()
    )
    spec = NodeSpec(
        node_type="vpcs",
        node_id=node.node_id,
        project_id=node.project_id,
        name=node.name,
        folder=Path("/lab"),
        console=5000,
        console_type="telnet",
        properties={},
        startup_script="set pcname A",
        emit=lambda event: None,
    )
    compute = MemoryCompute()
    instance = RunningNode(compute, spec)
    instance.status = "started"
    node.attach(instance, compute)
    return node, instance


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
    node, _ = make_node()
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
    node, _ = make_node()
    with events.v2.subscribe(EVERYTHING) as subscription:
        events.changes.publish(NodeChanged(node))
        node.update({"name": "B"})
        events.changes.publish(NodeChanged(node))
        assert [event["name"] for _, event in decoded(await subscription.receive())] == ["A", "B"]


async def test_without_a_stream_of_version_1_nothing_of_it_is_made(events: ApiEvents) -> None:
    node, instance = make_node()
    with events.v2.subscribe(EVERYTHING) as subscription:
        v1 = events.v1
        v1.tell(NodeStatusChanged(node))
        v1.tell(LogMessage("error", "x", node.project_id))
        await trio.testing.wait_all_tasks_blocked()
        assert (instance.reads, v1.hub.journal.last) == (0, 0)
        with v1.hub.subscribe(project_topic(node.project_id)) as old:
            v1.tell(NodeStatusChanged(node))
            ((action, event),) = decoded(await old.receive())
        assert subscription.oldest == hub_module.NEVER  # version 2 was told nothing
    assert (instance.reads, action, event["startup_script"]) == (1, "vm.started", "set pcname A")
    assert event["startup_script_path"] == "startup.vpc"


async def test_each_version_tells_in_its_own_words(events: ApiEvents) -> None:
    (node, _), (other, _) = make_node(), make_node()
    with (
        events.v2.subscribe(EVERYTHING) as everything,
        events.v2.subscribe(project_topic(node.project_id)) as project,
        events.v1.hub.subscribe(project_topic(node.project_id)) as old,
        events.compute.subscribe(EVERYTHING) as compute,
    ):
        for each in (node, other):
            events.changes.publish(NodeCreated(each))
            events.changes.publish(NodeStatusChanged(each))
            events.changes.publish(LogMessage("error", "x", each.project_id))
        told = ["node.created", "node.updated", "log.error"]
        assert [action for action, _ in decoded(await everything.receive())] == [*told, *told]
        assert [action for action, _ in decoded(await project.receive())] == told
        got: list[tuple[str, Any]] = []
        while len(got) < 2:
            got += decoded(await old.receive())
        assert [action for action, _ in got] == ["vm.started", "log.error"]
        assert compute.oldest == hub_module.NEVER


async def test_many_streams_of_version_1_read_a_script_once(events: ApiEvents) -> None:
    node, instance = make_node()
    with ExitStack() as stack:
        topic = project_topic(node.project_id)
        streams = [stack.enter_context(events.v1.hub.subscribe(topic)) for _ in range(5)]
        events.v1.tell(NodeStatusChanged(node))
        lines = [(await each.receive())[0] for each in streams]
    assert instance.reads == 1 and all(line is lines[0] for line in lines)


async def test_version_1_tells_in_order_and_as_it_was_then(events: ApiEvents) -> None:
    node, instance = make_node()
    with events.v1.hub.subscribe(project_topic(node.project_id)) as stream:
        events.v1.tell(NodeStatusChanged(node))
        instance.status = "stopped"
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
    with v1.hub.subscribe(project_topic(project_id)) as stream:
        for number in range(4):  # nobody runs it
            v1.tell(LogMessage("info", str(number), project_id))
        ((action, event),) = decoded(await stream.receive())
        assert action == "log.error" and "events were lost" in event["message"]
        with pytest.raises(trio.EndOfChannel):
            await stream.receive()


async def test_what_a_controller_elsewhere_drives_is_told_to_it_alone(events: ApiEvents) -> None:
    theirs = ComputeClient(OWN_USER, "192.0.2.1")
    project = hosted_project.HostedProject(uuid4(), uuid4(), theirs, "lab", Path())
    failed = hosted_project.HostedProjectFailed(project, "no room")
    events.changes.publish(failed)
    assert events.compute.journal.last == 0
    with events.compute.subscribe(EVERYTHING) as stream:
        events.changes.publish(failed)
        events.changes.publish(NodeChanged(make_node()[0]))
        (line,) = await stream.receive()
    assert orjson.loads(line)["project_id"] == str(project.project_id)
    assert events.v2.journal.last == 1


def defined(module: Any) -> set[type]:
    classes = inspect.getmembers(module, inspect.isclass)
    return {each for _, each in classes if each.__module__ == module.__name__ and not isinstance(each, UnionType)}


def test_every_change_is_told_by_version_2() -> None:
    assert all(issubclass(each, get_args(changes.Change)) for each in defined(changes))


async def test_a_node_is_encoded_anew_only_when_it_changed() -> None:
    node, _ = make_node()
    first = node_view(node)
    encoded = node.revision.shown
    assert orjson.dumps(node_view(node)) == orjson.dumps(first) and node.revision.shown is encoded
    node.update({"x": 5})
    assert orjson.loads(orjson.dumps(node_view(node)))["x"] == 5
    assert UUID(orjson.loads(orjson.dumps(first))["node_id"]) == node.node_id
