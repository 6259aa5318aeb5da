"""A project folder as GNS3 2.2 writes it, with all that runs here and more, keeps its meaning wherever it goes."""

from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import orjson
import pytest

from tests.gns3_schema import require_gns3_reads
from tests.support.server import Server

PROJECT = UUID("12345678-1234-4234-8234-123456789abc")
SVG = '<svg width="200" height="100"><rect width="200" height="100" fill="#eee" stroke-width="2"/></svg>'
LONG_SVG = SVG.replace("<rect", "<!-- " + "x" * 1500 + " --><rect")
STYLE = "font-family: TypeWriter;font-size: 10.0;font-weight: bold;fill: #000000;fill-opacity: 1.0;"


def an_id(name: str) -> str:
    return str(uuid5(PROJECT, name))


def node(name: str, node_type: str, x: int, **more: Any) -> dict[str, Any]:
    return {
        "compute_id": "local",
        "console": None,
        "console_auto_start": False,
        "console_type": "none",
        "custom_adapters": [],
        "first_port_name": None,
        "height": 59,
        "label": {"rotation": 0, "style": STYLE, "text": name, "x": 3, "y": -25},
        "locked": False,
        "name": name,
        "node_id": an_id(name),
        "node_type": node_type,
        "port_name_format": "Ethernet{0}",
        "port_segment_size": 0,
        "properties": {},
        "symbol": ":/symbols/computer.svg",
        "template_id": None,
        "width": 65,
        "x": x,
        "y": -x,
        "z": 1,
        **more,
    }


def link(name: str, first: tuple[str, int], second: tuple[str, int], **more: Any) -> dict[str, Any]:
    ends = [
        {
            "adapter_number": 0,
            "label": {"rotation": 0, "style": STYLE, "text": f"e{port}", "x": 5, "y": 6},
            "node_id": an_id(end),
            "port_number": port,
        }
        for end, port in (first, second)
    ]
    return {"filters": {}, "link_id": an_id(name), "link_style": {}, "nodes": ends, "suspend": False, **more}


SWITCH_PORTS = [
    {"name": "Ethernet0", "port_number": 0, "type": "access", "vlan": 7},
    {"name": "Ethernet1", "port_number": 1, "type": "dot1q", "vlan": 1},
    {"ethertype": "0x88A8", "name": "Ethernet2", "port_number": 2, "type": "qinq", "vlan": 9},
]
CLOUD_PORTS = [{"lport": 24950, "name": "far", "port_number": 0, "rhost": "127.0.0.1", "rport": 24951, "type": "udp"}]
DOCUMENT = {
    "auto_close": False,
    "auto_open": False,
    "auto_start": False,
    "drawing_grid_size": 25,
    "grid_size": 75,
    "name": "whole",
    "project_id": str(PROJECT),
    "revision": 9,
    "scene_height": 1234,
    "scene_width": 4321,
    "show_grid": True,
    "show_interface_labels": True,
    "show_layers": False,
    "snap_to_grid": True,
    "supplier": None,
    "type": "topology",
    "variables": [{"name": "site", "value": "north"}],
    "version": "2.2.61",
    "zoom": 80,
    "of_a_later_gns3": {"kept": True},
    "topology": {
        "computes": [],
        "drawings": [
            {"drawing_id": an_id("box"), "locked": True, "rotation": 45, "svg": SVG, "x": 1, "y": 2, "z": 0},
            {"drawing_id": an_id("big"), "locked": False, "rotation": 0, "svg": "abc.svg", "x": 5, "y": 6, "z": 2},
        ],
        "links": [
            link("l1", ("PC1", 0), ("SW1", 0), filters={"delay": [20, 5], "bpf": ["arp"]}, link_style={"width": 3}),
            link("l2", ("SW1", 1), ("HUB1", 0), suspend=True),
            link("l3", ("HUB1", 1), ("Cloud1", 0)),
            link("l4", ("HUB1", 2), ("NAT1", 0)),
            link("l5", ("SW1", 2), ("R1", 0)),
        ],
        "nodes": [
            node("PC1", "vpcs", 10, console_type="telnet", symbol=":/symbols/vpcs_guest.svg"),
            node("SW1", "ethernet_switch", 20, properties={"ports_mapping": SWITCH_PORTS}, locked=True),
            node(
                "HUB1",
                "ethernet_hub",
                30,
                properties={"ports_mapping": [{"name": f"Ethernet{n}", "port_number": n} for n in range(3)]},
            ),
            node("Cloud1", "cloud", 40, properties={"ports_mapping": CLOUD_PORTS, "remote_console_type": "none"}),
            node("NAT1", "nat", 50),
            node(
                "R1",
                "dynamips",
                60,
                properties={"image": "c3725.image", "platform": "c3725", "ram": 128},
                of_a_later_gns3=1,
            ),
        ],
    },
}


@pytest.fixture
async def whole(server: Server) -> dict[str, Any]:
    """That project, found and opened."""
    folder = server.config.projects_path / str(PROJECT)
    script = folder / "project-files" / "vpcs" / an_id("PC1") / "startup.vpc"
    script.parent.mkdir(parents=True)
    script.write_text("set pcname PC1\nip 10.0.0.1 24\n")
    (folder / "project-files" / "images").mkdir()
    (folder / "project-files" / "images" / "abc.svg").write_text(LONG_SVG)
    (folder / "README.txt").write_text("what this lab is for")
    (folder / "whole.gns3").write_bytes(orjson.dumps(DOCUMENT, option=orjson.OPT_INDENT_2))
    await server.request("POST", "/v2/reload", None, 200)
    project: dict[str, Any] = await server.request("POST", f"/v2/projects/{PROJECT}/open", None, 201)
    return project


