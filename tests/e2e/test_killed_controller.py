"""A controller that is killed leaves nothing running that no project shows, and ends nothing of other controllers."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import StartServer, vpcs_processes
from tests.support.compute_process import ComputeProcess, free_port, our_server
from tests.support.killed_controller import Killed, OtherLab
from tests.support.relay import Relay, relay


@pytest.fixture
def compute(tmp_path: Path) -> Iterator[ComputeProcess]:
    """Another server of ours."""
    with our_server(tmp_path / "compute", "far") as made:
        yield made


@pytest.fixture
def way(compute: ComputeProcess) -> Iterator[Relay]:
    with relay(compute.port) as opened:
        yield opened


@pytest.fixture
def lab(start_server: StartServer, compute: ComputeProcess, way: Relay) -> Killed:
    return Killed(start_server, compute, way)


def test_killed_while_nothing_happens(lab: Killed) -> None:
    others = OtherLab(lab.compute)
    lab.server.stop(signal.SIGKILL)
    assert vpcs_processes(lab.folder())
    lab.start_again()
    lab.until_nothing_runs()
    others.check_that_it_runs()
    lab.check_that_it_works()


def test_killed_while_it_creates_a_node(lab: Killed) -> None:
    body = {"name": "PC3", "node_type": "vpcs", "compute_id": "far", "properties": {"startup_script": "echo\n"}}
    lab.kill_while("POST", "/nodes", body, b"/vpcs/nodes HTTP", lambda: lab.scripts() == 3)
    lab.start_again()
    lab.until_nothing_runs()
    lab.check_that_it_works()


def test_files_of_a_node_that_no_project_shows_are_deleted_with_the_project(lab: Killed) -> None:
    """The controller was killed before it knew that the node is there, and has no node there any more."""
    body = {"name": "PC3", "node_type": "vpcs", "compute_id": "far", "properties": {"startup_script": "echo\n"}}
    lab.kill_while("POST", "/nodes", body, b"/vpcs/nodes HTTP", lambda: lab.scripts() == 3)
    lab.start_again()
    lab.until_nothing_runs()
    lab.open()
    with lab.http() as http:
        for node in lab.nodes:
            assert http.delete(f"{lab.path}/nodes/{node['node_id']}").status_code == 204
        assert lab.scripts() == 1
        assert http.delete(lab.path).status_code == 204
    assert not lab.folder().exists()


def test_killed_while_it_starts_a_node(lab: Killed) -> None:
    path = f"/nodes/{lab.nodes[1]['node_id']}/start"
    lab.kill_while("POST", path, {}, b"/start HTTP", lambda: len(vpcs_processes(lab.folder())) == 2)
    lab.start_again()
    lab.until_nothing_runs()
    lab.check_that_it_works()


def test_killed_while_it_deletes_a_node(lab: Killed) -> None:
    path = f"/nodes/{lab.nodes[0]['node_id']}"
    lab.kill_while("DELETE", path, None, f"{path} HTTP".encode(), lambda: not vpcs_processes(lab.folder()))
    lab.start_again()
    lab.until_nothing_runs()
    lab.check_that_it_works()


@pytest.mark.parametrize(("method", "path"), [("POST", "/close"), ("DELETE", "")])
def test_killed_while_it_closes_or_deletes_the_project(lab: Killed, method: str, path: str) -> None:
    lab.kill_while(method, path, None, b"/close HTTP", lambda: not lab.compute.open_ids())
    lab.start_again()
    lab.until_nothing_runs()
    if path:
        lab.check_that_it_works()


def test_a_lab_that_opens_by_itself_runs_again(lab: Killed) -> None:
    with lab.http() as http:
        assert http.put(lab.path, json={"auto_open": True, "auto_start": True}).status_code == 200
    others = OtherLab(lab.compute)
    lab.server.stop(signal.SIGKILL)
    lab.start_again()
    with lab.http() as http:
        lab.until(lambda: {node["status"] for node in http.get(f"{lab.path}/nodes").json()} == {"started"})
    assert len(vpcs_processes(lab.folder())) == 2
    others.check_that_it_runs()


def test_what_was_given_up_while_the_compute_was_away_is_closed_when_it_is_back(lab: Killed) -> None:
    """The project, and the compute itself, are deleted while the compute cannot be reached."""
    with lab.http() as http:
        address = http.put("/v2/computes/far", json={**lab.compute.body(), "port": free_port()}).json()
        assert not address["connected"]
        assert http.delete(lab.path).status_code == 204
    assert vpcs_processes(lab.folder())
    lab.server.stop(signal.SIGKILL)
    lab.start_again()
    with lab.http() as http:
        assert http.put("/v2/computes/far", json=lab.compute.body()).json()["connected"]
    lab.until_nothing_runs()


def test_a_compute_that_was_removed_while_it_was_away_is_cleaned_up_when_it_is_added_again(lab: Killed) -> None:
    with lab.http() as http:
        lab.relay.close()
        lab.until(lambda: not http.get("/v2/computes/far").json()["connected"])
        assert http.delete("/v2/computes/far").status_code == 204
        assert vpcs_processes(lab.folder())
        with relay(lab.compute.port) as again:
            body = {**lab.compute.body(), "compute_id": "new", "name": "new", "port": again.port}
            assert http.post("/v2/computes", json=body).json()["connected"]
            assert vpcs_processes(lab.folder())  # it is not known to be the same
        with relay(lab.compute.port, lab.relay.port):
            body = {**lab.compute.body(), "compute_id": "back", "name": "back", "port": lab.relay.port}
            assert http.post("/v2/computes", json=body).json()["connected"]
            lab.until_nothing_runs()


def test_a_copied_lab_of_another_controller_is_left_alone(lab: Killed) -> None:
    """A project here has the id of one that another controller has open at the compute."""
    others = OtherLab(lab.compute)
    with lab.http() as http:
        copy = {"name": "copy", "project_id": others.project_id}
        assert http.post("/v2/projects", json=copy).status_code == 201
        refused = http.post(
            f"/v2/projects/{others.project_id}/nodes", json={"name": "x", "node_type": "vpcs", "compute_id": "far"}
        )
        assert refused.status_code == 409 and "for another controller" in refused.json()["message"]
        others.check_that_it_runs()
        assert http.post(f"/v2/projects/{others.project_id}/close").status_code == 204
    lab.server.stop(signal.SIGKILL)
    lab.start_again()
    lab.until_nothing_runs()
    others.check_that_it_runs()
    with lab.http() as http:
        assert http.delete(f"/v2/projects/{others.project_id}").status_code == 204
    others.check_that_it_runs()
