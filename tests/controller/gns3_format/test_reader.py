"""The ``.gns3`` format: everything survives a round trip, and one wrong part costs that part only."""

from typing import Any
from uuid import uuid4

import orjson
import pytest

from gns3trio.controller.gns3_format.own_fields import add_own_fields, format_own_fields
from gns3trio.controller.gns3_format.reader import parse_project
from gns3trio.controller.gns3_format.records import (
    Label,
    LinkEndRecord,
    LinkRecord,
    NodeRecord,
    ProjectRecord,
    ProjectSettings,
    format_project,
)
from gns3trio.errors import Conflict
from tests.gns3_schema import require_gns3_reads
from tests.support.old_project_files import break_


@pytest.fixture
def topology() -> ProjectRecord:
    a, b = uuid4(), uuid4()
    return ProjectRecord(
        project_id=uuid4(),
        settings=ProjectSettings(name="lab", variables=[{"name": "x", "value": "1"}]),
        nodes=[
            NodeRecord(node_id=n, node_type="vpcs", name=f"PC{i}", console=2000 + i, label=Label(text=f"PC{i}"))
            for i, n in enumerate((a, b))
        ],
        links=[
            LinkRecord(
                link_id=uuid4(),
                nodes=[
                    LinkEndRecord(node_id=n, adapter_number=0, port_number=0, label={"text": "e0", "x": 3})
                    for n in (a, b)
                ],
            )
        ],
        drawings=[{"drawing_id": str(uuid4()), "svg": "<svg></svg>"}],
    )


def test_a_topology_survives_the_file(topology: ProjectRecord) -> None:
    assert parse_project(format_project(topology, "2.2.61")) == topology


def test_what_another_program_wrote_into_the_file_stays(topology: ProjectRecord) -> None:
    document = orjson.loads(format_project(topology, "2.2.61"))
    document["somebody"] = {"else": 1}
    document["topology"]["notes"] = ["kept"]
    document["topology"]["nodes"][1]["colour"] = "red"
    document["topology"]["nodes"][0]["label"]["font"] = "serif"
    document["topology"]["links"][0]["cable"] = "cat6"
    document["topology"]["links"][0]["nodes"][1]["plug"] = "RJ45"
    clean = format_project(topology, "2.2.61")
    parsed = parse_project(orjson.dumps(document))
    assert format_project(parsed, "2.2.61") == clean  # GNS3 would refuse the file
    again = parse_project(clean)
    own_fields = format_own_fields(parsed)
    assert own_fields is not None
    add_own_fields(again, own_fields)
    a, link = topology.nodes[0].node_id, topology.links[0].link_id
    assert (
        again.unknown
        == parsed.unknown
        == {
            "": {"somebody": {"else": 1}},
            "topology": {"notes": ["kept"]},
            str(topology.nodes[1].node_id): {"colour": "red"},
            f"{a} label": {"font": "serif"},
            str(link): {"cable": "cat6"},
            f"{link} end 1": {"plug": "RJ45"},
        }
    )
    document["topology"]["nodes"][1]["colour"] = "blue"
    newer = parse_project(orjson.dumps(document))
    add_own_fields(newer, own_fields)
    assert newer.unknown[str(topology.nodes[1].node_id)] == {"colour": "blue"}
    del newer.nodes[1]
    assert b"colour" not in (format_own_fields(newer) or b"")


def test_the_keys_of_a_saved_node_are_those_of_gns3(topology: ProjectRecord) -> None:
    node = orjson.loads(format_project(topology, "2.2.61"))["topology"]["nodes"][0]
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


