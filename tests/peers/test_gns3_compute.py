"""gns3-server 2.2, unmodified, as a compute of our server: a lab with nodes here, there, and on a third host."""

import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.conftest import StartServer
from tests.pcap_reader import read_capture
from tests.peers.hosts import gns3_server
from tests.peers.lab import REPLY, TIMEOUT, Json, Lab, OpenTelnet, ping
from tests.support.compute_process import ComputeProcess, our_server


@pytest.fixture
def gns3(tmp_path: Path, stand_ins: tuple[Path, Path]) -> Iterator[ComputeProcess]:
    """gns3-server with a password."""
    with gns3_server(tmp_path / "gns3", "gns3", stand_ins) as compute:
        yield compute


@pytest.fixture
def other(tmp_path: Path) -> Iterator[ComputeProcess]:
    """Another server of ours."""
    with our_server(tmp_path / "other", "other") as compute:
        yield compute


def test_nodes_links_filters_files_and_captures(
    start_server: StartServer, gns3: ComputeProcess, telnet: OpenTelnet
) -> None:
    server = start_server()
    lab = Lab(server.url, gns3)
    near, far = lab.pcs("local", "gns3")
    third = lab.pc("N3", "gns3", 3)
    switch = lab.switch("local")
    across = lab.link((far, 0), (switch, 0))
    lab.link((near, 0), (switch, 1))
    to_third = lab.link((third, 0), (switch, 2))
    assert [each["project_id"] for each in gns3.projects()] == [lab.project_id]
    lab.start(near, far, third)
    console = telnet(lab.node(far)["console"])
    for number in (1, 3):
        ping(console, number, REPLY)
    for change, outcome in (
        ({"filters": {"frequency_drop": [-1]}}, TIMEOUT),
        ({"filters": {}}, REPLY),
        ({"suspend": True}, TIMEOUT),
        ({"suspend": False}, REPLY),
    ):
        lab.request("PUT", across, change, 201)
        ping(console, 1, outcome)

    lab.request("DELETE", to_third, None, 204)
    lab.request("DELETE", across, None, 204)
    there = lab.link((third, 0), (far, 0))  # both on gns3-server
    ping(console, 3, REPLY)
    lab.request("PUT", there, {"filters": {"packet_loss": [100]}}, 201)
    ping(console, 3, TIMEOUT)
    lab.request("PUT", there, {"filters": {}}, 201)
    capture = lab.request("POST", f"{there}/start_capture", {}, 201)
    assert (capture["capturing"], capture["capture_compute_id"]) == (True, "gns3")
    ping(console, 3, REPLY)
    with lab.http.stream("GET", f"{there}/pcap") as stream:  # late: it begins where the capture began
        pieces, data = stream.iter_raw(), b""
        while not any(packet.data[12:14] == b"\x08\x00" for packet in (read_capture(data).packets if data else [])):
            data += next(pieces)
    lab.request("POST", f"{there}/stop_capture", {}, 201)
    packets = read_capture(Path(capture["capture_file_path"]).read_bytes()).packets
    assert any(packet.data[12:14] == b"\x08\x00" for packet in packets)

    files = f"{lab.path}/nodes/{far['node_id']}/files"
    assert lab.http.get(f"{files}/startup.vpc").text == "set pcname N2\nip 10.0.0.2/24\n"
    assert lab.http.post(f"{files}/startup.vpc", content=b"ip 10.0.0.9/24\n").status_code == 201
    assert lab.http.get(f"{files}/startup.vpc").text == "ip 10.0.0.9/24\n"
    assert lab.http.get(f"{files}/absent").status_code == 404
    lab.request("POST", f"{lab.path}/nodes/{far['node_id']}/stop", {}, 200)
    copy = lab.request("POST", f"{lab.path}/nodes/{far['node_id']}/duplicate", {"x": 1, "y": 2}, 201)
    copied = lab.http.get(f"{lab.path}/nodes/{copy['node_id']}/files/startup.vpc").text
    assert copied == "ip 10.0.0.9/24\n"
    lab.request("DELETE", f"{lab.path}/nodes/{copy['node_id']}", None, 204)
    assert lab.request("PUT", f"{lab.path}/nodes/{far['node_id']}", {"name": "renamed"}, 200)["name"] == "renamed"

    lab.request("POST", f"{lab.path}/close", None, 204)
    assert gns3.projects() == []
    lab.request("POST", f"{lab.path}/open", None, 201)
    lab.until_in_order()
    assert [each["project_id"] for each in gns3.projects()] == [lab.project_id]
    lab.request("DELETE", lab.path, None, 204)
    assert gns3.projects() == [] and not list((gns3.home / "projects").iterdir())


