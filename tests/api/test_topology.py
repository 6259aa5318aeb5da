"""A project from a document, and many things in one request: all or nothing."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
import trio
from trio_websocket import open_websocket_url

from gns3trio.controller.nodes.nodes import Nodes
from gns3trio.errors import Conflict
from gns3trio.server import RunningServer
from tests.support.server import Server
from tests.support.websockets import ws_events

YAML = {"Content-Type": "application/yaml"}

CAMPUS = """
nodes:
  PC1:
    node_type: vpcs
    x: -200
    properties:
      startup_script: |
        set pcname %h
        ip 10.0.0.1/24
  PC2: {node_type: vpcs, x: 200, properties: {startup_script: "ip 10.0.0.2/24\\n"}}
  SW1:
    node_type: ethernet_switch
    y: 50
links:
  - {ends: [PC1, "SW1:0"], filters: {delay: [20, 2]}}
  - ends: ["SW1:1", PC2]
    suspend: true
    impairments: [{type: loss, direction: a_to_b, percent: 3.5}]
    seed: 7
drawings:
  - {svg: "<svg><rect width='9' height='9'/></svg>", x: -5, z: 0}
"""


class Labs:
    """A project and what is asked of it here."""

    def __init__(self, server: Server, project: dict[str, Any]) -> None:
        self.server = server
        self.project = project
        self.path = f"/v2/projects/{project['project_id']}"

    async def put(self, document: Any, status: int = 200, query: str = "") -> Any:
        reply = await self.server.http.put(
            f"{self.path}/topology{query}",
            content=document if isinstance(document, str) else orjson.dumps(document),
            headers=YAML if isinstance(document, str) else {},
        )
        assert reply.status_code == status, reply.text
        return reply.json()["changes"] if status == 200 else reply.json()["message"]

    async def get(self, kind: str) -> Any:
        return await self.server.request("GET", f"{self.path}/{kind}", None, 200)

    async def state(self) -> Any:
        """All that a failed request must not change."""
        nodes = sorted(await self.get("nodes"), key=lambda node: str(node["node_id"]))
        for node in nodes:  # a stopped console keeps its port; scripts are files
            node["script"] = await self.script(node)
        links = sorted(await self.get("links"), key=lambda link: str(link["nodes"]))
        impairments = [await self.get(f"links/{link['link_id']}/impairments") for link in links]
        return nodes, [{**link, "link_id": None} for link in links], impairments, await self.get("drawings")

    async def script(self, node: dict[str, Any]) -> str | None:
        path = Path(node["node_directory"] or "/nonexistent") / "startup.vpc"
        return path.read_text() if path.exists() else None


@pytest.fixture
def lab(server: Server, project: dict[str, Any]) -> Labs:
    return Labs(server, project)


def names(changes: list[dict[str, Any]]) -> list[str]:
    return [f"{change['action']} {change['kind']} {change['name']}" for change in changes]


async def test_a_document_becomes_a_lab_that_works(lab: Labs, server: Server, project: dict[str, Any]) -> None:
    changes = await lab.put(CAMPUS)
    assert names(changes) == [
        *("create node PC1", "create node PC2", "create node SW1"),
        *("create link PC1 - SW1:0", "create link SW1:1 - PC2", "create drawing drawings[0]"),
    ]
    nodes = {node["name"]: node for node in await lab.get("nodes")}
    assert (nodes["PC1"]["x"], nodes["SW1"]["y"], nodes["PC2"]["label"]["text"]) == (-200, 50, "PC2")
    assert await lab.script(nodes["PC1"]) == "set pcname PC1\nip 10.0.0.1/24\n"
    first, second = sorted(await lab.get("links"), key=lambda link: bool(link["suspend"]))
    assert (first["filters"], second["suspend"]) == ({"delay": [20, 2]}, True)
    assert await lab.get(f"links/{second['link_id']}/impairments") == {
        "impairments": [{"type": "loss", "direction": "a_to_b", "percent": 3.5}],
        "seed": 7,
    }
    assert await lab.put(CAMPUS) == []
    await lab.put(CAMPUS.replace("suspend: true", "suspend: false").replace("percent: 3.5", "percent: 0"))
    await server.request("POST", f"{lab.path}/nodes/start", None, 204)
    console = f"{lab.path}/nodes/{nodes['PC1']['node_id']}/console/ws"
    async with open_websocket_url(server.url.replace("http:", "ws:") + console) as connection:
        await connection.send_message(b"ping 10.0.0.2 -c 1\r")
        shown = b""
        with trio.fail_after(30):
            while b"icmp_seq=1 ttl=64" not in shown:
                shown += await connection.get_message()


async def test_an_export_applied_again_changes_nothing(lab: Labs, server: Server) -> None:
    await lab.put(CAMPUS)
    document = await lab.get("topology")
    assert set(document["nodes"]) == {"PC1", "PC2", "SW1"}
    assert await lab.put(document) == []
    reply = await server.http.get(f"{lab.path}/topology", headers={"Accept": "application/yaml"})
    assert reply.headers["content-type"] == "application/yaml"
    assert await lab.put(reply.text) == []
    twin = Labs(server, await server.request("POST", "/v2/projects", {"name": "twin"}, 201))
    assert len(await twin.put(reply.text)) == 6
    exported = await twin.get("topology")
    for each in (document, exported):
        each["links"].sort(key=str)
    assert exported == document
    reopened = await server.request("POST", f"{lab.path}/close", None, 204)
    reopened = await server.request("POST", f"{lab.path}/open", None, 201)
    assert reopened["status"] == "opened" and await lab.put(document) == []


async def test_console_ports_are_in_the_order_of_the_document(lab: Labs) -> None:
    wanted = [f"PC{number}" for number in range(9, 0, -1)]
    await lab.put({"nodes": {name: {"node_type": "vpcs"} for name in wanted}})
    nodes = sorted(await lab.get("nodes"), key=lambda node: int(node["console"]))
    assert [node["name"] for node in nodes] == wanted


PORTS_IN_FULL = """
nodes:
  SW1:
    node_type: ethernet_switch
    properties:
      ports_mapping:
        - {port_number: 0, name: uplink, type: dot1q, vlan: 1, ethertype: ""}
        - {port_number: 1, name: e1, type: qinq, vlan: 20, ethertype: "0x88A8"}
  HUB: {node_type: ethernet_hub, properties: {ports_mapping: [{name: first, port_number: 0}]}}
  NET:
    node_type: cloud
    properties:
      ports_mapping: [{name: out, port_number: 7, type: udp, lport: 4000, rhost: 127.0.0.1, rport: 4001}]
