"""Labs that meet in a network of the host, through the API: real VPCS, real cables and bridges.

Run by test_cloud.py in a network namespace of its own.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trio

from tests import rtnetlink
from tests.api.conftest import config, lab, project, running, server
from tests.pcap_reader import read_capture
from tests.support.lab import ALL_DROPPED, Lab
from tests.support.server import Server
from tests.support.websockets import ws_events

__all__ = ["config", "lab", "project", "running", "server"]
PATIENCE = 60


@pytest.fixture(scope="module", autouse=True)
def loopback() -> None:
    rtnetlink.set_up("lo")


@pytest.fixture(params=["cable", "bridge"])
def network(request: pytest.FixtureRequest) -> Iterator[tuple[str, str]]:
    """The interfaces at which two clouds enter a network of the host."""
    if request.param == "cable":
        rtnetlink.add_veth("east0", "west0")
        for name in ("east0", "west0"):
            rtnetlink.set_up(name)
        yield "east0", "west0"
        rtnetlink.delete("east0")
    else:
        rtnetlink.add_bridge("yard0")
        yield "yard0", "yard0"
        rtnetlink.delete("yard0")


async def cloud_on(lab: Lab, interface: str) -> dict[str, Any]:
    ports = [{"name": interface, "port_number": 0, "type": "ethernet", "interface": interface}]
    return await lab.node("cloud", name="Cloud{0}", properties={"ports_mapping": ports})


async def until_they_meet(lab: Lab) -> None:
    """A new member of a bridge listens first, and a cable takes a moment, too."""
    with trio.fail_after(PATIENCE):
        while len(await lab.ping()) < 3:
            pass


async def test_two_vpcs_meet_in_a_network_of_the_host(lab: Lab, network: tuple[str, str]) -> None:
    east, west = await cloud_on(lab, network[0]), await cloud_on(lab, network[1])
    link = await lab.link((lab.nodes[0], 0), (east, 0))
    await lab.link((lab.nodes[1], 0), (west, 0))
    await until_they_meet(lab)
    path = f"{lab.path}/links/{link['link_id']}"
    capture = await lab.server.request("POST", f"{path}/start_capture", {}, 201)
    assert len(await lab.ping()) == 3
    await lab.server.request("POST", f"{path}/stop_capture", {}, 201)
    packets = read_capture(Path(capture["capture_file_path"]).read_bytes()).packets
    assert len([p for p in packets if p.data[12:14] == b"\x08\x00" and p.data[23] == 1]) == 6
    await lab.update(link, {"filters": ALL_DROPPED})
    assert await lab.ping() == []
    statistics = await lab.server.request("GET", f"{path}/statistics", None, 200)
    assert statistics["a_to_b"]["frames"] >= 6
    assert statistics["a_to_b"]["drops"]["filter"] + statistics["b_to_a"]["drops"]["filter"] >= 3
    await lab.update(link, {"filters": {}})
    assert len(await lab.ping()) == 3


async def test_a_failing_interface_is_an_event(lab: Lab) -> None:
    rtnetlink.add_veth("east0", "west0")
    rtnetlink.set_up("east0")
    await lab.link((lab.nodes[0], 0), (await cloud_on(lab, "east0"), 0))
    async with ws_events(lab.server, f"{lab.path}/notifications/ws") as stream:
        rtnetlink.delete("east0")
        assert "'east0' is gone" in (await stream.until("log.error"))["message"]
        assert "'east0' is gone" in (await stream.until("link.problem"))["message"]
        (problem,) = (await lab.server.request("GET", f"{lab.path}/problems", None, 200))["links"]
        assert "'east0' is gone" in problem["message"]
        rtnetlink.add_veth("east0", "west0")
        rtnetlink.set_up("east0")
        while (await stream.until("link.problem"))["message"] is not None:
            pass  # it is there before it is up
    assert (await lab.server.request("GET", f"{lab.path}/problems", None, 200))["links"] == []
    rtnetlink.delete("east0")


async def test_a_link_of_a_file_is_wired_by_a_put_when_its_interface_is_there(lab: Lab) -> None:
    rtnetlink.add_veth("north0", "south0")
    rtnetlink.set_up("north0")
    link = await lab.link((lab.nodes[0], 0), (await cloud_on(lab, "north0"), 0))
    await lab.server.request("POST", f"{lab.path}/close", None, 204)
    rtnetlink.delete("north0")
    await lab.server.request("POST", f"{lab.path}/open", None, 201)
    path = f"{lab.path}/links/{link['link_id']}"
    (problem,) = (await lab.server.request("GET", f"{lab.path}/problems", None, 200))["links"]
    assert problem["link_id"] == link["link_id"] and "'north0' doesn't exist" in problem["message"]
    await lab.server.request("PUT", path, {}, 201)
    await lab.server.request("GET", f"{path}/statistics", None, 409)
    rtnetlink.add_veth("north0", "south0")
    rtnetlink.set_up("north0")
    await lab.server.request("PUT", path, {}, 201)
    await lab.server.request("GET", f"{path}/statistics", None, 200)
    assert (await lab.server.request("GET", f"{lab.path}/problems", None, 200))["links"] == []
    rtnetlink.delete("north0")


async def test_a_link_to_a_missing_interface_leaves_nothing(server: Server, project: dict[str, Any]) -> None:
    lab = Lab(server, project, [])
    hub = await lab.node("ethernet_hub")
    cloud = await cloud_on(lab, "absent0")
    ends = [{"node_id": node["node_id"], "adapter_number": 0, "port_number": 0} for node in (cloud, hub)]
    error = await server.request("POST", f"{lab.path}/links", {"nodes": ends}, 409)
    assert "'absent0' doesn't exist" in error["message"]
    assert await server.request("GET", f"{lab.path}/links", None, 200) == []


async def test_a_cloud_tells_of_an_interface_that_comes_later(server: Server, project: dict[str, Any]) -> None:
    lab = Lab(server, project, [])
    cloud = await cloud_on(lab, "absent0")
    path = f"{lab.path}/nodes/{cloud['node_id']}"
    rtnetlink.add_veth("late0", "late1")
    with trio.fail_after(PATIENCE):
        for x in range(1 << 30):
            node = await server.request("PUT", path, {"x": x}, 200)
            if "late0" in [each["name"] for each in node["properties"]["interfaces"]]:
                break
    rtnetlink.delete("late0")


async def test_the_ports_of_a_new_cloud(server: Server, project: dict[str, Any]) -> None:
    """One for each Ethernet interface of the host that is not special, in the order of their names."""
    for pair in (("eth8", "eth3"), ("veth9", "docker9")):
        rtnetlink.add_veth(*pair)
    cloud = await Lab(server, project, []).node("cloud", name="C")
    assert cloud["properties"]["ports_mapping"] == [
        {"name": name, "port_number": at, "type": "ethernet", "interface": name}
        for at, name in enumerate(("eth3", "eth8"))
    ]
    assert {"name": "docker9", "type": "ethernet", "special": True} in cloud["properties"]["interfaces"]
    remote = {"remote_console_host": "", "remote_console_port": 23, "remote_console_type": "none"}
    assert remote.items() <= cloud["properties"].items()
    for name in ("eth8", "veth9"):
        rtnetlink.delete(name)
