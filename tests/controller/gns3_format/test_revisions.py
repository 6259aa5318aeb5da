"""The two revisions in which projects are saved: whatever a project has survives both, and the way there and back."""

from typing import Any
from uuid import uuid4

import attrs
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gns3trio.compute.gns3_3 import ADDED_PROPERTIES
from gns3trio.controller.gns3_format.own_fields import add_own_fields, format_own_fields, kept_beside
from gns3trio.controller.gns3_format.reader import parse_project
from gns3trio.controller.gns3_format.records import Label, NodeRecord, ProjectRecord, ProjectSettings, format_project
from gns3trio.controller.gns3_format.revisions import (
    GNS3_2,
    GNS3_3,
    FileVersions,
    revision_named,
    why_not_gns3_3,
)
from tests.gns3_schema import require_gns3_reads

VALUES = st.none() | st.booleans() | st.integers(0, 99) | st.sampled_from(["", "some text"])
# Names of properties: of both revisions, of one, of ours, and of neither.
NAMES = st.sampled_from(
    [
        *("ports_mapping", "adapters", "platform", "ram", "image", "port_forwards", "memory", "cpus", "dynamips_id"),
        *("builtin", "compute_id", "usage", "unheard_of"),
        *(ADDED_PROPERTIES["qemu"] - {"aux", "aux_type"}),
    ]
)
TYPES = ["vpcs", "ethernet_switch", "cloud", "nat", "qemu", "docker", "dynamips", "iou", "virtualbox"]


@st.composite
def nodes(draw: st.DrawFn, revision: int) -> dict[str, Any]:
    """A node of a file, as the GNS3 of a revision writes it."""
    node: dict[str, Any] = {
        "node_id": str(uuid4()),
        "node_type": draw(st.sampled_from(TYPES)),
        "compute_id": "local",
        "console": draw(st.none() | st.integers(5000, 6000)),
        "console_type": draw(st.sampled_from([None, "none", "telnet", "vnc", "spice+agent"])),
        "label": {"text": "x", "x": None, "y": -4, "rotation": 0, "style": None},
        "properties": draw(st.dictionaries(NAMES, VALUES, max_size=6)),
    }
    if revision == GNS3_3:
        node["aux"] = draw(st.none() | st.integers(5000, 6000))
        node["aux_type"] = draw(st.sampled_from(["none", "telnet"] if node["aux"] else [None, "none", "telnet"]))
    elif node["node_type"] == "docker":
        node["properties"]["aux"] = draw(st.integers(5000, 6000))
    return node


def document(revision: int, files: list[dict[str, Any]]) -> dict[str, Any]:
    named = [{**node, "name": f"N{number}"} for number, node in enumerate(files)]
    return {
        "project_id": str(uuid4()),
        "name": "lab",
        "type": "topology",
        "revision": revision,
        "version": "x",
        "topology": {"nodes": named, "links": [], "drawings": [], "computes": []},
    }


def again(saved: ProjectRecord, revision: int) -> tuple[bytes, ProjectRecord]:
    """A project after it was saved in a revision and read again; and the text of its file."""
    saved = attrs.evolve(saved, revision=revision)
    text, beside = format_project(saved, "x"), format_own_fields(saved)
    read = parse_project(text)
    if beside is not None:
        add_own_fields(read, beside)
    return text, read


@pytest.mark.parametrize("revision", [GNS3_2, GNS3_3])
@given(data=st.data())
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_nothing_is_lost_on_the_way_there_and_back(revision: int, data: st.DataObject) -> None:
    original = document(revision, data.draw(st.lists(nodes(revision), max_size=4)))
    first = parse_project(orjson.dumps(original))
    text, read = again(first, revision)
    assert read.nodes == first.nodes
    other = GNS3_3 if revision == GNS3_2 else GNS3_2
    _, there = again(read, other)
    # The type of a container's second console need not be told in revision 9.
    assert [attrs.evolve(node, aux_type=None) for node in there.nodes] == [
        attrs.evolve(node, aux_type=None) for node in first.nodes
    ]
    back, _ = again(there, revision)
    saved = orjson.loads(back)["topology"]["nodes"]
    assert saved == orjson.loads(text)["topology"]["nodes"]
    if revision == GNS3_3:  # the file is what it was, but for properties of ours
        for node, old in zip(saved, original["topology"]["nodes"], strict=True):
            own = {"port_forwards"} if node["node_type"] == "nat" else set()
            assert node["properties"].items() >= {k: v for k, v in old["properties"].items() if k not in own}.items()
            assert (node["aux"], node["aux_type"]) == (old["aux"], old["aux_type"])


