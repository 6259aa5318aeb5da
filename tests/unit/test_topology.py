"""The ``.gns3`` format: everything survives a round trip, and damage is told by field."""

from uuid import uuid4

import orjson
import pytest

from gns3trio.controller.topology import (
    LinkEnd,
    LinkRecord,
    NodeRecord,
    ProjectSettings,
    Topology,
    format_topology,
    parse_topology,
)
from gns3trio.errors import Conflict


@pytest.fixture
def topology() -> Topology:
    a, b = uuid4(), uuid4()
    return Topology(
        project_id=uuid4(),
        settings=ProjectSettings(name="lab", variables=[{"name": "x", "value": "1"}]),
        nodes=[NodeRecord(node_id=n, node_type="vpcs", name=f"PC{i}", console=2000 + i) for i, n in enumerate((a, b))],
        links=[
            LinkRecord(
                link_id=uuid4(),
                nodes=[
                    LinkEnd(node_id=n, adapter_number=0, port_number=0, label={"text": "e0", "x": 3}) for n in (a, b)
                ],
            )
        ],
        drawings=[{"drawing_id": str(uuid4()), "svg": "<svg></svg>"}],
    )


def test_a_topology_survives_the_file(topology: Topology) -> None:
    assert parse_topology(format_topology(topology, "2.2.61")) == topology


def test_what_another_program_wrote_into_the_file_stays(topology: Topology) -> None:
    document = orjson.loads(format_topology(topology, "2.2.61"))
    document["somebody"] = {"else": 1}
    document["topology"]["notes"] = ["kept"]
    document["topology"]["nodes"][1]["colour"] = "red"
    document["topology"]["nodes"][0]["label"]["font"] = "serif"
    document["topology"]["links"][0]["cable"] = "cat6"
    document["topology"]["links"][0]["nodes"][1]["plug"] = "RJ45"
    again = orjson.loads(format_topology(parse_topology(orjson.dumps(document)), "2.2.61"))
    assert again == document


def test_the_keys_of_a_saved_node_are_those_of_gns3(topology: Topology) -> None:
    node = orjson.loads(format_topology(topology, "2.2.61"))["topology"]["nodes"][0]
    assert sorted(node) == [
        "compute_id",
        "console",
        "console_auto_start",
        "console_type",
        "custom_adapters",
        "first_port_name",
        "height",
        "label",
        "locked",
        "name",
        "node_id",
        "node_type",
        "port_name_format",
        "port_segment_size",
        "properties",
        "symbol",
        "template_id",
        "width",
        "x",
        "y",
        "z",
    ]


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda d: d["topology"]["nodes"][1].update(x="1"), r"nodes\[1\]\.x: expected an integer, got text"),
        (
            lambda d: d["topology"]["nodes"][0].pop("node_id"),
            r"nodes\[0\]\.node_id: required field is missing",
        ),
        (lambda d: d["topology"].update(links={}), "links: expected a list, got an object"),
        (lambda d: d.update(project_id="x"), "'x' is not a UUID"),
        (lambda d: d.pop("topology"), "no topology"),
        (lambda d: d.update(revision=10), "revision 10"),
        (
            lambda d: d["topology"]["nodes"][0].update(node_type="../../escape"),
            r"nodes\[0\]: node_type: '\.\./\.\./escape' is not a type",
        ),
        (lambda d: d["topology"]["nodes"].append(d["topology"]["nodes"][0]), r"nodes\[2\]\.node_id: .* of another"),
        (lambda d: d["topology"]["links"].append(d["topology"]["links"][0]), r"links\[1\]\.link_id: .* of another"),
        (lambda d: d["topology"]["nodes"].append(None), r"nodes\[2\]: expected an object, got null"),
    ],
)
def test_damage_is_told_by_field(topology: Topology, damage, complaint: str) -> None:
    document = orjson.loads(format_topology(topology, "2.2.61"))
    damage(document)
    with pytest.raises(Conflict, match=complaint):
        parse_topology(orjson.dumps(document))


def test_what_gns3_writes_as_null_means_the_default(topology: Topology) -> None:
    document = orjson.loads(format_topology(topology, "2.2.61"))
    inner = document["topology"]
    inner["nodes"][0] |= {"x": 10.6, "y": -3.2, "template_id": "", "properties": None, "custom_adapters": None}
    inner["nodes"][0]["label"] |= {"x": 1.5, "y": None, "text": None}
    inner["nodes"][1]["label"] = None
    inner["links"][0] |= {"filters": None, "link_style": None}
    inner["links"].append({"link_id": str(uuid4()), "nodes": None})
    inner |= {"drawings": None, "computes": None}
    document |= {"zoom": None, "scene_height": 99.9}
    parsed = parse_topology(orjson.dumps(document))
    node, other = parsed.nodes
    assert (node.x, node.y, node.template_id, node.properties, node.custom_adapters) == (11, -3, None, {}, [])
    assert (node.label.x, node.label.y, node.label.text) == (2, -40, "")
    assert other.label.y == -40
    assert (parsed.links[0].filters, parsed.links[0].link_style, parsed.links[1].nodes) == ({}, {}, [])
    assert (parsed.drawings, parsed.computes) == ([], [])
    assert (parsed.settings.zoom, parsed.settings.scene_height) == (100, 100)


def test_an_end_of_a_link_without_a_label_gets_that_of_gns3(topology: Topology) -> None:
    document = orjson.loads(format_topology(topology, "2.2.61"))
    first, second = document["topology"]["links"][0]["nodes"]
    del first["label"]
    second |= {"label": None, "adapter_number": 1, "port_number": 2}
    (link,) = parse_topology(orjson.dumps(document)).links
    style = "font-family: TypeWriter;font-size: 10.0;font-weight: bold;fill: #000000;fill-opacity: 1.0;"
    assert [end.label for end in link.nodes] == [{"style": style, "text": text} for text in ("0/0", "1/2")]


def test_a_null_that_means_something_stays(topology: Topology) -> None:
    document = orjson.loads(format_topology(topology, "2.2.61"))
    document["topology"]["nodes"][0] |= {"symbol": None, "console": None}
    assert orjson.loads(format_topology(parse_topology(orjson.dumps(document)), "2.2.61")) == document


def test_what_is_not_json_is_refused() -> None:
    with pytest.raises(Conflict, match="not JSON"):
        parse_topology(b"{")
