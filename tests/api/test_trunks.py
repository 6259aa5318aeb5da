"""Trunks between hosts with servers of ours, as the API shows them."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import trio

from gns3trio import __version__
from gns3trio.compute.local.leases import bind_udp
from gns3trio.config import Config
from tests.support.far_lab import REPLY, TIMEOUT, far_pcs
from tests.support.far_server import FarServer, far_server
from tests.support.lab import Lab
from tests.support.machines import needs_qemu
from tests.support.pings import ping, script
from tests.support.server import Server
from tests.support.websockets import ws_events

Json = dict[str, Any]
CONDITIONS = {"filters": {}, "impairments": [], "seed": None, "suspend": False, "is_first": True}
PATIENCE = 60


async def test_without_links_to_other_hosts(server: Server) -> None:
    nothing = {"port": None, "trouble": None, "peers": [], "dropped": {}}
    assert await server.request("GET", "/v2/compute/trunks", None, 200) == nothing
    assert await server.request("GET", "/v2/computes/local/trunks", None, 200) == nothing
    await server.request("GET", "/v2/computes/nowhere/trunks", None, 404)
    extensions = await server.request("GET", "/v2/compute/extensions", None, 200)
    assert "trunk" in extensions["extensions"] and extensions["version"] == __version__


class Hosted:
    """A hosted project with two switches."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self._project = str(uuid4())
        self.path = f"/v2/compute/projects/{self._project}"
        self.nodes = [str(uuid4()), str(uuid4())]

    async def open(self) -> None:
        await self.server.request("POST", "/v2/compute/projects", {"name": "x", "project_id": self._project}, 201)
        nodes = [
            {"node_type": "ethernet_switch", "node_id": each, "name": f"SW{n}", "properties": {}}
            for n, each in enumerate(self.nodes)
        ]
        await self.batch("create", "nodes", nodes)

    async def batch(self, action: str, name: str, parts: list[Json]) -> list[Json]:
        reply = await self.server.request("POST", f"{self.path}/batch/{action}", {name: parts}, 200)
        return list(reply[name])

    async def join(self, *nios: Json) -> list[Json]:
        """Connect the ports 0 of the switches."""
        ports = [{"node_id": each, "adapter_number": 0, "port_number": 0} for each in self.nodes]
        joints = [
            {"ports": [port], "nio": nio, "conditions": CONDITIONS} for port, nio in zip(ports, nios, strict=True)
        ]
        return await self.batch("join", "joints", joints)


async def test_links_over_the_trunk(server: Server, config: Config) -> None:
    """The host at the other end is this one, too."""
    hosted = Hosted(server)
    await hosted.open()
    leases = await hosted.batch("lease", "leases", [{"kind": "trunk"}, {"kind": "trunk"}])
    assert [(part["status"], part["udp_port"]) for part in leases] == [(201, config.trunk_port)] * 2
    vnis = [part["vni"] for part in leases]
    there = {"type": "nio_trunk", "rhost": "localhost", "rport": config.trunk_port}
    nios = [{**there, "vni_in": vnis[at], "vni_out": vnis[1 - at]} for at in range(2)]
    assert await hosted.join(*nios) == [{"status": 201}] * 2
    with trio.fail_after(PATIENCE):
        while True:
            trunk = await server.request("GET", "/v2/compute/trunks", None, 200)
            (peer,) = trunk["peers"]
            if peer["mtu"] is not None:
                break
            await trio.sleep(0.02)
    assert (peer["state"], peer["reason"], peer["links"], peer["host"]) == ("up", None, 2, "localhost")
    assert peer["largest_frame"] == peer["mtu"] - 36 and peer["round_trip_ms"] > 0
    metrics = (await server.http.get("/metrics")).text
    labels = f'host="localhost",address="127.0.0.1",port="{config.trunk_port}"'
    assert f"gns3trio_trunk_up{{{labels}}} 1\n" in metrics
    assert f"gns3trio_trunk_links{{{labels}}} 2" in metrics
    shown = await server.request("GET", "/v2/computes/local/trunks", None, 200)
    assert shown["peers"][0]["compute_id"] is None and shown["port"] == config.trunk_port
    ports = [{"node_id": each, "adapter_number": 0, "port_number": 0} for each in hosted.nodes]
    assert await hosted.batch("separate", "ports", ports) == [{"status": 201}] * 2
    assert (await server.request("GET", "/v2/compute/trunks", None, 200))["peers"] == []


BAD_NIOS: list[tuple[Json, int, str]] = [
    ({"type": "nio_trunk", "rport": 5}, 400, "rhost"),
    ({"type": "nio_trunk", "rhost": "localhost", "rport": 5, "vni_in": 1}, 400, "vni_out is missing"),
    ({"type": "nio_trunk", "rhost": "localhost", "rport": 5, "vni_in": 0, "vni_out": 1}, 400, "vni_in"),
    ({"type": "nio_trunk", "rhost": "localhost", "rport": 5, "vni_in": 1, "vni_out": 2**24}, 400, "vni_out"),
    (
        {"type": "nio_trunk", "rhost": "localhost", "rport": 5, "vni_in": 1, "vni_out": 1, "lport": 5},
        400,
        "lport is not",
    ),
    ({"type": "nio_udp", "rhost": "localhost", "rport": 5, "vni_in": 1}, 400, "lport is missing"),
    ({"type": "nio_trunk", "rhost": "localhost", "rport": 5, "vni_in": 1, "vni_out": 1}, 409, "not leased"),
]