FAULTS: list[tuple[tuple[str | int, ...], Any, str, Any]] = [
    (("nodes", 1, "x"), "1", "nodes[1].x: expected an integer, got text; 0 is taken instead", 0),
    (("nodes", 1, "y"), 10**17, "nodes[1].y: 100000000000000000 is not in the range", 0),
    (("nodes", 1, "console"), 70000, "nodes[1].console: 70000 is not in the range from 1 to 65535; nothing", None),
    (("nodes", 1, "console_type"), "morse", "nodes[1].console_type: 'morse' is not one of http,", None),
    (("nodes", 1, "symbol"), "", "nodes[1].symbol: it is empty; ':/symbols/computer.svg' is taken", ...),
    (("nodes", 1, "name"), "", "nodes[1].name: it has no name; ", ...),
    (("nodes", 1, "template_id"), "x", "nodes[1].template_id: 'x' is not a UUID; nothing is taken", None),
    (("nodes", 1, "port_segment_size"), -1, "nodes[1].port_segment_size: -1 is not in the range", 0),
    (("nodes", 1, "locked"), 1, "nodes[1].locked: expected true or false, got an integer", False),
    (("nodes", 1, "properties"), [], "nodes[1].properties: expected an object, got a list", {}),
    (("nodes", 1, "label"), "PC", "nodes[1].label: expected an object, got text", ...),
    (("nodes", 1, "label", "rotation"), 400, "nodes[1].label.rotation: 400 is not in the range from -359 to 360", 0),
    (("nodes", 1, "custom_adapters"), [{"mac_address": "x"}], "nodes[1].custom_adapters[0] is left out", []),
    (("nodes", 1, "node_id"), ..., "nodes[1].node_id: required field is missing; '", ...),
    (("links", 0, "link_id"), "7", "links[0].link_id: '7' is not a UUID; '", ...),
    (("links", 0, "filters"), {"delay": 5}, "links[0].filters: delay: expected a list, got an integer", {}),
    (("links", 0, "suspend"), "no", "links[0].suspend: expected true or false, got text", False),
    (("links", 0, "nodes", 0, "label"), {"x": 1.5}, "", {"text": "", "x": 2}),
    (("links", 0, "nodes", 0, "label"), {"text": 5}, "links[0].nodes[0].label.text: expected text", {"text": ""}),
    (("links", 0, "nodes", 1, "port_number"), -1, "links[0].nodes[1] is left out: port_number: -1 is not", ...),
    (("drawings", 0), {}, "drawings[0].drawing_id: required field is missing; '", ...),
    (("drawings", 0, "svg"), 5, "drawings[0].svg: expected text, got an integer", "<svg></svg>"),
    (("drawings", 0, "rotation"), 1000, "drawings[0].rotation: 1000 is not in the range", 0),
    (("links",), {}, "links is left out: it is no list", []),
    (("drawings",), "x", "drawings is left out: it is no list", []),
    (("computes",), [{"name": "far"}], "computes[0] is left out: compute_id: required field is missing", []),
    (("nodes", 1), None, "nodes[1] is left out: expected an object, got null", ...),
    (("nodes", 1, "node_type"), "../../escape", "nodes[1] is left out: node_type: '../../escape' is not a type", ...),
    (("nodes", 1, "node_type"), {}, "nodes[1] is left out: node_type: {} is not a type", ...),
]


@pytest.mark.parametrize(("place", "fault", "told", "instead"), FAULTS, ids=[each[2][:40] for each in FAULTS])
def test_one_wrong_part_costs_that_part_and_is_told(
    topology: ProjectRecord, place: tuple[str | int, ...], fault: Any, told: str, instead: Any
) -> None:
    document = orjson.loads(format_project(topology, "2.2.61"))
    break_(document["topology"], *place, by=fault)
    parsed = parse_project(orjson.dumps(document))
    assert (len(parsed.problems), len(parsed.left_out)) == ((1, 1) if told else (0, 0))
    assert "".join(parsed.problems).startswith(told)
    saved = format_project(parsed, "2.2.61")
    require_gns3_reads(saved)
    assert parsed.nodes[0] == topology.nodes[0]
    if instead is not ...:
        found = orjson.loads(saved)["topology"]
        for part in place:
            found = found[part]
        assert found == instead


def test_ids_that_are_there_twice_become_others_that_stay(topology: ProjectRecord) -> None:
    document = orjson.loads(format_project(topology, "2.2.61"))
    for kind in ("nodes", "links", "drawings"):
        document["topology"][kind].append(document["topology"][kind][0])
    data = orjson.dumps(document)
    parsed = parse_project(data)
    assert [len({node.node_id for node in parsed.nodes}), len({link.link_id for link in parsed.links})] == [3, 2]
    assert len({drawing["drawing_id"] for drawing in parsed.drawings}) == 2
    assert [problem for problem in parsed.problems if "is the id of another one" not in problem] == [
        "nodes[2].name: another node has that name; 'PC2' is taken instead"
    ]
    assert parse_project(data) == parsed
    require_gns3_reads(format_project(parsed, "2.2.61"))


