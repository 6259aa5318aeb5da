"""Project files that another program or a hand made: the project opens, what cannot work here is kept as it came."""

import io
import zipfile
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from gns3trio.controller.project.files import folder_of_node
from gns3trio.errors import Conflict
from gns3trio.server import RunningServer
from tests.gns3_schema import require_gns3_reads
from tests.support.archives import import_
from tests.support.old_project_files import GENERATION_1
from tests.support.project_files import ProjectOnDisk, document, end, link, node
from tests.support.server import Server
from tests.support.websockets import ws_events

# --- nodes ---


@pytest.mark.parametrize("node_type", ["../../../../escape", "vpcs/../../x", "", "VPCS", "a" * 65])
async def test_a_node_type_names_no_folder_elsewhere(server: Server, running: RunningServer, node_type: str) -> None:
    content = document([node("PC1", node_type), node("PC2")])
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("project.gns3", orjson.dumps(content))
    copy = await import_(server, archive.getvalue())
    lab = ProjectOnDisk(server, content)
    _, told = await lab.open()
    assert any(f"nodes[0] is left out: node_type: {node_type!r} is not a type of nodes" in each for each in told)
    for path in (lab.path, f"/v2/projects/{copy['project_id']}"):
        assert [each["name"] for each in await server.request("GET", f"{path}/nodes", None, 200)] == ["PC2"]
    with pytest.raises(Conflict, match="not a type"):
        folder_of_node(running.controller.projects[UUID(content["project_id"])], node_type, uuid4())
    assert not list(server.config.projects_path.parent.glob("**/escape*"))
    await lab.saved()
    own_fields = orjson.loads((lab.folder / "project-files" / "gns3trio.json").read_bytes())
    assert own_fields["left_out"][0]["content"] == content["topology"]["nodes"][0]


ODD_NODES = {
    "an unknown property": node("ODD", "ethernet_hub", properties={"colour": "red"}),
    "an unknown key of a port": node(
        "ODD", "ethernet_switch", properties={"ports_mapping": [{"name": "E0", "port_number": 0, "duplex": 1}]}
    ),
    "a host by its name": node(
        "ODD",
        "cloud",
        properties={
            "ports_mapping": [
                {"name": "u", "port_number": 0, "type": "udp", "lport": 1, "rport": 2, "rhost": "lab.example"}
            ]
        },
    ),
    "a console of another kind": node("ODD", console_type="vnc"),
    "a VLAN that there is not": node(
        "ODD",
        "ethernet_switch",
        properties={"ports_mapping": [{"name": "E0", "port_number": 0, "type": "access", "vlan": 5000}]},
    ),
    "a NAT with more keys": node("ODD", "nat", properties={"bridge": "virbr9"}),
}


@pytest.mark.parametrize("odd", ODD_NODES.values(), ids=ODD_NODES.keys())
async def test_an_odd_node_keeps_no_project_closed(server: Server, odd: dict[str, Any]) -> None:
    good = node("PC1")
    lab = ProjectOnDisk(server, document([odd, good], [link(end(odd), end(good))]))
    _, told = await lab.open()
    assert any("'ODD'" in message and odd["node_id"] in message for message in told)
    kept, works = await lab.get("nodes")
    assert (kept["name"], kept["status"], kept["node_id"]) == ("ODD", "stopped", odd["node_id"])
    assert [(port["adapter_number"], port["port_number"]) for port in kept["ports"]] == [(0, 0)]
    await server.request("POST", f"{lab.path}/nodes/{works['node_id']}/start", None, 200)
    refused = await server.request("POST", f"{lab.path}/nodes/{odd['node_id']}/start", None, 409)
    assert "'ODD' does not run here" in refused["message"]
    saved = await lab.saved()
    assert odd.items() <= saved["nodes"][0].items()
    assert len(saved["links"]) == 1