def lab(*nodes: NodeRecord, revision: int = GNS3_2) -> ProjectRecord:
    return ProjectRecord(project_id=uuid4(), settings=ProjectSettings(name="lab"), revision=revision, nodes=list(nodes))


def a_node(node_type: str, **fields: Any) -> NodeRecord:
    return NodeRecord(node_id=uuid4(), node_type=node_type, name=node_type, label=Label(text="x"), **fields)


def written(saved: ProjectRecord) -> Any:
    text = format_project(saved, "x")
    require_gns3_reads(text)
    return orjson.loads(text)["topology"]["nodes"][0]


def test_the_second_console_of_a_container_has_its_place_in_each_revision() -> None:
    node = a_node("docker", properties={"image": "lab", "aux": 5007, "memory": 64, "cpus": 0.5})
    old, new = written(lab(node)), written(lab(node, revision=GNS3_3))
    assert old["properties"] == {"image": "lab", "aux": 5007}
    assert "aux" not in old and "aux_type" not in old
    assert (new["aux"], new["aux_type"]) == (5007, "telnet")
    assert new["properties"] == {"image": "lab", "memory": 64, "cpus": 0.5}  # GNS3 3.0 has such limits too


def test_what_stays_beside_the_file_is_told() -> None:
    node = a_node("vpcs", aux=5007, aux_type="telnet", properties_of_3={"usage": "lab PC", "builtin": True})
    assert kept_beside(lab(node)) == ["node 'vpcs': aux, aux_type, usage"]
    assert kept_beside(lab(node, revision=GNS3_3)) == []
    assert kept_beside(lab(a_node("vpcs", aux_type="none", properties_of_3={"usage": None, "builtin": True}))) == []


def test_a_file_of_2_2_with_what_came_later_is_put_right() -> None:
    """GNS3 2.2 would refuse the node."""
    node = {"node_id": str(uuid4()), "node_type": "vpcs", "compute_id": "local", "properties": {"usage": "x"}}
    saved = parse_project(orjson.dumps(document(GNS3_2, [node])))
    assert saved.is_repaired
    assert written(saved)["properties"] == {}
    assert saved.nodes[0].properties_of_3 == {"usage": "x"}


@pytest.mark.parametrize(
    ("types", "supplier", "told"),
    [
        ({"T1": "traceng", "PC1": "vpcs"}, None, ["'T1' has the type traceng"]),
        ({}, {"logo": "x", "url": "example.com"}, ["supplier.url: 'example.com' is no whole URL"]),
        ({}, {"logo": "x", "url": "http://[::1"}, ["no whole URL"]),
        ({}, {"logo": "x", "url": "https://example.com/a"}, []),
        ({}, {"logo": "x"}, []),
        ({"PC1": "vpcs"}, None, []),
    ],
)
def test_why_gns3_3_would_refuse_a_project(types: dict[str, str], supplier: Any, told: list[str]) -> None:
    reasons = why_not_gns3_3(types, supplier)
    assert len(reasons) == len(told)
    assert all(part in reason for part, reason in zip(told, reasons, strict=True))


def test_files_name_the_version_of_their_revision() -> None:
    versions = FileVersions("2.2.61", "3.0.6")
    assert [versions.of(revision_named(name)) for name in ("2.2", "3.0")] == ["2.2.61", "3.0.6"]
