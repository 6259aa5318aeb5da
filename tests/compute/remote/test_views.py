"""What a compute tells, as values: whatever is wrong is left out, and a part that is missing stays as it was."""

from typing import Any
from uuid import UUID

import orjson
import pytest

from gns3trio.compute.node_features import NodeUsage
from gns3trio.compute.remote.events import Message, NodeTold, Ping, read_event
from gns3trio.compute.remote.host_views import read_interfaces, read_ports, read_statistics
from gns3trio.compute.remote.node_view import read_node
from gns3trio.compute.remote.usage_view import read_usage, read_usages
from gns3trio.errors import Invalid
from gns3trio.limits import MAX_KEYS

ID = "00000000-0000-0000-0000-000000000007"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"action": "ping", "event": {"cpu_usage_percent": 7, "memory_usage_percent": "x"}}', Ping),
        (f'{{"action": "node.updated", "event": {{"node_id": "{ID}", "project_id": "{ID}"}}}}', NodeTold),
        (f'{{"action": "node.updated", "event": {{"node_id": "{ID}"}}, "project_id": "{ID}"}}', NodeTold),
        (f'{{"action": "node.updated", "event": {{"node_id": "{ID}"}}}}', type(None)),
        ('{"action": "log.error", "event": {"message": "x"}}', Message),
        ('{"action": "log.fatal", "event": {"message": "x"}}', type(None)),
        ('{"action": ["log.error"], "event": {"message": "x"}}', type(None)),
    ],
)
def test_events(text: str, kind: type[Any]) -> None:
    assert isinstance(read_event(text), kind)


@pytest.mark.parametrize(
    "text", ["", "7", "[]", '{"action": "ping"}', "{" * 100_000, '{"action": "ping", "event": []}']
)
def test_what_is_no_event(text: str) -> None:
    with pytest.raises(Invalid):
        read_event(text)


def test_a_node_keeps_what_an_event_does_not_tell() -> None:
    first = read_node({"status": "started", "console": 5000, "console_type": "telnet", "ram": 64, "hda": "x"}, "qemu")
    assert first is not None
    later = read_node({"status": "suspended", "ram": 128, "name": "other", "project_id": "?"}, "qemu", first)
    assert later is not None
    assert (later.status, later.console, later.console_type) == ("suspended", 5000, "telnet")
    assert later.properties == {"ram": 128, "hda": "x"}
    gone = read_node({"console": None}, "qemu", later)
    assert gone is not None and gone.console is None and gone.status == "suspended"
    for wrong in ({"status": 7}, {"status": "flying"}, {"console": True}, {"console": "5000"}, {"console_type": []}):
        read = read_node(wrong, "qemu", later)
        assert read is not None and read.status == "suspended" and read.console in (5000, None)
    assert read_node([], "qemu") is None and read_node(None, "qemu") is None


@pytest.mark.parametrize(
    "more",
    [
        [{f"name{each}_{key}": 1 for key in range(100)} for each in range(100)],  # keys
        [{f"name{each}": "x" * 100_000} for each in range(100)],  # bytes
        [{f"name{each}": [1] * 4000} for each in range(100)],  # values
    ],
)
def test_properties_do_not_pile_up(more: list[dict[str, Any]]) -> None:
    """Each event may tell others, as long as the node exists."""
    node = read_node({"ram": 64}, "qemu")
    for event in more:
        node = read_node(event, "qemu", node)
    assert node is not None and node.properties["ram"] == 64 and set(more[0]) <= set(node.properties)
    assert len(node.properties) <= MAX_KEYS and len(orjson.dumps(node.properties)) <= 768 * 1024
    assert sum(len(each) for each in node.properties.values() if isinstance(each, list)) <= 48 * 1024
    changed = read_node({"ram": 128}, "qemu", node)
    assert changed is not None and changed.properties["ram"] == 128


def test_a_host_that_tells_nonsense() -> None:
    assert read_ports(7).console_ports == []
    ports = read_ports({"console_ports": [5000, "x", -1, 70000, True], "udp_port_range": [9, 1, 4]})
    assert (ports.console_ports, ports.udp_port_range) == ([5000], (1, 65535))
    assert [each.name for each in read_interfaces([{"name": "eth0\n"}, 7, {"name": []}])] == ["eth0\ufffd", ""]
    assert read_interfaces({"a": 1}) == []
    statistics = read_statistics({"memory_total": 2**80, "memory_free": "x", "cpu_usage_percent": 400})
    assert (statistics.memory_total, statistics.memory_free, statistics.cpu_usage_percent) == (2**53, 0, 100)


def test_usage() -> None:
    told = {"processes": 1, "cpu_seconds": 1, "cpu_percent": 2.5, "memory_bytes": 3, "disk_bytes": 4}
    usage = NodeUsage(processes=1, cpu_seconds=1.0, cpu_percent=2.5, memory_bytes=3, disk_bytes=4)
    assert read_usage(told) == usage
    assert read_usages([7, {"node_id": ID, **told}, {"node_id": "x", **told}]) == {UUID(ID): usage}


@pytest.mark.parametrize("wrong", [None, 7, [], {}, "x"])
def test_usage_that_is_none(wrong: Any) -> None:
    assert read_usage(wrong) == NodeUsage()
    assert read_usages(wrong) == {}


@pytest.mark.parametrize("wrong", [-1, 1e300, float("nan"), float("inf"), 10**400, True, "7", [7], {}])
def test_numbers_that_nobody_can_take(wrong: Any) -> None:
    names = ("cpu_seconds", "cpu_percent", "memory_bytes", "configured_memory_bytes", "disk_bytes")
    assert read_usage(dict.fromkeys(names, wrong)) == NodeUsage()
