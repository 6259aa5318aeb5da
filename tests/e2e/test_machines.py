"""QEMU machines of a real server: however it ends, none of them is left."""

import json
import os
import signal
import subprocess

import pytest

from tests.compute.conftest import processes_in
from tests.e2e.conftest import PATIENCE, StartServer, wait_until
from tests.support.machines import needs_qemu

pytestmark = needs_qemu


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_machine_outlives_its_server(start_server: StartServer, number: signal.Signals) -> None:
    server = start_server(env={"GNS3TRIO_ENABLE_HARDWARE_ACCELERATION": "false"})
    status, project = server.post("/v2/projects", json.dumps({"name": "lab"}))
    assert status == 201
    path = f"/v2/projects/{project['project_id']}/nodes"
    for name in ("A", "B"):
        status, node = server.post(path, json.dumps({"name": name, "node_type": "qemu", "compute_id": "local"}))
        assert status == 201, node
    status, node = server.post(f"{path}/{node['node_id']}/suspend")
    assert (status, node["status"]) == (200, "stopped")
    assert server.post(f"{path}/start")[0] == 204
    status, node = server.post(f"{path}/{node['node_id']}/suspend")
    assert (status, node["status"]) == (200, "suspended")
    assert len(processes_in(server.projects)) == 2
    server.stop(number)
    wait_until(lambda: processes_in(server.projects) == [])


def test_a_machine_that_somebody_kills_is_told(start_server: StartServer) -> None:
    """Its node is stopped, clients learn why, and nothing of it is left. It can be started again."""
    server = start_server(env={"GNS3TRIO_ENABLE_HARDWARE_ACCELERATION": "false"})
    _, project = server.post("/v2/projects", json.dumps({"name": "lab"}))
    path = f"/v2/projects/{project['project_id']}"
    body = {"name": "A", "node_type": "qemu", "compute_id": "local", "properties": {"ram": 16}}
    _, node = server.post(f"{path}/nodes", json.dumps(body))
    own = f"{path}/nodes/{node['node_id']}"
    command = ["curl", "-sN", "--max-time", str(PATIENCE), f"{server.url}{path}/notifications"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as events:
        assert events.stdout is not None
        events.stdout.readline()  # a first ping: it is subscribed
        assert server.post(f"{own}/start")[0] == 200
        (pid,) = processes_in(server.projects)
        os.kill(pid, signal.SIGKILL)
        told = {}
        for line in events.stdout:
            message = json.loads(line)
            told[message["action"]] = message["event"]
            if message["action"] == "log.error":
                break
        events.terminate()
    assert told["log.error"]["message"] == "QEMU 'A' was killed by SIGKILL"
    assert told["node.updated"]["status"] == "stopped"
    assert server.get(own)[1]["status"] == "stopped"
    assert processes_in(server.projects) == []
    assert server.post(f"{own}/start")[0] == 200
