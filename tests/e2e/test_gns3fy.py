"""gns3fy, a client library for GNS3, used unmodified against a running server: every method that the node types here
allow.
"""

import warnings
from collections.abc import Iterator
from typing import Any

import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from gns3fy import Gns3Connector, Link, Node, Project

from tests.e2e.conftest import StartServer

SVG = '<svg width="10" height="10"><rect width="10" height="10"/></svg>'


@pytest.fixture
def connector(start_server: StartServer) -> Iterator[Any]:
    yield Gns3Connector(url=start_server().url)


@pytest.fixture
def lab(connector: Any) -> Iterator[Any]:
    """A project of two VPCS on a switch."""
    lab = Project(name="lab", connector=connector)
    lab.create()
    for name in ("PC1", "PC2"):
        lab.create_node(name=name, template="VPCS")
    lab.create_node(name="SW1", template="Ethernet switch")
    lab.create_link("PC1", "Ethernet0", "SW1", "Ethernet1")
    lab.create_link("PC2", "Ethernet0", "SW1", "Ethernet2")
    yield lab


def test_the_connector(connector: Any) -> None:
    assert connector.get_version() == {"local": False, "version": "2.2.61", "gns3trio_version": "0.1.0"}
    project = connector.create_project(name="one")
    assert connector.get_project(name="one") == connector.get_project(project_id=project["project_id"])
    assert [each["name"] for each in connector.get_projects()] == ["one"]
    assert connector.projects_summary(is_print=False)[0][0] == "one"
    assert connector.get_compute()["compute_id"] == "local"
    assert connector.get_computes()[0]["connected"] is True
    assert connector.get_compute_images(emulator="qemu") == []
    assert connector.get_compute_ports()["udp_port_range"] == [51001, 55000]
    template = connector.create_template(name="mine", template_type="vpcs", compute_id="local")
    assert connector.get_template(name="mine") == connector.get_template(template_id=template["template_id"])
    assert connector.update_template(name="mine", category="router")["category"] == "router"
    assert "mine" in [row[0] for row in connector.templates_summary(is_print=False)]
    connector.delete_template(name="mine")
    assert "mine" not in [each["name"] for each in connector.get_templates()]
    connector.delete_project(project["project_id"])
    assert connector.get_projects() == []


def test_a_project(lab: Any, connector: Any) -> None:
    lab.get()
    assert lab.stats == {"drawings": 0, "links": 2, "nodes": 3, "snapshots": 0}
    assert [row[0] for row in lab.nodes_summary(is_print=False)] == ["PC1", "PC2", "SW1"]
    assert sorted(lab.links_summary(is_print=False))[0][:2] == ("PC1", "Ethernet0")
    assert set(lab.nodes_inventory()) == {"PC1", "PC2", "SW1"}
    lab.update(name="renamed", auto_close=False)
    assert connector.get_project(name="renamed")["auto_close"] is False
    lab.start_nodes(poll_wait_time=0)
    assert {node.status for node in lab.nodes} == {"started"}
    lab.reload_nodes(poll_wait_time=0)
    lab.suspend_nodes(poll_wait_time=0)
    lab.stop_nodes(poll_wait_time=0)
    assert {node.status for node in lab.nodes if node.node_type == "vpcs"} == {"stopped"}
    lab.arrange_nodes_circular()
    assert len({(node.x, node.y) for node in lab.nodes}) == 3
    lab.write_file("README.txt", "a lab")
    assert lab.get_file("README.txt") == "a lab"
    lab.close()
    assert lab.status == "closed"
    lab.open()
    assert lab.status == "opened"
    assert lab.get_node(name="PC1").name == "PC1"
    lab.delete_link("PC1", "Ethernet0", "SW1", "Ethernet1")
    assert len(lab.links) == 1
    lab.delete()
    assert connector.get_projects() == []


def test_nodes_and_links(lab: Any, connector: Any) -> None:
    node = Node(project_id=lab.project_id, name="PC1", connector=connector)
    node.get()
    assert (node.status, node.node_type) == ("stopped", "vpcs")
    node.start()
    assert node.status == "started"
    node.suspend()
    node.reload()
    assert node.status == "started"
    node.stop()
    assert node.status == "stopped"
    node.update(name="Web", x=77)
    assert (node.name, node.x) == ("Web", 77)
    node.write_file("startup.vpc", "ip 10.0.0.1 24\n")
    assert node.get_file("startup.vpc") == "ip 10.0.0.1 24\n"
    (link,) = node.get_links() or node.links
    again = Link(project_id=lab.project_id, link_id=link.link_id, connector=connector)
    again.get()
    assert again.link_type == "ethernet"
    again.update(filters={"delay": [10, 2]}, suspend=True)
    again.get()
    assert (again.filters, again.suspend) == ({"delay": [10, 2]}, True)
    assert connector.get_link(lab.project_id, link.link_id)["suspend"] is True
    assert len(connector.get_links(lab.project_id)) == 2
    assert connector.get_node(lab.project_id, node.node_id)["name"] == "Web"
    assert len(connector.get_nodes(lab.project_id)) == 3
    again.delete()
    assert len(connector.get_links(lab.project_id)) == 1
    extra = Node(project_id=lab.project_id, name="PC3", template="VPCS", connector=connector)
    extra.create()
    assert extra.name == "PC3"
    free = {"node_id": extra.node_id, "adapter_number": 0, "port_number": 0}
    other = {"node_id": node.node_id, "adapter_number": 0, "port_number": 0}
    made = Link(project_id=lab.project_id, connector=connector, nodes=[free, other])
    made.create()
    assert made.link_id
    extra.delete()
    assert len(connector.get_links(lab.project_id)) == 1


def test_drawings_and_snapshots(lab: Any) -> None:
    lab.get_drawings()
    lab.get_snapshots()
    lab.create_drawing(SVG, x=1)
    (drawing,) = lab.drawings
    lab.update_drawing(drawing["drawing_id"], x=99)
    lab.get_drawings()
    assert lab.get_drawing(drawing["drawing_id"])["x"] == 99
    lab.create_snapshot("before")
    lab.delete_drawing(drawing["drawing_id"])
    lab.get_drawings()
    assert lab.drawings == []
    lab.get_snapshots()
    assert lab.get_snapshot(name="before")["name"] == "before"
    lab.restore_snapshot(name="before")
    lab.get_drawings()
    assert [each["drawing_id"] for each in lab.drawings] == [drawing["drawing_id"]]
    assert {node.name for node in lab.nodes} == {"PC1", "PC2", "SW1"}
    lab.delete_snapshot(name="before")
    lab.get_snapshots()
    assert lab.snapshots == []
