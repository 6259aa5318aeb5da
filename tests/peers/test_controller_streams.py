"""What a real GNS3 controller tells its clients when this server is its compute: nothing that its own never causes."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.e2e.conftest import PATIENCE, ServerProcess
from tests.peers.conftest import Controller

Json = dict[str, Any]
# What an event is: its action, and the keys of what it tells. GNS3's clients index them without looking.
Kind = tuple[str, frozenset[str]]


@contextmanager
def events_of(url: str) -> Iterator[list[Json]]:
    """The events of a notification stream, in the list as they come."""
    events: list[Json] = []
    connected = threading.Event()

    def read(reply: httpx.Response) -> None:
        try:
            for line in reply.iter_lines():
                event = json.loads(line)
                connected.set()
                if event["action"] != "ping":
                    events.append(event)
        except (httpx.TransportError, httpx.StreamError):
            pass  # it was closed

    with httpx.Client(timeout=PATIENCE) as http, http.stream("GET", url) as reply:
        reader = threading.Thread(target=read, args=(reply,), daemon=True)
        reader.start()
        assert connected.wait(PATIENCE)
        yield events


def wait_for(events: list[Json], action: str, **fields: Any) -> None:
    """Until an event came; what came up to then is not looked at again."""
    deadline = time.monotonic() + PATIENCE
    while not any(event["action"] == action and fields.items() <= event["event"].items() for event in list(events)):
        assert time.monotonic() < deadline, f"{action} {fields} did not come, but {events}"
        time.sleep(0.02)


def tell_a_life(gns3: Controller, compute_id: str) -> list[Json]:
    """Nodes come, live and go, with a snapshot between; what a client that watches the project is told of them."""
    project_id = gns3.request("POST", "/v2/projects", {"name": f"on {compute_id}"}, 201)["project_id"]
    path = f"/v2/projects/{project_id}"

    def create(name: str, node_type: str, **fields: Any) -> str:
        body = {"name": name, "node_type": node_type, "compute_id": compute_id, **fields}
        return f"{path}/nodes/{gns3.request('POST', f'{path}/nodes', body, 201)['node_id']}"

    with events_of(str(gns3.http.base_url.join(f"{path}/notifications"))) as events:
        pc, other, cloud = create("PC1", "vpcs"), create("PC2", "vpcs"), create("Cloud1", "cloud")
        ends = [{"node_id": node.rpartition("/")[2], "adapter_number": 0, "port_number": 0} for node in (pc, other)]
        link = f"{path}/links/{gns3.request('POST', f'{path}/links', {'nodes': ends}, 201)['link_id']}"
        gns3.request("PUT", pc, {"name": "R1", "x": 5}, 200)
        gns3.request("POST", f"{path}/nodes/start", {}, 204)
        wait_for(events, "node.updated", name="R1", status="started")
        gns3.request("PUT", link, {"filters": {"delay": [5, 0]}}, 201)
        gns3.request("POST", f"{link}/start_capture", {}, 201)
        gns3.request("POST", f"{pc}/reload", {}, 200)
        wait_for(events, "node.updated", name="R1", status="stopped")
        gns3.request("POST", f"{path}/nodes/stop", {}, 204)
        wait_for(events, "node.updated", name="PC2", status="stopped")
        gns3.request("POST", f"{other}/duplicate", {"x": 1, "y": 1}, 201)
        gns3.request("DELETE", link, None, 204)  # a restored link needs a network that both its computes are in
        snapshot = gns3.request("POST", f"{path}/snapshots", {"name": "s"}, 201)["snapshot_id"]
        gns3.request("POST", f"{path}/snapshots/{snapshot}/restore", {}, 201)
        wait_for(events, "snapshot.restored")
        gns3.request("DELETE", other, None, 204)
        gns3.request("DELETE", cloud, None, 204)
        wait_for(events, "node.deleted", name="Cloud1")
        gns3.request("POST", f"{path}/close", {}, 204)
        events = list(events)
    gns3.request("DELETE", path, None, 204)
    return events


def kinds(events: list[Json]) -> set[Kind]:
    return {(event["action"], frozenset(event["event"])) for event in events}


def creations(events: list[Json]) -> list[str]:
    return sorted(event["event"]["name"] for event in events if event["action"] == "node.created")


def test_clients_of_a_controller_are_told_nothing_strange(gns3_controller: Controller, ours: ServerProcess) -> None:
    reference, answer = tell_a_life(gns3_controller, "local"), tell_a_life(gns3_controller, "ours")
    strange = [f"{action}: {sorted(keys)}" for action, keys in kinds(answer) - kinds(reference)]
    assert not strange, "\n".join(strange)
    assert {action for action, _ in kinds(answer)} == {action for action, _ in kinds(reference)}
    assert creations(answer) == creations(reference)
