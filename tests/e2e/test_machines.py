"""QEMU machines of a real server: however it ends, none of them is left."""

import json
import signal

import pytest

from tests.compute.conftest import processes_in
from tests.e2e.conftest import StartServer, wait_until
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
