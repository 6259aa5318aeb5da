"""A lab of a thousand built-in PCs from one request: what it costs does not grow with what is there already."""

from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson

from gns3trio.compute.nodes.vpcs.pc_macs import mac_address
from gns3trio.notifications.topics import whole_project_topic
from gns3trio.server import RunningServer
from tests.support.server import Server

PCS, PER_SWITCH = 1000, 250
OWN_FIELDS = "project-files/gns3trio.json"


def make_batch() -> dict[str, Any]:
    """PCs on switches, in one request that also starts them. The PCs come first."""
    switches = [
        _node("SW", "ethernet_switch", properties={"ports_mapping": _ports()}) for _ in range(PCS // PER_SWITCH)
    ]
    pcs = [_node("PC1", "vpcs", engine="builtin") for _ in range(PCS)]
    ends = [((pc, 0), (switches[number // PER_SWITCH], number % PER_SWITCH)) for number, pc in enumerate(pcs)]
    links = [{"nodes": [_end(*end) for end in pair]} for pair in ends]
    return {"nodes": [*pcs, *switches], "links": links, "start": True}


def _node(name: str, node_type: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "node_type": node_type, "compute_id": "local", "node_id": str(uuid4()), **fields}


def _ports() -> list[dict[str, Any]]:
    return [{"name": f"e{n}", "port_number": n, "type": "access", "vlan": 1} for n in range(PER_SWITCH)]


def _end(node: dict[str, Any], port: int) -> dict[str, Any]:
    return {"node_id": node["node_id"], "adapter_number": 0, "port_number": port}


def identity(node: dict[str, Any]) -> tuple[Any, ...]:
    return node["node_id"], node["name"], node["console"]


async def test_a_thousand_pcs_are_created_started_saved_closed_and_opened(
    running: RunningServer, server: Server, project: dict[str, Any]
) -> None:
    path, batch = f"/v2/projects/{project['project_id']}", make_batch()
    nodes, links = len(batch["nodes"]), len(batch["links"])
    opened = running.controller.get_project(UUID(project["project_id"]))
    hub = running.events.v2
    begin = hub.journal.last
    made = await server.request("POST", f"{path}/batch", batch, 201)
    assert [node["node_id"] for node in made["nodes"]] == [node["node_id"] for node in batch["nodes"]]
    assert [node["name"] for node in made["nodes"][:PCS]] == [f"PC{number}" for number in range(1, PCS + 1)]
    assert {node["status"] for node in made["nodes"]} == {"started"} and len(made["links"]) == links
    # Each node and link is told of once, and each PC once more when it starts.
    wants = whole_project_topic(opened.project_id).wants
    told = Counter(event.action for _, event in hub.journal.after(begin) if wants(event))
    assert told["node.created"] == nodes and told["node.updated"] == PCS and told["link.created"] == links
    # It is saved before the reply, and every PC has a MAC address of its own.
    saved = orjson.loads(opened.file.path.read_bytes())["topology"]
    assert (len(saved["nodes"]), len(saved["links"])) == (nodes, links)
    kept = orjson.loads((Path(opened.folder) / OWN_FIELDS).read_bytes())["nodes"]
    macs = {mac_address(kept[node["node_id"]]["mac_id"]) for node in made["nodes"][:PCS]}
    assert len(macs) == PCS

    await server.request("POST", f"{path}/close", None, 204)
    await server.request("POST", f"{path}/open", None, 201)
    again = await server.request("GET", f"{path}/nodes", None, 200)
    assert sorted(map(identity, again)) == sorted(map(identity, made["nodes"]))
    assert Counter(node["status"] for node in again)["stopped"] == PCS
    assert len(await server.request("GET", f"{path}/links", None, 200)) == links
    kept = orjson.loads((Path(opened.folder) / OWN_FIELDS).read_bytes())["nodes"]
    assert {mac_address(kept[node["node_id"]]["mac_id"]) for node in made["nodes"][:PCS]} == macs