async def test_a_kept_node_that_is_put_right_runs_when_the_project_is_opened_again(server: Server) -> None:
    odd = node("ODD", console_type="vnc")
    lab = ProjectOnDisk(server, document([odd]))
    await lab.open()
    path = f"{lab.path}/nodes/{odd['node_id']}"
    await server.request("PUT", path, {"console_type": "telnet"}, 200)
    await server.request("POST", f"{lab.path}/close", None, 204)
    assert (await lab.open())[1] == []
    await server.request("POST", f"{path}/start", None, 200)


@pytest.mark.parametrize("console", [70000, -1, 0])
async def test_a_console_port_that_there_is_not_is_replaced(server: Server, console: int) -> None:
    lab = ProjectOnDisk(
        server, document([node("PC1", console=console), node("SW", "ethernet_switch", console=console)])
    )
    _, told = await lab.open()
    assert [f"nodes[{index}].console: {console} is not in the range" in told[index] for index in (0, 1)] == [True, True]
    assert all(22000 <= each["console"] <= 24000 for each in await lab.get("nodes"))


@pytest.mark.parametrize("console", [22, 1, 21999, 24001, 65535])
async def test_a_console_outside_the_range_is_replaced(server: Server, console: int) -> None:
    kept = node("R1", "dynamips", console=console)
    lab = ProjectOnDisk(server, document([node("PC1", console=console), node("PC2", console=22500), kept]))
    _, told = await lab.open()
    assert any("1 consoles, the first one that of node 'PC1', get other ports" in message for message in told)
    first, second, other = await lab.get("nodes")
    assert 22000 <= first["console"] <= 24000
    assert (second["console"], other["console"]) == (22500, console)


async def test_a_node_that_is_there_twice_gets_another_id(server: Server) -> None:
    twice = node("PC1")
    lab = ProjectOnDisk(server, document([twice, node("PC2"), twice], [link(end(twice), end(node("PC3")))]))
    _, told = await lab.open()
    assert any(f"nodes[2].node_id: {twice['node_id']} is the id of another one" in message for message in told)
    nodes = await lab.get("nodes")
    assert [len({each["node_id"] for each in nodes}), len({each["console"] for each in nodes})] == [3, 3]
    assert len((await lab.saved())["nodes"]) == 3
    assert (await lab.open())[1] == []


async def test_the_ports_of_a_node_that_does_not_run_here_are_those_of_its_links(server: Server) -> None:
    router, pc, other = node("R1", "dynamips"), node("PC1"), node("PC2")
    links = [link(end(router, 1, 2), end(pc)), link(end(other), end(router, 0, 1))]
    lab = ProjectOnDisk(server, document([router, pc, other], links))
    await lab.open()
    shown = (await lab.get("nodes"))[0]["ports"]
    assert [(port["adapter_number"], port["port_number"], port["name"]) for port in shown] == [
        (0, 1, "Ethernet0/1"),
        (1, 2, "Ethernet1/2"),
    ]
    assert shown[0].keys() == {
        *("adapter_number", "port_number", "name", "short_name", "link_type", "data_link_types"),
    }


async def test_nodes_of_another_compute_are_kept_and_the_compute_is_shown(server: Server) -> None:
    away = {"compute_id": "far", "name": "Far away", "host": "192.0.2.7", "port": 3080, "protocol": "http"}
    there = node("PC1", compute_id="far")
    lab = ProjectOnDisk(
        server, document([there, node("PC2")], computes=[{**away, "password": "secret"}, {"name": "broken"}])
    )
    _, told = await lab.open()
    assert any("'PC1' does not run" in message and "'Far away'" in message for message in told)
    assert any("computes[1] is left out: compute_id: required field is missing" in message for message in told)
    computes = {each["compute_id"]: each for each in await server.request("GET", "/v2/computes", None, 200)}
    assert (computes["far"]["connected"], computes["far"]["user"], computes["far"]["host"]) == (
        False,
        None,
        "192.0.2.7",
    )
    first, second = await lab.get("nodes")
    assert (first["compute_id"], first["status"], first["console"]) == ("far", "stopped", None)
    assert second["console"] is not None
    await server.request("POST", f"{lab.path}/nodes/{there['node_id']}/start", None, 409)
    await server.request("POST", f"{lab.path}/nodes/start", None, 204)
    saved = await lab.saved()
    assert there.items() <= saved["nodes"][0].items()
    assert saved["computes"] == [away]  # GNS3 refuses a file with a password
    await server.request("DELETE", "/v2/computes/far", None, 204)
    await lab.open()
    await server.request("GET", "/v2/computes/far", None, 200)