"""


async def test_ports_that_a_node_names_and_numbers_itself_are_no_change(lab: Labs) -> None:
    await lab.put(PORTS_IN_FULL)
    assert await lab.put(PORTS_IN_FULL) == []
    changed = PORTS_IN_FULL.replace("vlan: 20", "vlan: 30").replace("lport: 4000", "lport: 4002")
    assert names(await lab.put(changed)) == ["update node SW1", "update node NET"]
    assert await lab.put(changed) == []  # the switch has given its ports other names, as in GNS3
    wrong = changed.replace("vlan: 30", "vlan: 5000")
    assert "nodes[SW1].properties.ports_mapping[1]" in await lab.put(wrong, 400, "?dry_run=true")


async def test_a_changed_document_changes_what_it_says(lab: Labs) -> None:
    await lab.put(CAMPUS)
    before = {node["name"]: node["node_id"] for node in await lab.get("nodes")}
    changed = {
        "nodes": {
            "PC1": {"node_type": "vpcs", "x": -300, "properties": {"startup_script": "ip 10.0.0.9/24\n"}},
            "SW1": {"node_type": "ethernet_switch", "console_type": "telnet"},
            "PC3": {"node_type": "vpcs"},
        },
        "links": [
            {"ends": ["SW1:0", "PC1"], "filters": {}, "suspend": True},
            {"ends": ["PC3", "SW1:1"]},
        ],
        "drawings": [],
    }
    dry = await lab.put(changed, query="?dry_run=true")
    assert {node["name"] for node in await lab.get("nodes")} == {"PC1", "PC2", "SW1"}
    changes = await lab.put(changed)
    assert changes == dry
    assert names(changes)[:-1] == [
        *("update node PC1", "update node SW1", "create node PC3", "delete node PC2"),
        *("delete link SW1:1 - PC2:0", "update link SW1:0 - PC1:0", "create link PC3 - SW1:1"),
    ]
    assert changes[0]["fields"]["x"] == {"from": -200, "to": -300}
    scripts = changes[0]["fields"]["properties"]  # not the properties that stay
    assert scripts["from"].keys() == scripts["to"].keys() == {"startup_script"}
    assert changes[5]["fields"] == {
        "filters": {"from": {"delay": [20, 2]}, "to": {}},
        "suspend": {"from": False, "to": True},
    }
    nodes = {node["name"]: node for node in await lab.get("nodes")}
    assert nodes.keys() == {"PC1", "PC3", "SW1"} and nodes["PC1"]["node_id"] == before["PC1"]
    assert await lab.script(nodes["PC1"]) == "ip 10.0.0.9/24\n"
    assert (nodes["SW1"]["console_type"], nodes["SW1"]["y"]) == ("telnet", 50)
    assert await lab.get("drawings") == []
    assert await lab.put(changed) == []


async def test_what_is_not_mentioned_stays(lab: Labs) -> None:
    await lab.put(CAMPUS)
    nodes, links, impairments, drawings = await lab.state()
    kinds = {node["name"]: {"node_type": node["node_type"]} for node in nodes}
    assert await lab.put({"nodes": kinds}) == []
    ends = [{"ends": ["SW1:1", "PC2"]}, {"ends": ["PC1:0", "SW1"]}]
    assert await lab.put({"nodes": kinds, "links": ends}) == []
    assert await lab.state() == (nodes, links, impairments, drawings)


BAD = [
    ({}, "nodes: required field is missing"),
    ([], "body: expected an object, got a list"),
    ({"nodes": {"A": {}}}, "nodes[A].node_type: required field is missing"),
    ({"nodes": {"A": {"node_type": "virtualbox"}}}, "nodes[A].node_type: 'virtualbox' is not one of"),
    ({"nodes": {"A": {"node_type": "vpcs", "x": "1"}}}, "nodes[A].x: expected an integer, got text"),
    ({"nodes": {"A": {"node_type": "vpcs", "name": "B"}}}, "nodes[A].name: unknown field"),
    ({"nodes": {"A\x1b": {"node_type": "vpcs"}}}, "nodes: key 'A\\x1b': 'A\\x1b' has the character U+001B"),
    ({"nodes": {"": {"node_type": "vpcs"}}}, "nodes: key '': is empty"),
    ({"nodes": {}, "links": [{"ends": ["A"]}]}, "links[0].ends: a link has two ends, got 1"),
    ({"nodes": {}, "links": [{"ends": ["A", "B"]}]}, "links[0].ends[0]: there is no node 'A' in nodes"),
    ({"nodes": {}, "links": [{}]}, "links[0].ends: required field is missing"),
]
PAIR = {"A": {"node_type": "vpcs"}, "B": {"node_type": "vpcs"}, "C": {"node_type": "ethernet_switch"}}
BAD_LINKS = [
    ([{"ends": ["A", "A:1"]}], "links[0].ends: a node cannot be linked to itself"),
    ([{"ends": ["A:0", "B"]}, {"ends": ["C:2", "A:0"]}], "links[1].ends[1]: links[0] is at port A:0 already"),
    ([{"ends": ["A", "B"], "filters": {"delay": [-1]}}], "links[0].filters.delay"),
    ([{"ends": ["A", "B"], "impairments": [{"type": "loss"}]}], "links[0].impairments[0].percent: required for loss"),
    ([{"ends": ["A", "B"], "impairments": [{"type": "rain"}]}], "links[0].impairments[0].type: 'rain' is not one of"),
    ([{"ends": ["A", ""]}], "links[0].ends[1]: '' is not NODE"),
]


@pytest.mark.parametrize(
    ("document", "reason"), BAD + [({"nodes": PAIR, "links": links}, reason) for links, reason in BAD_LINKS]
)
async def test_a_bad_document_changes_nothing(lab: Labs, document: Any, reason: str) -> None:
    assert reason in await lab.put(document, 400)
    assert await lab.get("nodes") == []


@pytest.mark.parametrize(
    ("query", "content", "headers", "reason"),
    [
        ("?dry_run=maybe", "nodes: {}", YAML, "dry_run: is true or false"),
        ("?force=true", "nodes: {}", YAML, "force: unknown parameter; there is dry_run"),
        ("", "nodes: {}", {}, "body: is not JSON"),
        ("", "nodes: {a: 1, a: 2}", YAML, "body: line 1: the key 'a' is there already"),
        ("", "", YAML, "body: the document is empty"),
    ],
)
async def test_bad_requests(lab: Labs, query: str, content: str, headers: dict[str, str], reason: str) -> None:
    reply = await lab.server.http.put(f"{lab.path}/topology{query}", content=content, headers=headers)
    assert reply.status_code == 400
    assert reason in reply.json()["message"]


def bad_node() -> dict[str, Any]:
    return {"node_type": "vpcs", "properties": {"colour": "red"}}


# What only shows when it is done, after much else has been done: a port that is not there, properties, a locked node.
IMPOSSIBLE: list[tuple[Any, int, str]] = [
    (lambda doc: doc["links"].append({"ends": ["PC3", "SW1:99"]}), 404, "port 0/99 doesn't exist on node 'SW1'"),
    (lambda doc: doc["nodes"]["PC3"].update(properties={"colour": "red"}), 400, "nodes[PC3].properties.colour"),
    (lambda doc: doc["nodes"]["SW1"].update(properties={"ports_mapping": [{"name": 1}]}), 400, "ports_mapping[0]"),
    (lambda doc: doc["nodes"].update({n: bad_node() for n in "abcdef"}), 400, "].properties.colour: unknown field"),
    (lambda doc: doc["nodes"]["PC1"].update(node_type="ethernet_hub"), 409, "nodes[PC1].node_type: it is of type vpcs"),
]


@pytest.mark.parametrize(("spoil", "status", "reason"), IMPOSSIBLE)
async def test_a_failure_half_way_leaves_everything_as_it_was(
    lab: Labs, spoil: Any, status: int, reason: str, running: RunningServer
) -> None:
    await lab.put(CAMPUS)
    before = await lab.state()
    document = {
        "nodes": {
            "PC1": {"node_type": "vpcs", "x": 1, "properties": {"startup_script": "echo new\n"}},
            "SW1": {"node_type": "ethernet_switch", "y": 1},
            "PC3": {"node_type": "vpcs"},
        },
        "links": [{"ends": ["PC1", "SW1:5"]}],
        "drawings": [{"svg": "<svg/>"}],
    }
    spoil(document)
    assert reason in await lab.put(document, status)
    assert await lab.state() == before
    assert await lab.put(CAMPUS) == []


async def test_a_full_disk_leaves_everything_as_it_was(lab: Labs, monkeypatch: pytest.MonkeyPatch) -> None:
    await lab.put(CAMPUS)
    before = await lab.state()
    delete_all = Nodes.delete_all

    async def refuse(self: Nodes, nodes: Any) -> None:
        if any(node.name == "PC2" for node in nodes):
            raise OSError(28, "No space left on device")
        await delete_all(self, nodes)

    monkeypatch.setattr(Nodes, "delete_all", refuse)
    document = {"nodes": {"PC1": {"node_type": "vpcs", "x": 7}, "PC9": {"node_type": "vpcs"}}, "links": []}
    reply = await lab.server.http.put(f"{lab.path}/topology", content=orjson.dumps(document))
    assert reply.status_code == 500
    assert await lab.state() == before


async def test_a_locked_node_is_not_deleted(lab: Labs) -> None:
    await lab.put(CAMPUS)
    nodes = {node["name"]: node for node in await lab.get("nodes")}
    await lab.server.request("PUT", f"{lab.path}/nodes/{nodes['PC2']['node_id']}", {"locked": True}, 200)
    assert await lab.put({"nodes": {}}, 409) == "Node 'PC2' is locked"
    assert len(await lab.get("nodes")) == 3


async def test_a_closed_project_is_left_alone(lab: Labs) -> None:
    await lab.server.request("POST", f"{lab.path}/close", None, 204)
    assert "is not open" in await lab.put(CAMPUS, 403)
    await lab.server.request("GET", f"{lab.path}/topology", None, 403)


async def test_requests_at_once_end_in_one_of_the_two(lab: Labs) -> None:
    other = {"nodes": {"PC1": {"node_type": "vpcs"}, "PC7": {"node_type": "vpcs"}}, "links": [{"ends": ["PC1", "PC7"]}]}
    async with trio.open_nursery() as nursery:
        for document in (CAMPUS, other) * 3:
            nursery.start_soon(lab.put, document)
    assert [] in (await lab.put(CAMPUS, query="?dry_run=true"), await lab.put(other, query="?dry_run=true"))


# --- batch ---


def batch(count: int) -> dict[str, Any]:
    """``count`` VPCS at a switch with as many ports."""
    ports = [{"name": f"e{n}", "port_number": n, "type": "access", "vlan": 1} for n in range(count)]
    switch = {"name": "SW", "node_type": "ethernet_switch", "compute_id": "local", "node_id": str(uuid4())}
    pcs = [
        {"name": "PC{0}", "node_type": "vpcs", "compute_id": "local", "node_id": str(uuid4()), "x": 10 * n}
        for n in range(count)
    ]
    links = [
        {
            "nodes": [
                {"node_id": pc["node_id"], "adapter_number": 0, "port_number": 0},
                {"node_id": switch["node_id"], "adapter_number": 0, "port_number": n},
            ]
        }
        for n, pc in enumerate(pcs)
    ]
    return {"nodes": [{**switch, "properties": {"ports_mapping": ports}}, *pcs], "links": links}


async def test_a_batch_is_made_in_its_order(lab: Labs) -> None:
    wanted = {**batch(40), "drawings": [{"svg": "<svg/>", "x": 3}]}
    async with ws_events(lab.server, f"{lab.path}/notifications/ws") as stream:
        made = await lab.server.request("POST", f"{lab.path}/batch", wanted, 201)
        assert (await stream.until("drawing.created"))["x"] == 3
    assert [node["name"] for node in made["nodes"]] == ["SW", *(f"PC{n}" for n in range(1, 41))]
    assert [node["node_id"] for node in made["nodes"]] == [node["node_id"] for node in wanted["nodes"]]
    listed = {node["node_id"]: node for node in await lab.get("nodes")}
    assert listed == {node["node_id"]: node for node in made["nodes"]}
    consoles = [node["console"] for node in made["nodes"]]
    assert consoles == sorted(consoles)
    assert len(made["links"]) == len(await lab.get("links")) == 40
    assert made["links"][7]["nodes"][0]["node_id"] == wanted["nodes"][8]["node_id"]


async def test_a_batch_may_link_to_what_is_there(lab: Labs) -> None:
    made = await lab.server.request("POST", f"{lab.path}/batch", batch(1), 201)
    switch = made["nodes"][0]["node_id"]
    await lab.server.request("DELETE", f"{lab.path}/links/{made['links'][0]['link_id']}", None, 204)
    ends = [{"node_id": node["node_id"], "adapter_number": 0, "port_number": 0} for node in made["nodes"]]
    again = await lab.server.request("POST", f"{lab.path}/batch", {"links": [{"nodes": ends}]}, 201)
    assert again["nodes"] == [] and again["links"][0]["nodes"][0]["node_id"] == switch


SPOILED: list[tuple[Any, int, str]] = [
    (lambda b: b["nodes"][3].pop("name"), 400, "nodes[3].name: required field is missing"),
    (lambda b: b["links"][2]["nodes"].pop(), 400, "links[2].nodes: a link has two ends, got 1"),
    (lambda b: b["links"][2].update(filters={"rain": [1]}), 400, "links[2].filters.rain: there is no such filter"),
    (lambda b: b["nodes"][3].update(node_id=b["nodes"][2]["node_id"]), 409, "nodes[3].node_id: "),
    (lambda b: b["nodes"][3].update(properties={"colour": "red"}), 400, "nodes[3].properties.colour: unknown field"),
    (lambda b: b["links"][2]["nodes"][1].update(port_number=99), 404, "port 0/99 doesn't exist"),
    (lambda b: b["links"][2]["nodes"][1].update(port_number=1), 409, "already"),
    (lambda b: b["links"][2]["nodes"][0].update(node_id=str(uuid4())), 404, "doesn't exist"),
    (lambda b: b["nodes"][3].update(node_type="virtualbox"), 409, "virtualbox"),
    (lambda b: b.update(routers=[]), 400, "routers: unknown field"),
]


@pytest.mark.parametrize(("spoil", "status", "reason"), SPOILED)
async def test_a_batch_with_a_mistake_leaves_nothing(
    lab: Labs, running: RunningServer, spoil: Any, status: int, reason: str
) -> None:
    wanted = batch(8)
    spoil(wanted)
    error = await lab.server.request("POST", f"{lab.path}/batch", wanted, status)
    assert reason in error["message"]
    assert await lab.get("nodes") == [] and await lab.get("links") == []
    assert not list(Path(lab.project["path"]).glob("project-files/vpcs/*"))
    assert len((await lab.server.request("POST", f"{lab.path}/batch", batch(8), 201))["nodes"]) == 9


async def test_an_id_that_is_in_use_is_not_taken_over(lab: Labs) -> None:
    wanted = batch(2)
    await lab.server.request("POST", f"{lab.path}/batch", wanted, 201)
    error = await lab.server.request("POST", f"{lab.path}/batch", wanted, 409)
    assert error["message"] == f"nodes[0].node_id: {wanted['nodes'][0]['node_id']} is in use"
    assert len(await lab.get("nodes")) == 3


async def test_a_batch_starts_its_nodes(server: Server, project: dict[str, Any]) -> None:
    path = f"/v2/projects/{project['project_id']}"
    nodes = [{"name": "PC1", "node_type": "vpcs", "compute_id": "local"} for _ in range(3)]
    made = await server.request("POST", f"{path}/batch", {"nodes": nodes, "start": True}, 201)
    assert [node["status"] for node in made["nodes"]] == ["started"] * 3
    made = await server.request("POST", f"{path}/batch", {"nodes": nodes[:1]}, 201)
    assert [node["status"] for node in made["nodes"]] == ["stopped"]
    reply = await server.request("POST", f"{path}/batch", {"nodes": nodes[:1], "start": "yes"}, 400)
    assert reply["message"].startswith("start: ")


async def test_a_batch_whose_nodes_do_not_start_leaves_nothing(
    server: Server, project: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object) -> None:
        raise Conflict("no start today")

    monkeypatch.setattr("gns3trio.controller.nodes.node.act", fail)
    path = f"/v2/projects/{project['project_id']}"
    nodes = [{"name": "PC1", "node_type": "vpcs", "compute_id": "local"} for _ in range(3)]
    reply = await server.request("POST", f"{path}/batch", {"nodes": nodes, "start": True}, 409)
    assert "no start today" in reply["message"]
    assert await server.request("GET", f"{path}/nodes", None, 200) == []


FREE_PORTS = """
nodes:
  PC1: {node_type: vpcs}
  PC2: {node_type: vpcs}
  SW1: {node_type: ethernet_switch}
  SW2: {node_type: ethernet_switch}
