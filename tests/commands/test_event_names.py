"""Names for the ids in events."""

from typing import Any, cast

from gns3trio.client.client import Client
from gns3trio.commands.event_names import EventNames
from gns3trio.errors import NotFound

NODES = [{"node_id": f"n{number}", "name": f"PC{number}"} for number in (1, 2)]
ENDS = [{"node_id": f"n{number}", "adapter_number": 0, "port_number": 0} for number in (1, 2)]
REPLIES = {
    "/v2/projects/p": {"name": "lab"},
    "/v2/projects/p/nodes": NODES,
    "/v2/projects/p/links": [{"link_id": "l", "nodes": ENDS}],
}


class FakeServer:
    """A server that remembers what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def request(self, method: str, path: str, body: Any = None) -> Any:
        self.asked.append(path)
        if path not in REPLIES:
            raise NotFound(path)
        return REPLIES[path]


def event(action: str, **payload: Any) -> dict[str, Any]:
    return {"action": action, "event": {"project_id": "p", **payload}}


async def test_what_was_there_before_is_asked_for_once() -> None:
    server = FakeServer()
    names = EventNames(cast(Client, server))
    assert await names.of(event("link.stats", link_id="l", a_to_b={})) == "PC1:0-PC2:0"
    assert await names.of(event("node.traffic", node_id="n2")) == "PC2"
    assert await names.project_of(event("node.traffic", node_id="n2")) == "lab"
    assert await names.of(event("link.problem", link_id="gone", message="why")) == "gone"
    assert sorted(server.asked) == sorted(REPLIES)


async def test_what_comes_is_learned_from_events() -> None:
    server = FakeServer()
    names = EventNames(cast(Client, server))
    assert await names.of(event("node.created", node_id="n8", name="R8")) == "R8"
    assert await names.of(event("node.created", node_id="n9", name="R9")) == "R9"
    ends = [{**end, "node_id": node} for end, node in zip(ENDS, ("n8", "n9"), strict=True)]
    assert await names.of(event("link.created", link_id="new", nodes=ends)) == "R8:0-R9:0"
    assert await names.of(event("link.deleted", link_id="new", nodes=ends)) == "R8:0-R9:0"
    assert server.asked == []


async def test_events_without_a_name() -> None:
    names = EventNames(cast(Client, FakeServer()))
    assert await names.of({"action": "log.info", "event": {"message": "hello"}}) == "hello"
    assert await names.of({"action": "ping", "event": {"cpu_usage_percent": 1}}) == ""
    closed = {"action": "link.stats", "event": {"link_id": "x", "project_id": "closed"}}
    assert (await names.of(closed), await names.project_of(closed)) == ("x", "closed")
    assert await names.project_of(event("project.closed", name="lab")) is None
