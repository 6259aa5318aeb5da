"""Our controller is killed while it uses a gns3-server; ``tests/e2e/test_killed_controller.py`` does it with ours."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import StartServer, vpcs_processes
from tests.peers.hosts import gns3_server
from tests.support.killed_controller import Killed, OtherLab
from tests.support.relay import relay


@pytest.fixture
def lab(tmp_path: Path, stand_ins: tuple[Path, Path], start_server: StartServer) -> Iterator[Killed]:
    with gns3_server(tmp_path / "gns3", "gns3", stand_ins) as compute, relay(compute.port) as way:
        yield Killed(start_server, compute, way)


def test_killed_while_it_creates_starts_and_deletes(lab: Killed) -> None:
    others = OtherLab(lab.compute)
    body = {"name": "PC3", "node_type": "vpcs", "compute_id": "gns3", "properties": {"startup_script": "echo\n"}}
    lab.kill_while("POST", "/nodes", body, b"/vpcs/nodes HTTP", lambda: lab.scripts() == 3)
    lab.start_again()
    lab.until_nothing_runs()

    lab.open()
    path = f"/nodes/{lab.nodes[1]['node_id']}"
    lab.kill_while("POST", f"{path}/start", {}, b"/start HTTP", lambda: bool(vpcs_processes(lab.folder())))
    lab.start_again()
    lab.until_nothing_runs()

    lab.open()
    lab.kill_while("DELETE", path, None, f"{path} HTTP".encode(), lambda: lab.scripts() == 2)
    lab.start_again()
    lab.until_nothing_runs()
    lab.check_that_it_works()

    lab.open()
    lab.kill_while("POST", "/close", None, b"/close HTTP", lambda: lab.compute.open_ids() == [others.project_id])
    lab.start_again()
    lab.until_nothing_runs()
    others.check_that_it_runs()


def test_a_copied_lab_of_another_controller_is_left_alone(lab: Killed) -> None:
    others = OtherLab(lab.compute)
    with lab.http() as http:
        copy = {"name": "copy", "project_id": others.project_id}
        assert http.post("/v2/projects", json=copy).status_code == 201
        body = {"name": "x", "node_type": "vpcs", "compute_id": "gns3"}
        refused = http.post(f"/v2/projects/{others.project_id}/nodes", json=body)
        assert refused.status_code == 409 and "for another controller" in refused.json()["message"]
    lab.server.stop(signal.SIGKILL)
    lab.start_again()
    lab.until_nothing_runs()
    with lab.http() as http:
        assert http.delete(f"/v2/projects/{others.project_id}").status_code == 204
    others.check_that_it_runs()
