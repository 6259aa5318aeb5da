"""What a link reaches of a host."""

from typing import Any

import pytest

from gns3trio.controller.gns3_format.records import NodeRecord
from gns3trio.controller.links.host_ports import HostPort, host_port_of
from gns3trio.controller.project.project import Project
from gns3trio.errors import Conflict
from tests.controller.conftest import link_record, make_link, make_nodes, record

ETHERNET = {"name": "eth0", "port_number": 0, "type": "ethernet", "interface": "eth0"}
UDP = {"name": "u", "port_number": 1, "type": "udp", "lport": 20001, "rhost": "192.0.2.1", "rport": 20002}


def cloud(ports: Any) -> NodeRecord:
    made = record("cloud", "cloud")
    made.properties = {"ports_mapping": ports}
    return made


@pytest.mark.parametrize("port", [0, 1])
async def test_the_port_of_a_cloud_is_told(project: Project, port: int) -> None:
    (pc,) = await make_nodes(project, "A")
    far = await project.nodes.create(cloud([ETHERNET, UDP]))
    far.update({"properties": {"ports_mapping": [ETHERNET, UDP]}})
    ends = link_record(pc, far)
    ends.nodes[1].port_number = port
    link = await project.links.create(ends)
    expected = (
        HostPort(node_id=far.node_id, type="ethernet", interface="eth0"),
        HostPort(node_id=far.node_id, type="udp", lport=20001, rhost="192.0.2.1", rport=20002),
    )
    assert host_port_of(link, project.nodes) == expected[port]


async def test_a_link_between_nodes_reaches_no_host(project: Project) -> None:
    link = await make_link(project, *await make_nodes(project, "A", "B"))
    with pytest.raises(Conflict, match="neither"):
        host_port_of(link, project.nodes)


@pytest.mark.parametrize("ports", [None, "x", [1], [{}], [{"port_number": "0"}]])
async def test_a_strange_file_is_no_reason_to_fail(project: Project, ports: Any) -> None:
    (pc,) = await make_nodes(project, "A")
    far = await project.nodes.create(cloud([ETHERNET]))
    link = await make_link(project, pc, far)
    far.update({"properties": {"ports_mapping": ports}})
    with pytest.raises(Conflict, match="neither"):
        host_port_of(link, project.nodes)