async def test_deleting_a_compute_closes_the_projects_that_have_nodes_on_it(server: Server) -> None:
    away = {"compute_id": "far", "name": "Far away", "host": "192.0.2.7", "port": 3080, "protocol": "http"}
    user = ProjectOnDisk(server, document([node("PC1", compute_id="far"), node("PC2")], computes=[away]))
    other = ProjectOnDisk(server, document([node("PC1")], computes=[away]))
    await user.open()
    await other.open()
    async with ws_events(server, "/v2/notifications/ws") as stream:
        await server.request("DELETE", "/v2/computes/far", None, 204)
        closed = []
        while (event := await stream.next())["action"] != "compute.deleted":
            if event["action"] == "project.closed":
                closed.append(event["event"]["project_id"])
    assert closed == [user.project["project_id"]]
    states = [(await server.request("GET", lab.path, None, 200))["status"] for lab in (user, other)]
    assert states == ["closed", "opened"]


# --- links ---


async def test_links_that_cannot_be_wired_are_kept(server: Server) -> None:
    a, b, c, d = (node(f"PC{number}") for number in range(4))
    good = link(end(c), end(d), filters={"delay": ["5", 0]})
    odd = [
        link(end(a)),
        link(),
        link(end(a), end(b), end(c)),
        link(end(a), end({"node_id": str(uuid4())})),
        link(end(a), end(b, port=7)),
    ]
    lab = ProjectOnDisk(server, document([a, b, c, d], [*odd, good]))
    _, told = await lab.open()
    for each in (*odd[:3], odd[4]):
        assert any(each["link_id"] in message and "not connected" in message for message in told)
    shown = await lab.get("links")
    assert [each["link_id"] for each in shown] == [each["link_id"] for each in (*odd, good)]
    await lab.get("topology")
    for each in odd:
        path = f"{lab.path}/links/{each['link_id']}"
        await server.request("PUT", path, {"suspend": True}, 201)
        await server.request("PUT", path, {"suspend": False}, 201)
        await server.request("POST", f"{path}/start_capture", {}, 409)
        await server.request("GET", f"{path}/available_filters", None, 200)
    for each in (a, c):
        await server.request("POST", f"{lab.path}/nodes/{each['node_id']}/start", None, 200)
    for each in odd:
        path = f"{lab.path}/links/{each['link_id']}"
        await server.request("POST", f"{path}/start_capture", {}, 409)
        await server.request("POST", f"{path}/captures", {}, 409)
    assert (await server.http.get("/metrics")).status_code == 200
    saved = {each["link_id"]: each for each in (await lab.saved())["links"]}
    for each in odd:
        kept = saved[each["link_id"]]
        assert [{key: value for key, value in e.items() if key != "label"} for e in kept["nodes"]] == each["nodes"]
    await lab.open()
    await server.request("DELETE", f"{lab.path}/links/{odd[0]['link_id']}", None, 204)
    await server.request("DELETE", f"{lab.path}/links/{odd[1]['link_id']}", None, 204)
    await server.request("DELETE", f"{lab.path}/nodes/{a['node_id']}", None, 204)
    assert [each["link_id"] for each in await lab.get("links")] == [good["link_id"]]


BAD_FILTERS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"packet_loss": [150], "delay": [5, 0]}, {"delay": [5, 0]}),
    ({"bpf": ["not a filter"]}, {}),
    ({"bpf": ["icmp\nnot a filter"], "corrupt": [3]}, {"corrupt": [3]}),
    ({"latency": [5]}, {}),
    ({"delay": ["x"]}, {}),
    ({"delay": 5, "packet_loss": [5]}, {}),
    ({"frequency_drop": [99999]}, {}),
]


