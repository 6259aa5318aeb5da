"""QEMU machines with gns3-server 2.2, unmodified: as the controller of ours, and labs that travel both ways."""

import json
import shutil
from functools import partial
from pathlib import Path

from tests.compute.conftest import processes_in
from tests.e2e.conftest import ServerProcess, wait_until
from tests.peers.conftest import Controller
from tests.peers.machines import DISK, PROPERTIES, without_folder
from tests.support.machines import needs_qemu

pytestmark = needs_qemu


def test_gns3_makes_machines_here(gns3_controller: Controller, ours: ServerProcess) -> None:
    gns3 = gns3_controller
    gns3.request("POST", "/v2/compute/qemu/img", DISK, 201)
    template = {
        "name": "R",
        "template_type": "qemu",
        "compute_id": "ours",
        "hda_disk_image": "disk.qcow2",
        **PROPERTIES,
    }
    template_id = gns3.request("POST", "/v2/templates", template, 201)["template_id"]
    project = gns3.request("POST", "/v2/projects", {"name": "lab"}, 201)["project_id"]
    path = f"/v2/projects/{project}"
    # The image is missing here: the controller sends it, and asks again.
    gns3.request("POST", f"{path}/templates/{template_id}", {"x": 0, "y": 0, "compute_id": "ours"}, 201)
    images = gns3.request("GET", "/v2/computes/ours/qemu/images", None, 200)
    assert [image["filename"] for image in images] == ["disk.qcow2"]
    (node,) = gns3.request("GET", f"{path}/nodes", None, 200)
    own = f"{path}/nodes/{node['node_id']}"
    assert node["properties"]["linked_clone"] and len(node["ports"]) == 2
    switch = gns3.request("POST", f"{path}/nodes", {"name": "SW", "node_type": "ethernet_switch", "compute_id": "ours"})
    ends = [(node["node_id"], 1), (switch["node_id"], 0)]
    link = {"nodes": [{"node_id": each, "adapter_number": adapter, "port_number": 0} for each, adapter in ends]}
    gns3.request("POST", f"{path}/links", link, 201)

    def is_now(path: str, status: str) -> bool:
        return bool(gns3.request("GET", path, None, 200)["status"] == status)

    for action, status in (("start", "started"), ("suspend", "suspended"), ("start", "started"), ("reload", "started")):
        gns3.request("POST", f"{own}/{action}", {}, 200)
        wait_until(partial(is_now, own, status))
    assert len(processes_in(ours.projects)) == 1
    gns3.request("POST", f"{own}/stop", {}, 200)
    copy = gns3.request("POST", f"{own}/duplicate", {"x": 1, "y": 1}, 201)
    assert copy["properties"]["mac_address"] != node["properties"]["mac_address"]
    gns3.request("POST", f"{path}/close", {}, 204)
    gns3.request("POST", f"{path}/open", {}, 201)
    assert len(gns3.request("GET", f"{path}/nodes", None, 200)) == 3
    gns3.request("DELETE", path, None, 204)
    assert processes_in(ours.projects) == []


def test_a_lab_with_a_machine_travels_both_ways(gns3_controller: Controller, ours: ServerProcess) -> None:
    gns3 = gns3_controller
    gns3.request("POST", "/v2/compute/qemu/img", DISK, 201)
    project = gns3.request("POST", "/v2/projects", {"name": "theirs"}, 201)
    path = f"/v2/projects/{project['project_id']}"
    body = {"name": "Q", "node_type": "qemu", "compute_id": "local", "first_port_name": "mgmt"}
    gns3.request("POST", f"{path}/nodes", {**body, "properties": {**PROPERTIES, "hda_disk_image": "disk.qcow2"}}, 201)
    (theirs,) = gns3.request("GET", f"{path}/nodes", None, 200)
    gns3.request("POST", f"{path}/close", {}, 204)
    here = ours.projects / project["project_id"]
    shutil.move(project["path"], here)

    assert ours.post("/v2/compute/qemu/img", json.dumps(DISK))[0] == 201
    assert ours.post("/v2/reload")[0] == 200
    assert ours.post(f"{path}/open")[0] == 201
    _, (node,) = ours.get(f"{path}/nodes")
    same = ("name", "properties", "ports", "console_type", "first_port_name")
    node, theirs = without_folder(node), without_folder(theirs)
    assert {key: node[key] for key in same} == {key: theirs[key] for key in same}
    status, node = ours.post(f"{path}/nodes/{node['node_id']}/start")
    assert (status, node["status"]) == (200, "started"), node
    ours.post(f"{path}/nodes/{node['node_id']}/stop")
    assert (Path(node["node_directory"]) / "hda_disk.qcow2").exists()
    assert ours.post(f"{path}/close")[0] == 204

    shutil.move(here, project["path"])
    gns3.request("POST", f"{path}/open", {}, 201)
    (again,) = gns3.request("GET", f"{path}/nodes", None, 200)
    assert without_folder(again)["properties"] == theirs["properties"]
