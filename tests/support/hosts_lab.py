"""A lab on two hosts of ``tests.support.hosts``."""

import math
from typing import Any

import attrs

from tests.support.hosts import Host
from tests.support.lab import Lab
from tests.support.pings import ping, script, until
from tests.support.server import Server, node_path

Json = dict[str, Any]
REPLY, NOBODY = b"ttl=64", b"timeout|not reachable"
NO_PROBLEMS: Json = {"file": [], "links": [], "nodes": []}


@attrs.frozen
class HostsLab:
    """NEAR (10.0.0.1) on the controller; FAR2 and FAR3 on the compute. NEAR and FAR3 are linked with FAR2's switch."""

    lab: Lab
    near: Json
    far: tuple[Json, Json]
    switch: Json
    across: Json
    there: Json

    @property
    def server(self) -> Server:
        return self.lab.server

    @property
    def path(self) -> str:
        return self.lab.path

    async def ping(self, sender: Json, address: str, outcome: bytes = REPLY, *, again_after: float = math.inf) -> None:
        """Ping until the outcome is seen. See ``tests.support.pings``."""
        await ping(self.server, self.lab.project, sender, address, outcome, again_after=again_after)

    async def node(self, node: Json) -> Json:
        """A node as it is shown now."""
        shown: Json = await self.server.request("GET", node_path(self.lab.project, node), None, 200)
        return shown

    async def act(self, node: Json, action: str, status: int) -> str:
        """Start or stop a node, or the like; returns the message of an error."""
        reply = await self.server.request("POST", f"{node_path(self.lab.project, node)}/{action}", None, status)
        return str(reply.get("message", "")) if status >= 400 else ""

    async def problems(self) -> Json:
        """What does not work now."""
        told: Json = await self.server.request("GET", f"{self.path}/problems", None, 200)
        return told

    async def until_away(self) -> str:
        """Wait until the compute counts as away; returns the reason that is shown."""
        shown = await until(self.server, "/v2/computes/far", lambda compute: not compute["connected"])
        return str(shown["last_error"])

    async def until_back(self) -> None:
        """Wait until nothing is wrong."""
        await until(self.server, f"{self.path}/problems", lambda problems: problems == NO_PROBLEMS)
        await until(self.server, "/v2/computes/far", lambda compute: compute["connected"])

    async def until_started(self, node: Json) -> None:
        """Wait until a node that ran was started again."""
        await until(self.server, node_path(self.lab.project, node), lambda shown: shown["status"] == "started")


async def make_lab(near: Host, far: Host, compute_id: str | None = None, *, switch_on: str | None = None) -> HostsLab:
    """The lab, started, with a first ping from host to host. The compute has the name of its host as its id, if not
    another one. The switch is on the compute, if not elsewhere.
    """
    compute_id = compute_id or far.name
    server = near.server
    project = await server.request("POST", "/v2/projects", {"name": "lab"}, 201)
    lab = Lab(server, project, [])
    here = await lab.node("vpcs", name="NEAR", **script(1))
    there = [await lab.node("vpcs", name=f"FAR{n}", compute_id=compute_id, **script(n)) for n in (2, 3)]
    switch = await lab.node("ethernet_switch", name="SW", compute_id=switch_on or compute_id)
    across = await lab.link((here, 0), (switch, 0))
    inside = await lab.link((there[0], 0), (switch, 1))
    await lab.link((there[1], 0), (switch, 2))
    await server.request("POST", f"{lab.path}/nodes/start", None, 204)
    made = HostsLab(lab, here, (there[0], there[1]), switch, across, inside)
    await made.ping(here, "10.0.0.2")
    return made


# --- ways in which a host goes away and comes back, for parameters of tests ---


async def cut(host: Host) -> None:
    host.cut()


async def heal(host: Host) -> None:
    host.heal()


async def freeze(host: Host) -> None:
    host.freeze()


async def thaw(host: Host) -> None:
    host.thaw()