async def meaning(server: Server, project_id: str) -> dict[str, Any]:
    """What an open project is, without the ids that a copy has anew."""
    path = f"/v2/projects/{project_id}"
    nodes = await server.request("GET", f"{path}/nodes", None, 200)
    names = {node["node_id"]: node["name"] for node in nodes}
    kept = ("node_type", "x", "y", "z", "symbol", "width", "height", "locked", "label", "console_type")
    (pc,) = (node for node in nodes if node["name"] == "PC1")
    drawings = await server.request("GET", f"{path}/drawings", None, 200)
    return {
        "nodes": {
            node["name"]: {
                **{name: node[name] for name in kept},
                **{k: v for k, v in node["properties"].items() if k in ("ports_mapping", "image", "ram")},
            }
            for node in nodes
        },
        "links": sorted(
            (
                sorted((names[end["node_id"]], end["port_number"], end["label"]["text"]) for end in each["nodes"]),
                each["filters"],
                each["suspend"],
                each["link_style"],
            )
            for each in await server.request("GET", f"{path}/links", None, 200)
        ),
        "drawings": sorted((each["svg"], each["x"], each["rotation"], each["locked"]) for each in drawings),
        "script": (await server.http.get(f"{path}/nodes/{pc['node_id']}/files/startup.vpc")).text,
        "readme": (await server.http.get(f"{path}/files/README.txt")).text,
        "settings": {
            name: (await server.request("GET", path, None, 200))[name]
            for name in ("scene_width", "scene_height", "zoom", "show_grid", "snap_to_grid", "variables", "grid_size")
        },
    }


async def test_it_opens_with_its_whole_meaning(server: Server, whole: dict[str, Any]) -> None:
    found = await meaning(server, whole["project_id"])
    assert set(found["nodes"]) == {"PC1", "SW1", "HUB1", "Cloud1", "NAT1", "R1"}
    assert found["nodes"]["SW1"]["ports_mapping"] == SWITCH_PORTS
    assert found["nodes"]["Cloud1"]["ports_mapping"] == CLOUD_PORTS
    assert found["nodes"]["R1"] == {
        **{key: DOCUMENT["topology"]["nodes"][5][key] for key in found["nodes"]["R1"] if key not in ("image", "ram")},
        "image": "c3725.image",
        "ram": 128,
    }
    assert len(found["links"]) == 5
    assert {"delay": [20, 5], "bpf": ["arp"]} in [filters for _, filters, _, _ in found["links"]]
    assert [svg for svg, *_ in found["drawings"]] == sorted([SVG, LONG_SVG])
    assert found["settings"]["variables"] == [{"name": "site", "value": "north"}]


async def test_it_is_saved_as_it_came(server: Server, whole: dict[str, Any]) -> None:
    path = f"/v2/projects/{PROJECT}"
    await server.request("PUT", path, {"zoom": 90}, 200)
    await server.request("POST", f"{path}/close", None, 204)
    saved = orjson.loads((Path(whole["path"]) / "whole.gns3").read_bytes())
    require_gns3_reads(orjson.dumps(saved))
    own_fields = orjson.loads((Path(whole["path"]) / "project-files" / "gns3trio.json").read_bytes())
    assert own_fields["unknown"] == {"": {"of_a_later_gns3": {"kept": True}}, an_id("R1"): {"of_a_later_gns3": 1}}
    assert {**saved, "topology": 0, "zoom": 80, "of_a_later_gns3": {"kept": True}} == {**DOCUMENT, "topology": 0}
    for kind in ("drawings", "links"):
        assert saved["topology"][kind] == DOCUMENT["topology"][kind]
    for after, came in zip(saved["topology"]["nodes"], DOCUMENT["topology"]["nodes"], strict=True):
        before = {name: value for name, value in came.items() if name != "of_a_later_gns3"}
        consoles = {"console": 0, "console_type": 0, "properties": 0}  # ports are leased anew, properties shown in full
        assert {**after, **consoles} == {**before, **consoles}
        assert {**after["properties"], **before["properties"]} == after["properties"]


async def test_copies_mean_the_same(server: Server, whole: dict[str, Any]) -> None:
    before = await meaning(server, str(PROJECT))
    path = f"/v2/projects/{PROJECT}"
    snapshot = await server.request("POST", f"{path}/snapshots", {"name": "s1"}, 201)
    await server.request("PUT", f"{path}/nodes/{an_id('PC1')}", {"x": 999, "name": "changed"}, 200)
    await server.request("DELETE", f"{path}/links/{an_id('l1')}", None, 204)
    await server.request("POST", f"{path}/snapshots/{snapshot['snapshot_id']}/restore", None, 201)
    assert await meaning(server, str(PROJECT)) == before

    archive = (await server.http.get(f"{path}/export?include_snapshots=yes")).content
    copy = await server.request("POST", f"{path}/duplicate", {"name": "copy"}, 201)
    # A cloud's UDP port is one of this host: two projects cannot have it open at once.
    await server.request("POST", f"{path}/close", None, 204)
    imported = await server.http.post(f"/v2/projects/{an_id('import')}/import?name=import", content=archive)
    assert imported.status_code == 201, imported.text
    for project_id in (copy["project_id"], imported.json()["project_id"]):
        await server.request("POST", f"/v2/projects/{project_id}/open", None, 201)
        assert await meaning(server, project_id) == before
        await server.request("POST", f"/v2/projects/{project_id}/close", None, 204)
    assert len(await server.request("GET", f"/v2/projects/{an_id('import')}/snapshots", None, 200)) == 1
