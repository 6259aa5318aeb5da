"""Nodes that move between our server and a gns3-server 2.2, unmodified, with their files and links."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import StartServer
from tests.peers.hosts import gns3_server
from tests.peers.lab import REPLY, TIMEOUT, Json, Lab, OpenTelnet, ping
from tests.support.compute_process import ComputeProcess

CONTENT = bytes(range(256)) * 4000


@pytest.fixture
def gns3(tmp_path: Path, stand_ins: tuple[Path, Path]) -> Iterator[ComputeProcess]:
    """gns3-server with a password."""
    with gns3_server(tmp_path / "gns3", "gns3", stand_ins) as compute:
        yield compute


def move(lab: Lab, node: Json, compute_id: str, status: int = 200) -> Json:
    """Move a node."""
    path = f"{lab.path}/nodes/{node['node_id']}/move"
    return dict(lab.request("POST", path, {"compute_id": compute_id}, status))


def test_a_node_moves_there_and_back(start_server: StartServer, gns3: ComputeProcess, telnet: OpenTelnet) -> None:
    server = start_server()
    lab = Lab(server.url, gns3)
    node, near = lab.pcs("local", "local")
    switch = lab.switch("local")
    link = lab.link((node, 0), (switch, 0))
    lab.link((near, 0), (switch, 1))
    lab.request("PUT", link, {"filters": {"packet_loss": [100]}}, 201)
    files = f"{lab.path}/nodes/{node['node_id']}/files"
    assert lab.http.post(f"{files}/some/notes.bin", content=CONTENT).status_code == 201
    here = Path(node["node_directory"])
    there = gns3.home / "projects" / lab.project_id / "project-files" / "vpcs" / node["node_id"]

    for compute_id, at, elsewhere in (("gns3", there, here), ("local", here, there), ("gns3", there, here)):
        assert move(lab, node, compute_id)["compute_id"] == compute_id
        assert (at / "some/notes.bin").read_bytes() == CONTENT and not elsewhere.exists()
        assert (at / "startup.vpc").read_text() == "set pcname N1\nip 10.0.0.1/24\n"
        lab.until_in_order()
        lab.start(node, near)
        console = telnet(lab.node(near)["console"])
        ping(console, 1, TIMEOUT)
        lab.request("PUT", link, {"filters": {}}, 201)
        ping(console, 1, REPLY)
        lab.request("PUT", link, {"filters": {"packet_loss": [100]}}, 201)
        lab.request("POST", f"{lab.path}/nodes/stop", {}, 204)
    assert "Dynamips" in move(lab, switch, "gns3", 409)["message"]  # which its switches need
    lab.until_in_order()
    error = move(lab, lab.request("POST", f"{lab.path}/nodes", builtin_pc(), 201), "gns3", 409)
    assert "engine" in error["message"]
    lab.request("DELETE", lab.path, None, 204)
    assert gns3.projects() == [] and not list((gns3.home / "projects").iterdir())


def builtin_pc() -> Json:
    return {"name": "B", "node_type": "vpcs", "compute_id": "local", "engine": "builtin"}


def test_an_image_that_is_missing_is_named_before_anything_changes(
    start_server: StartServer, gns3: ComputeProcess, tmp_path: Path, stand_ins: tuple[Path, Path]
) -> None:
    with gns3_server(tmp_path / "second", "second", stand_ins) as second:
        lab = Lab(start_server().url, gns3, second)
        assert lab.http.post("/v2/computes/gns3/qemu/images/disk.img", content=b"x" * 1000).status_code in (200, 204)
        program = tmp_path / "qemu-system-x86_64"  # it is not started
        program.write_text("#!/bin/sh\necho QEMU emulator version 8.2.0\n")
        program.chmod(0o755)
        properties = {"hda_disk_image": "disk.img", "qemu_path": str(program), "ram": 64}
        body = {"name": "Q", "node_type": "qemu", "compute_id": "gns3", "properties": properties}
        node = lab.request("POST", f"{lab.path}/nodes", body, 201)
        error = move(lab, node, "second", 409)
        assert "'second' lacks disk.img (hda_disk_image)" in error["message"]
        assert lab.node(node)["compute_id"] == "gns3" and second.projects() == []
        assert lab.http.post("/v2/computes/second/qemu/images/disk.img", content=b"x" * 1000).status_code in (200, 204)
        assert move(lab, node, "second")["compute_id"] == "second"
        lab.until_in_order()