def test_what_gns3_rejects_is_told(start_server: StartServer, gns3: ComputeProcess) -> None:
    lab = Lab(start_server().url, gns3)
    nodes = f"{lab.path}/nodes"
    for fields, status, word in (
        ({"node_type": "vpcs", "properties": {"ram": 5}}, 400, "ram"),
        ({"node_type": "iou", "properties": {"path": "absent.bin"}}, 409, "absent.bin"),
    ):
        error = lab.request("POST", nodes, {"name": "X", "compute_id": "gns3", **fields}, status)
        assert word in error["message"] and "compute 'gns3'" in error["message"]
    assert lab.request("GET", nodes, None, 200) == []
    cloud = lab.request("POST", nodes, {"name": "C", "node_type": "cloud", "compute_id": "gns3"}, 201)
    assert cloud["status"] == "started" and cloud["properties"]["interfaces"]
    for path in ("qemu/images", "iou/images", "qemu/binaries"):
        assert isinstance(lab.request("GET", f"/v2/computes/gns3/{path}", None, 200), list)
    image = lab.http.post("/v2/computes/gns3/qemu/images/disk.img", content=b"x" * 100_000)
    assert image.status_code in (200, 204), image.text
    images = lab.request("GET", "/v2/computes/gns3/qemu/images", None, 200)
    assert next(each for each in images if each["filename"] == "disk.img")["filesize"] == 100_000
    for path in ("%2e%2e/projects", "../version", "qemu/../../version"):
        assert lab.http.get(f"/v2/computes/gns3/{path}/x").status_code in (400, 404)
    statistics = lab.request("GET", "/v2/statistics", None, 200)
    assert [each["compute_id"] for each in statistics] == ["local", "gns3"]


def test_everything_is_back_after_each_compute_was_killed(
    start_server: StartServer, gns3: ComputeProcess, other: ComputeProcess, telnet: OpenTelnet
) -> None:
    lab = Lab(start_server().url, gns3, other)
    nodes = lab.pcs("local", "gns3", "other")
    switch = lab.switch("other")
    for port, node in enumerate(nodes):
        lab.link((node, 0), (switch, port))
    lab.start(*nodes)
    console = telnet(lab.node(nodes[0])["console"])
    for number in (2, 3):
        ping(console, number, REPLY)
    for compute in (gns3, other):
        compute.kill()
        lab.until(f"/v2/computes/{compute.name}", lambda shown: not shown["connected"])
        assert lab.request("GET", f"{lab.path}/problems", None, 200)["nodes"]
        compute.start()
        lab.until_in_order()
        for number in (2, 3):
            ping(console, number, REPLY)


def test_a_compute_that_stops_answering_holds_up_nobody(
    start_server: StartServer, gns3: ComputeProcess, telnet: OpenTelnet
) -> None:
    lab = Lab(start_server().url, gns3)
    near, far = lab.pcs("local", "gns3")
    lab.link((near, 0), (far, 0))
    lab.start(near, far)
    console = telnet(lab.node(near)["console"])
    ping(console, 2, REPLY)
    gns3.signal(signal.SIGSTOP)
    reply = lab.http.post(f"{lab.path}/nodes/{far['node_id']}/stop", json={})
    assert reply.status_code == 409 and "silent" in reply.json()["message"]
    shown = lab.request("GET", "/v2/computes/gns3", None, 200)
    assert not shown["connected"] and "silent" in shown["last_error"]
    lab.request("POST", f"{lab.path}/nodes/{near['node_id']}/reload", {}, 200)
    gns3.signal(signal.SIGCONT)
    lab.until_in_order()
    shown = lab.until(f"{lab.path}/nodes/{far['node_id']}", lambda shown: shown["status"] == "stopped" or True)
    console = telnet(lab.node(near)["console"])
    lab.start(far)
    ping(console, 2, REPLY)


TEMPLATES: list[tuple[Json, str]] = [
    ({"template_type": "docker", "image": "alpine:latest", "adapters": 2}, "Docker"),
    ({"template_type": "qemu", "qemu_path": "/usr/bin/absent-qemu", "hda_disk_image": "absent.img"}, "absent"),
    ({"template_type": "dynamips", "platform": "c7200", "image": "absent.bin", "ram": 512}, "Dynamips"),
    ({"template_type": "iou", "path": "absent.bin"}, "absent.bin"),
    ({"template_type": "virtualbox", "vmname": "absent"}, "VBoxManage"),
    ({"template_type": "vmware", "vmx_path": "/absent.vmx"}, "vmware"),
    ({"template_type": "traceng"}, ""),
]


def test_templates_of_emulators_are_what_gns3_takes(start_server: StartServer, gns3: ComputeProcess) -> None:
    """The emulators are not installed here: each error is that of the emulator, not one about the request. The
    templates are as GNS3 completes them.
    """
    lab = Lab(start_server().url, gns3)
    for template, word in TEMPLATES:
        body = {"name": template["template_type"], "compute_id": "local", **template}
        complete = httpx.post(gns3.url.replace("compute", "templates"), auth=gns3.auth, json=body).json()
        body = {**complete, "compute_id": "gns3"}
        made = lab.request("POST", "/v2/templates", {k: v for k, v in body.items() if k != "builtin"}, 201)
        reply = lab.request("POST", f"{lab.path}/templates/{made['template_id']}", {"x": 0, "y": 0})
        if not word:
            assert reply["compute_id"] == "gns3", reply
        else:
            assert reply.get("status") == 409 and word.lower() in reply["message"].lower(), reply
    switch = {"name": "SW", "node_type": "ethernet_switch", "compute_id": "gns3"}
    assert "Dynamips" in lab.request("POST", f"{lab.path}/nodes", switch, 409)["message"]
