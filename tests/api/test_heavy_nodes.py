"""Nodes that are heavy for their host: what they may take of it, and starts of many."""

import os
from collections import Counter
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio

from gns3trio.compute.local.boots import Load
from gns3trio.config import Config
from tests.support.lab import Lab
from tests.support.machines import needs_qemu
from tests.support.server import Server, node_path, started
from tests.support.websockets import ws_events

Json = dict[str, Any]
pytestmark = needs_qemu
PATIENCE = 60


@pytest.fixture
def config(config: Config) -> Config:
    return attrs.evolve(config, require_hardware_acceleration=False, max_node_memory="256", vpcs_engine="builtin")


async def make_machines(lab: Lab, number: int) -> list[Json]:
    properties = {"ram": 96, "adapters": 0, "options": "-nodefaults"}
    return [await lab.node("qemu", name=f"R{each}", properties=properties) for each in range(number)]


async def statuses(lab: Lab) -> Counter[tuple[str, str]]:
    listed = await lab.server.request("GET", f"{lab.path}/nodes", None, 200)
    return Counter((node["node_type"], node["status"]) for node in listed)


async def test_starts_of_many_do_not_pass_the_limit(server: Server, project: Json) -> None:
    lab = Lab(server, project, [])
    machines = await make_machines(lab, 4)
    await lab.node("vpcs", name="PC1")
    async with ws_events(server, f"/v2/projects/{project['project_id']}/notifications/ws") as events:
        refused = await server.request("POST", f"{lab.path}/nodes/start", None, 409)
        assert "is not started: it needs 96 MiB of memory" in refused["message"]
        assert "have 192 MiB of the 256 MiB" in refused["message"] and "max_node_memory is 256" in refused["message"]
        with trio.fail_after(PATIENCE):
            while True:
                event = await events.next()
                if event["action"] == "log.error":
                    break
        assert "is not started: it needs 96 MiB" in event["event"]["message"] != refused["message"]
    assert await statuses(lab) == {("qemu", "started"): 2, ("qemu", "stopped"): 2, ("vpcs", "started"): 1}
    await server.request("POST", f"{lab.path}/nodes/stop", None, 204)
    for node in machines:  # what a node had is given back, also if it is killed
        await server.request("POST", f"{node_path(project, node)}/start", None, 200)
        await server.request("POST", f"{node_path(project, node)}/stop", None, 200)


async def test_a_start_that_waits_for_its_turn_ends_when_the_node_is_stopped(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Load, "is_busy", lambda load: True)
    async with started(attrs.evolve(config, max_booting_nodes=1)) as server:
        lab = Lab(server, await server.request("POST", "/v2/projects", {"name": "lab"}, 201), [])
        first, second = await make_machines(lab, 2)
        pc = await lab.node("vpcs", name="PC1")
        async with (
            ws_events(server, f"/v2/projects/{lab.project['project_id']}/notifications/ws") as events,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(server.request, "POST", f"{lab.path}/nodes/start", None, 409)
            began = set[str]()
            with trio.fail_after(PATIENCE):
                while len(began) < 2:  # the PC does not wait, and one machine does
                    event = await events.next()
                    if event["action"] == "node.updated" and event["event"]["status"] == "started":
                        began.add(event["event"]["node_id"])
            assert pc["node_id"] in began
            (waiting,) = {first["node_id"], second["node_id"]} - began
            await server.request("POST", f"{lab.path}/nodes/{waiting}/stop", None, 200)
        assert await statuses(lab) == {("qemu", "started"): 1, ("qemu", "stopped"): 1, ("vpcs", "started"): 1}


async def test_a_project_on_a_full_disk(config: Config) -> None:
    async with started(attrs.evolve(config, min_free_disk=2**40)) as server:
        lab = Lab(server, await server.request("POST", "/v2/projects", {"name": "full"}, 201), [])
        (machine,) = await make_machines(lab, 1)
        refused = await server.request("POST", f"{node_path(lab.project, machine)}/start", None, 409)
        assert "min_free_disk" in refused["message"] and "R0" in refused["message"]


def status_of(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def children() -> set[int]:
    return {int(pid) for task in os.listdir("/proc/self/task") for pid in read_children(task)}


def read_children(task: str) -> list[str]:
    return Path(f"/proc/self/task/{task}/children").read_text().split()


async def test_a_machine_has_no_privileges(server: Server, project: Json) -> None:
    """Whatever the server has, which is root in some of the runs of this test."""
    lab = Lab(server, project, [])
    (machine,) = await make_machines(lab, 1)
    before = children()
    await server.request("POST", f"{node_path(project, machine)}/start", None, 200)
    (pid,) = children() - before
    status = status_of(pid)
    # The bounding set only matters for who can gain privileges; root alone may leave it.
    for name in ("CapInh", "CapPrm", "CapEff", "CapAmb", *(["CapBnd"] if os.geteuid() == 0 else [])):
        assert int(status[name], 16) == 0, name
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    usage = await server.request("GET", f"{node_path(project, machine)}/usage", None, 200)
    assert (usage["processes"], usage["configured_memory_bytes"]) == (1, 96 * 2**20)
