"""Project files of older GNS3 versions."""

from typing import Any

import orjson
import pytest

from gns3trio.controller.gns3_format.reader import parse_project
from gns3trio.controller.gns3_format.records import format_project
from gns3trio.errors import Conflict
from tests.gns3_schema import require_gns3_reads
from tests.support.old_project_files import GENERATION_1, PC, PROJECT, break_


def test_a_project_of_gns3_1() -> None:
    topology = parse_project(orjson.dumps(GENERATION_1))
    pc, switch, router = topology.nodes
    assert (str(pc.node_id), pc.node_type, pc.name, pc.console, pc.x) == (PC, "vpcs", "PC1", 4501, -200)
    assert (pc.label.text, pc.label.x, pc.symbol) == ("PC1", 12, ":/symbols/vpcs_guest.svg")
    assert switch.properties["ports_mapping"] == [
        {"name": "Ethernet0", "port_number": 0, "type": "access", "vlan": 1},
        {"name": "Ethernet1", "port_number": 1, "type": "dot1q", "vlan": 5},
    ]
    properties = {"image": "c3725.image", "platform": "c3725", "ram": 128}
    assert (router.node_type, router.properties) == ("dynamips", properties)
    (link,) = topology.links
    assert [(end.node_id, end.port_number) for end in link.nodes] == [(pc.node_id, 0), (switch.node_id, 0)]
    assert [end.label and end.label["text"] for end in link.nodes] == ["0/0", "0/0"]
    assert len(topology.drawings) == 3
    assert any("R&amp;D\nlab" in drawing["svg"] for drawing in topology.drawings)
    again = parse_project(format_project(topology, "2.2.61"))
    assert (again.nodes, again.links, again.drawings) == (topology.nodes, topology.links, topology.drawings)
    assert parse_project(orjson.dumps(GENERATION_1)) == topology  # its new ids are the same each time


@pytest.mark.parametrize(
    ("old", "style"),
    [
        ({}, "font-family: TypeWriter;font-size: 10;font-weight: bold;fill: #000000;fill-opacity: 1.0;"),
        (
            {"font": "Arial,12,-1,5,50,1,0,0,0,0", "color": "#80112233"},
            "font-family: Arial;font-size: 12;font-style: italic;fill: #112233;fill-opacity: 0.5;",
        ),
        (
            {"font": "Noto Sans,9,-1,5,75,0,0,0,0,0,Bold", "color": "#112233"},
            "font-family: Noto Sans;font-size: 9;font-weight: bold;fill: #112233;fill-opacity: 1.0;",
        ),
        ({"font": "Arial", "color": None}, "font-family: Arial;font-size: 10;fill: #000000;fill-opacity: 1.0;"),
    ],
)
def test_the_font_of_a_text_is_kept(old: dict[str, Any], style: str) -> None:
    document = orjson.loads(orjson.dumps(GENERATION_1))
    document["topology"]["nodes"][0]["label"] = {"text": "PC1", "x": 0, "y": 0, **old}
    document["topology"]["notes"] = [{"text": "hello", "x": 0, "y": 0, **old}]
    topology = parse_project(orjson.dumps(document))
    assert topology.nodes[0].label.style == style
    attributes = "".join(f" {each.replace(': ', '=', 1)}" for each in style.split(";") if each)
    (svg,) = (each["svg"].replace('"', "") for each in topology.drawings if "hello" in each["svg"])
    assert f"<text{attributes}>hello</text>" in svg


@pytest.mark.parametrize(
    ("border_style", "border"),
    [
        (0, ""),
        (1, ' stroke="#112233" stroke-width="3"'),
        (2, ' stroke-dasharray="25, 25" stroke="#112233" stroke-width="3"'),
        (5, ' stroke-dasharray="25, 25, 5, 25, 5" stroke="#112233" stroke-width="3"'),
    ],
)
def test_the_border_of_a_shape_is_kept(border_style: int, border: str) -> None:
    document = orjson.loads(orjson.dumps(GENERATION_1))
    shape = {"x": 0, "y": 0, "border_style": border_style, "border_color": "#112233", "border_width": 3}
    document["topology"] |= {"rectangles": [shape], "ellipses": [shape], "notes": []}
    for drawing in parse_project(orjson.dumps(document)).drawings:
        assert f' fill="#ffffff" fill-opacity="1.0"{border}/>' in drawing["svg"]


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({"destination_node_id": 77}, "no port 7 of node 77"),
        ({"source_port_id": 99}, "no port 99 of node 1"),
        ({"source_node_id": 8, "destination_node_id": 9}, "no port 1 of node 8 and no port 7 of node 9"),
    ],
)
def test_a_link_to_what_is_not_there_is_left_out(change: dict[str, int], missing: str) -> None:
    document = orjson.loads(orjson.dumps(GENERATION_1))
    links = document["topology"]["links"]
    links.append({**links[0], "id": 2, **change})
    topology = parse_project(orjson.dumps(document))
    assert (len(topology.nodes), len(topology.links)) == (3, 1)
    assert topology.problems == [f"links[1] is left out: there is {missing}"]
    assert topology.left_out[0]["content"] == links[1]