links:
  - ends: [PC1, SW1]
  - ends: ["SW1:0", PC2]
  - ends: [SW1, SW2]
    suspend: true
  - ends: [SW2, SW1]
  - ends: [SW1, "SW2:1"]
"""


async def test_an_end_without_a_port_takes_the_first_free_one(server: Server, project: dict[str, Any]) -> None:
    labs = Labs(server, project)
    changes = await labs.put(FREE_PORTS)
    named = [change["name"] for change in changes if change["kind"] == "link"]
    assert named == ["PC1 - SW1", "SW1:0 - PC2", "SW1 - SW2", "SW2 - SW1", "SW1 - SW2:1"]
    document = (await labs.server.http.get(f"{labs.path}/topology")).json()
    joined = [link["ends"] for link in document["links"]]
    assert joined == [
        ["PC1:0", "SW1:1"],
        ["SW1:0", "PC2:0"],
        ["SW1:2", "SW2:0"],
        ["SW1:4", "SW2:1"],
        ["SW2:2", "SW1:3"],
    ]
    assert await labs.put(FREE_PORTS) == []
    assert await labs.put(document) == []
    assert await labs.put(FREE_PORTS) == []


async def test_a_link_without_ports_is_one_that_is_there(server: Server, project: dict[str, Any]) -> None:
    labs = Labs(server, project)
    nodes = {"SW1": {"node_type": "ethernet_switch"}, "SW2": {"node_type": "ethernet_switch"}}
    await labs.put({"nodes": nodes, "links": [{"ends": ["SW1:5", "SW2:6"]}, {"ends": ["SW1:2", "SW2:3"]}]})
    either = [{"ends": ["SW2", "SW1"], "filters": {"delay": [5, 0]}}, {"ends": ["SW1:5", "SW2"]}]
    changes = await labs.put({"nodes": nodes, "links": either})
    assert [(change["action"], change["name"]) for change in changes] == [("update", "SW2:3 - SW1:2")]
    document = (await labs.server.http.get(f"{labs.path}/topology")).json()
    assert document["links"] == [
        {"ends": ["SW1:2", "SW2:3"], "filters": {"delay": [5, 0]}},
        {"ends": ["SW1:5", "SW2:6"]},
    ]
    changes = await labs.put({"nodes": nodes, "links": [{"ends": ["SW1", "SW2:6"]}]})
    assert [(change["action"], change["name"]) for change in changes] == [("delete", "SW1:2 - SW2:3")]


async def test_a_node_without_a_free_port_is_named_and_nothing_changes(server: Server, project: dict[str, Any]) -> None:
    labs = Labs(server, project)
    nodes = {"PC1": {"node_type": "vpcs"}, **{f"SW{each}": {"node_type": "ethernet_switch"} for each in (1, 2)}}
    links = [{"ends": ["PC1", "SW1"]}, {"ends": ["SW2", "PC1"]}]
    assert await labs.put({"nodes": nodes, "links": links}, 409) == "links[1].ends[1]: PC1 has no free port"
    assert await labs.server.request("GET", f"{labs.path}/nodes", None, 200) == []


@pytest.mark.parametrize("ends", [["B:0", "A:0"], ["B", "A"]])
async def test_directions_are_those_of_the_ends_in_the_document(lab: Labs, ends: list[str]) -> None:
    def document(ends: list[str], direction: str, percent: float) -> dict[str, Any]:
        loss = {"type": "loss", "direction": direction, "percent": percent}
        rate = {"type": "loss", "direction": "both", "percent": 1}
        nodes = {name: {"node_type": "vpcs"} for name in "AB"}
        return {"nodes": nodes, "links": [{"ends": ends, "impairments": [loss, rate]}]}

    await lab.put(document(["A", "B"], "a_to_b", 5))
    (link,) = await lab.get("links")
    assert await lab.put(document(ends, "b_to_a", 5)) == []  # the same, from the other end
    (change,) = await lab.put(document(ends, "a_to_b", 9))
    assert (change["name"], change["fields"]["impairments"]["from"][0]["direction"]) == ("B:0 - A:0", "b_to_a")
    shown = (await lab.get(f"links/{link['link_id']}/impairments"))["impairments"]
    assert [(each["direction"], each["percent"]) for each in shown] == [("b_to_a", 9), ("both", 1)]
    assert await lab.put(document(ends, "a_to_b", 9)) == []
    assert await lab.put(document(["A", "B"], "b_to_a", 9)) == []