@pytest.mark.parametrize(("bad", "left"), BAD_FILTERS, ids=[str(each[0]) for each in BAD_FILTERS])
async def test_a_filter_of_a_file_that_is_none_is_left_out(
    server: Server, bad: dict[str, Any], left: dict[str, Any]
) -> None:
    a, b, router = node("PC1"), node("PC2"), node("R1", "dynamips")
    kept = link(end(router), end(router, 1), filters=bad)
    lab = ProjectOnDisk(server, document([a, b, router], [link(end(a), end(b), filters=bad), kept]))
    _, told = await lab.open()
    assert sum("is left out" in message or "is taken instead" in message for message in told) >= 2
    assert [each["filters"] for each in await lab.get("links")] == [left, left]
    (wired, _) = await lab.get("links")
    path = f"{lab.path}/links/{wired['link_id']}"
    await server.request("GET", f"{path}/statistics", None, 200)  # which only a link has that is wired
    assert (await server.request("PUT", path, {"filters": {"delay": [9, 0]}}, 201))["filters"] == {"delay": [9, 0]}
    saved = await lab.saved()
    assert [each["filters"] for each in saved["links"]] == [{"delay": [9, 0]}, left]
    assert not any("filter" in message for message in (await lab.open())[1])


async def test_impairments_of_a_file_that_are_none_are_left_out(server: Server) -> None:
    a, b = node("PC1"), node("PC2")
    joined = link(end(a), end(b))
    lab = ProjectOnDisk(server, document([a, b], [joined]))
    own_fields = lab.folder / "project-files" / "gns3trio.json"
    own_fields.parent.mkdir()
    good = {"type": "delay", "milliseconds": 5}
    bad = [{"type": "bpf", "expression": "not a filter"}, {"type": "rate", "bits_per_second": 0}]
    impairments = {joined["link_id"]: {"impairments": [good, *bad], "seed": 7}, "x": {}, str(uuid4()): {"seed": "y"}}
    own_fields.write_bytes(orjson.dumps({"version": 1, "links": impairments}))
    _, told = await lab.open()
    assert sum("left out" in message for message in told) == 4
    path = f"{lab.path}/links/{joined['link_id']}"
    (kept,) = (await server.request("GET", f"{path}/impairments", None, 200))["impairments"]
    assert good.items() <= kept.items()
    await server.request("GET", f"{path}/statistics", None, 200)
    await lab.saved()
    own_fields.write_text("{")
    _, told = await lab.open()
    assert any("is put aside as gns3trio.json.damaged" in message for message in told)
    assert own_fields.with_name("gns3trio.json.damaged").read_text() == "{"


async def test_a_put_wires_a_link_when_that_can_be_done(server: Server) -> None:
    a, b, c = (node(f"PC{number}") for number in range(3))
    first, second = link(end(a), end(b)), link(end(b), end(c))  # both at one port
    lab = ProjectOnDisk(server, document([a, b, c], [first, second]))
    _, told = await lab.open()
    assert any(second["link_id"] in message and "already linked" in message for message in told)
    path = f"{lab.path}/links/{second['link_id']}"
    for _ in range(2):
        await server.request("PUT", path, {"suspend": False}, 201)
        await server.request("GET", f"{path}/statistics", None, 409)
    await server.request("DELETE", f"{lab.path}/links/{first['link_id']}", None, 204)
    async with ws_events(server, f"{lab.path}/notifications/ws") as stream:
        await server.request("PUT", path, {}, 201)
        while (event := await stream.next())["action"] != "link.updated":
            pass
    assert event["event"]["link_id"] == second["link_id"]
    await server.request("GET", f"{path}/statistics", None, 200)
    await server.request("POST", f"{lab.path}/links", {"nodes": [end(b), end(a)]}, 409)