@pytest.mark.parametrize(("nio", "status", "message"), BAD_NIOS, ids=range(len(BAD_NIOS)))
async def test_what_cannot_be_joined(server: Server, nio: Json, status: int, message: str) -> None:
    hosted = Hosted(server)
    await hosted.open()
    for part in await hosted.join(nio, nio):
        assert part["status"] == status and message in part["message"], part


async def test_leases_end_with_their_project(server: Server) -> None:
    places = []
    for _ in range(2):
        hosted = Hosted(server)
        await hosted.open()
        leases = await hosted.batch("lease", "leases", [{"kind": "trunk"}] * 3)
        places.append([part["vni"] & 0xFFFF for part in leases])
        await server.request("POST", f"{hosted.path}/close", None, 204)
    assert places == [[1, 2, 3]] * 2


async def test_a_server_without_a_trunk(tmp_path: Path) -> None:
    async with far_server(tmp_path / "far", trunk_port=0) as far:
        assert "trunk" not in (await far.get("/v2/compute/extensions"))["extensions"]
        assert "trunk_port is 0" in (await far.get("/v2/compute/trunks"))["trouble"]
        assert far.server is not None
        hosted = Hosted(far.server)
        await hosted.open()
        (part,) = await hosted.batch("lease", "leases", [{"kind": "trunk"}])
        assert part["status"] == 409 and "trunk_port is 0" in part["message"]


async def pair_on_two_hosts(server: Server, project: Json) -> tuple[Lab, Json, Json]:
    """Linked PCs here and on the other host, started; the link, and the PC there."""
    lab = Lab(server, project, [])
    near = await lab.node("vpcs", name="NEAR", **script(1))
    (there,) = await far_pcs(lab, 2)
    link = await lab.link((near, 0), (there, 0))
    await server.request("POST", f"{lab.path}/nodes/start", None, 204)
    return lab, link, there


async def test_a_link_between_hosts_of_ours_runs_over_their_trunks(
    server: Server, project: Json, far: FarServer, registered: Json, config: Config
) -> None:
    lab, link, there = await pair_on_two_hosts(server, project)
    await ping(server, project, there, "10.0.0.1", REPLY)
    for where, port in (("local", far.config.trunk_port), ("far", config.trunk_port)):  # one address has both
        shown = await server.request("GET", f"/v2/computes/{where}/trunks", None, 200)
        (peer,) = shown["peers"]
        assert (peer["port"], peer["links"], peer["state"]) == (port, 1, "up")
        assert peer["sent_frames"] > 0 and peer["received_frames"] > 0
    assert (await server.request("GET", "/v2/compute/network/ports", None, 200))["udp_ports"] == []
    await lab.update(link, {"suspend": True})
    await ping(server, project, there, "10.0.0.1", TIMEOUT)
    await server.request("DELETE", f"{lab.path}/links/{link['link_id']}", None, 204)
    assert (await server.request("GET", "/v2/computes/far/trunks", None, 200))["peers"] == []


async def test_tunnels_of_gns3_where_a_trunk_cannot_be_opened(
    server: Server, project: Json, far: FarServer, registered: Json, config: Config
) -> None:
    """Another program has the UDP port of one of the two."""
    with bind_udp("0.0.0.0", config.trunk_port):
        _lab, _link, there = await pair_on_two_hosts(server, project)
        await ping(server, project, there, "10.0.0.1", REPLY)
    assert len((await server.request("GET", "/v2/compute/network/ports", None, 200))["udp_ports"]) == 1
    trunk = await server.request("GET", "/v2/compute/trunks", None, 200)
    assert trunk["port"] is None and "Address already in use" in trunk["trouble"]


async def test_tunnels_of_gns3_where_a_server_has_no_trunk(server: Server, project: Json, tmp_path: Path) -> None:
    async with far_server(tmp_path / "far", trunk_port=0) as far:
        await server.request("POST", "/v2/computes", far.address, 201)
        _, _, there = await pair_on_two_hosts(server, project)
        await ping(server, project, there, "10.0.0.1", REPLY)
        shown = await server.request("GET", "/v2/computes/far/trunks", None, 200)
        assert "has no trunk" in shown["trouble"]
        await server.request("POST", f"/v2/projects/{project['project_id']}/close", None, 204)


async def test_users_are_told_of_a_host_that_does_not_answer(
    server: Server, project: Json, far: FarServer, registered: Json
) -> None:
    """Once for the project, and at each link."""
    lab, _link, there = await pair_on_two_hosts(server, project)
    await ping(server, project, there, "10.0.0.1", REPLY)
    await require_told(server, far, lab)


@needs_qemu
async def test_users_are_told_of_it_at_a_machine(
    server: Server, project: Json, far: FarServer, registered: Json
) -> None:
    lab, link, there = await pair_on_two_hosts(server, project)
    await server.request("DELETE", f"{lab.path}/links/{link['link_id']}", None, 204)
    body = {"name": "M", "node_type": "qemu", "compute_id": "local"}
    machine = await server.request("POST", f"{lab.path}/nodes", body, 201)
    await lab.link((machine, 0), (there, 0))
    await require_told(server, far, lab)


async def require_told(server: Server, far: FarServer, lab: Lab) -> None:
    """The far host ends, and its only link has a problem then."""
    assert far.server is not None
    async with ws_events(server, f"{lab.path}/notifications/ws") as events:
        await far.stop()
        with trio.fail_after(PATIENCE):
            while "no frame passes the trunk to 127.0.0.1" not in (await events.until("log.warning"))["message"]:
                pass
    problems = await server.request("GET", f"{lab.path}/problems", None, 200)
    assert any("nothing listens at UDP port" in str(each) for each in problems["links"]), problems