@pytest.mark.parametrize(
    ("place", "fault", "complaint"),
    [
        (("project_id",), "x", "project_id: 'x' is not a UUID"),
        (("topology",), ..., "no topology"),
        (("topology",), [], "no topology"),
        (("revision",), 11, "revision 11, .* by a newer GNS3"),
    ],
)
def test_what_is_no_project_file_is_refused(topology: ProjectRecord, place: Any, fault: Any, complaint: str) -> None:
    document = orjson.loads(format_project(topology, "2.2.61"))
    break_(document, *place, by=fault)
    with pytest.raises(Conflict, match=complaint):
        parse_project(orjson.dumps(document))


@pytest.mark.parametrize("place", [("zoom",), ("auto_start",), ("supplier",), ("variables",), ("scene_height",)])
@pytest.mark.parametrize("fault", ["text", [{"value": 5}], {"logo": 5}])
def test_a_wrong_setting_is_not_taken(topology: ProjectRecord, place: tuple[str], fault: Any) -> None:
    document = orjson.loads(format_project(topology, "2.2.61"))
    break_(document, *place, by=fault)
    parsed = parse_project(orjson.dumps(document))
    assert [problem.partition(":")[0] for problem in parsed.problems] == [*place]
    require_gns3_reads(format_project(parsed, "2.2.61"))


def test_a_file_without_an_id_gets_one_that_stays(topology: ProjectRecord) -> None:
    document = orjson.loads(format_project(topology, "2.2.61"))
    del document["project_id"]
    data = orjson.dumps(document)
    parsed = parse_project(data)
    assert parsed.project_id == parse_project(data).project_id
    assert parse_project(data, topology.project_id).project_id == topology.project_id
    assert parsed.problems == [f"project_id: the file has none; it gets {parsed.project_id}"]


def test_what_gns3_writes_as_null_means_the_default(topology: ProjectRecord) -> None:
    document = orjson.loads(format_project(topology, "2.2.61"))
    inner = document["topology"]
    inner["nodes"][0] |= {"x": 10.6, "y": -3.2, "template_id": "", "properties": None, "custom_adapters": None}
    inner["nodes"][0]["label"] |= {"x": 1.5, "y": None, "text": None}
    inner["nodes"][1]["label"] = None
    inner["links"][0] |= {"filters": None, "link_style": None}
    inner["links"].append({"link_id": str(uuid4()), "nodes": None})
    inner |= {"drawings": None, "computes": None}
    document |= {"zoom": None, "scene_height": 99.9}
    parsed = parse_project(orjson.dumps(document))
    node, other = parsed.nodes
    assert (node.x, node.y, node.template_id, node.properties, node.custom_adapters) == (11, -3, None, {}, [])
    assert (node.label.x, node.label.y, node.label.text) == (2, -40, "PC0")
    assert (other.label.y, other.label.text) == (-40, "PC1")
    assert (parsed.links[0].filters, parsed.links[0].link_style, parsed.links[1].nodes) == ({}, {}, [])
    assert (parsed.drawings, parsed.computes) == ([], [])
    assert (parsed.settings.zoom, parsed.settings.scene_height) == (100, 100)


def test_an_end_of_a_link_without_a_label_gets_that_of_gns3(topology: ProjectRecord) -> None:
    document = orjson.loads(format_project(topology, "2.2.61"))
    first, second = document["topology"]["links"][0]["nodes"]
    del first["label"]
    second |= {"label": None, "adapter_number": 1, "port_number": 2}
    (link,) = parse_project(orjson.dumps(document)).links
    style = "font-family: TypeWriter;font-size: 10.0;font-weight: bold;fill: #000000;fill-opacity: 1.0;"
    assert [end.label for end in link.nodes] == [{"style": style, "text": text} for text in ("0/0", "1/2")]


def test_a_null_that_means_something_stays(topology: ProjectRecord) -> None:
    document = orjson.loads(format_project(topology, "2.2.61"))
    document["topology"]["nodes"][0] |= {"symbol": None, "console": None}
    assert orjson.loads(format_project(parse_project(orjson.dumps(document)), "2.2.61")) == document


def test_what_is_not_json_is_refused() -> None:
    with pytest.raises(Conflict, match="not JSON"):
        parse_project(b"{")


def test_a_file_with_nothing_but_faults_is_told_in_short(topology: ProjectRecord) -> None:
    document = orjson.loads(format_project(topology, "2.2.61"))
    document["topology"]["nodes"] = [5] * 4000
    parsed = parse_project(orjson.dumps(document))
    assert (len(parsed.problems), len(parsed.left_out)) == (1001, 1000)
    assert parsed.problems[-1] == "there are more than 1000 such problems"