async def test_deleting_a_link_that_is_not_wired_leaves_its_ports_alone(server: Server) -> None:
    a, b, c = (node(f"PC{number}") for number in range(3))
    first, second = link(end(a), end(b)), link(end(b), end(c))
    lab = ProjectOnDisk(server, document([a, b, c], [first, second]))
    await lab.open()
    await server.request("DELETE", f"{lab.path}/links/{second['link_id']}", None, 204)
    await server.request("GET", f"{lab.path}/links/{first['link_id']}/statistics", None, 200)


async def test_clients_find_a_label_at_each_end(server: Server) -> None:
    a, b = node("PC1"), node("PC2")
    lab = ProjectOnDisk(server, document([a, b], [link(end(a), {**end(b), "label": None})]))
    before = lab.file.read_bytes()
    await lab.open()
    assert [each["label"]["text"] for each in (await lab.get("links"))[0]["nodes"]] == ["0/0", "0/0"]
    await server.request("POST", f"{lab.path}/close", None, 204)
    assert lab.file.read_bytes() == before
    assert [each["label"]["text"] for each in (await lab.get("links"))[0]["nodes"]] == ["0/0", "0/0"]


# --- the file ---


@pytest.mark.parametrize("revision", [5, 8])
async def test_a_change_of_a_closed_project_of_an_old_gns3_keeps_its_file(server: Server, revision: int) -> None:
    content = {**document([node("PC1")]), "revision": revision}
    lab = ProjectOnDisk(server, content)
    before = lab.file.read_bytes()
    await server.request("POST", "/v2/reload", None, 200)
    await server.request("PUT", lab.path, {"zoom": 50}, 200)
    assert lab.file.with_name(f"{lab.file.name}.backup{revision}").read_bytes() == before
    assert orjson.loads(lab.file.read_bytes())["zoom"] == 50


@pytest.mark.parametrize("old", [{**document([node("PC1")]), "revision": 8}, GENERATION_1], ids=["2.x", "1.x"])
async def test_a_file_of_an_old_gns3_is_converted_when_it_is_opened(server: Server, old: dict[str, Any]) -> None:
    lab = ProjectOnDisk(server, old)
    before = lab.file.read_bytes()
    await lab.open()
    nodes = await lab.get("nodes")
    saved = await lab.saved()
    assert orjson.loads(lab.file.read_bytes())["revision"] == 9
    assert [each["node_id"] for each in saved["nodes"]] == [each["node_id"] for each in nodes]
    assert lab.file.with_name(f"{lab.file.name}.backup{old['revision']}").read_bytes() == before
    converted = lab.file.read_bytes()
    await lab.open()
    await lab.saved()
    assert lab.file.read_bytes() == converted


async def test_what_gns3_1_has_lost_is_told(server: Server) -> None:
    content = orjson.loads(orjson.dumps(GENERATION_1))
    content["topology"]["links"][0]["destination_node_id"] = 77
    lab = ProjectOnDisk(server, content)
    _, told = await lab.open()
    assert "links[0] is left out: there is no port 7 of node 77" in told
    assert (len(await lab.get("nodes")), await lab.get("links")) == (3, [])


async def test_keys_of_labels_and_ends_survive_a_copy(server: Server) -> None:
    a, b = node("PC1", label={"text": "PC1", "font": "serif"}), node("PC2")
    lab = ProjectOnDisk(server, document([a, b], [link({**end(a), "plug": "RJ45"}, end(b))]))
    await lab.open()
    await server.request("PUT", f"{lab.path}/nodes/{a['node_id']}", {"x": 7}, 200)
    copy = await server.request("POST", f"{lab.path}/duplicate", {"name": "copy"}, 201)
    for file in (lab.file, Path(copy["path"]) / copy["filename"]):
        if file is lab.file:
            await lab.saved()
        require_gns3_reads(file.read_bytes())
        topology = orjson.loads(file.read_bytes())["topology"]
        unknown = orjson.loads((file.parent / "project-files" / "gns3trio.json").read_bytes())["unknown"]
        assert unknown[f"{topology['nodes'][0]['node_id']} label"] == {"font": "serif"}
        assert unknown[f"{topology['links'][0]['link_id']} end 0"] == {"plug": "RJ45"}