@pytest.mark.parametrize("revision", [5, 6, 7, 8])
def test_the_revisions_of_gns3_2(revision: int) -> None:
    node = {"node_id": PC, "node_type": "vpcs", "name": "PC1", "x": 1, "properties": {}, "compute_id": "local"}
    document = {
        "name": "lab",
        "project_id": PROJECT,
        "revision": revision,
        "type": "topology",
        "version": "2.0.0",
        "topology": {"nodes": [node], "links": [], "drawings": [], "computes": []},
    }
    topology = parse_project(orjson.dumps(document))
    assert (topology.nodes[0].name, topology.nodes[0].console, topology.settings.grid_size) == ("PC1", None, 75)
    assert orjson.loads(format_project(topology, "2.2.61"))["revision"] == 9


@pytest.mark.parametrize("revision", [11, "9", None, 9.5])
def test_what_is_newer_is_refused(revision: Any) -> None:
    with pytest.raises(Conflict, match="revision"):
        parse_project(orjson.dumps({**GENERATION_1, "revision": revision}))


@pytest.mark.parametrize(
    ("place", "fault", "told"),
    [
        (("nodes", 0, "type"), ..., "nodes[0] is left out: type: required field is missing"),
        (("nodes", 0, "type"), "Toaster", "nodes[0] is left out: GNS3 2 has no nodes of type 'Toaster'"),
        (("nodes", 0, "x"), "far", "nodes[0].x: expected an integer, got text; 0 is taken instead"),
        (("nodes", 1, "ports", 1, "id"), ..., "nodes[1].ports[1] is left out: id: required field is missing"),
        (("links", 0, "source_node_id"), ..., "links[0] is left out: source_node_id: required field is missing"),
        (("notes", 0, "y"), [], "drawings[2].y: expected an integer, got a list; 0 is taken instead"),
        (("notes", 0), None, "notes[0] is left out: this is not how GNS3 1.x writes it"),
        (("nodes", 0), 5, "nodes[0] is left out: this is not how GNS3 1.x writes it"),
        (("nodes", 0, "vm_id"), 5, ""),
        (("links",), 5, "links is left out: it is no list"),
        (("servers",), [{"id": 2}], "servers[0] is left out: it has no address"),
        (("rectangles", 0, "border_style"), "wavy", "rectangles[0] is left out: border_style: expected a number"),
    ],
)
def test_one_wrong_part_of_gns3_1_costs_that_part_and_is_told(
    place: tuple[str | int, ...], fault: Any, told: str
) -> None:
    document = orjson.loads(orjson.dumps(GENERATION_1))
    break_(document["topology"], *place, by=fault)
    topology = parse_project(orjson.dumps(document))
    assert "".join(topology.problems[:1]).startswith(told)
    assert all("is left out: there is no port" in problem for problem in topology.problems[1:])
    require_gns3_reads(format_project(topology, "2.2.61"))


def test_a_file_that_lost_its_revision_is_told() -> None:
    document = {"name": "lab", "project_id": PROJECT, "topology": {"nodes": [{"node_id": PC, "node_type": "vpcs"}]}}
    with pytest.raises(
        Conflict, match=r"has no revision, and is taken for one of GNS3 1\.x, but has the nodes of GNS3 2"
    ):
        parse_project(orjson.dumps(document))
    with pytest.raises(Conflict, match=r"is of GNS3 1\.x, but has the nodes of GNS3 2"):
        parse_project(orjson.dumps({**document, "revision": 4}))
