"""What passes a link while it changes: its two ends lead to sockets of the test, through clouds and a hub."""

import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import pytest
import trio

from gns3trio.compute.local.leases import bind_udp
from tests.support.server import Server
from tests.support.udp import LOOPBACK, free_port

PATIENCE = 60
HEADER = bytes.fromhex("020000000001 020000000002 88b5")
ROUNDS = 30
FRAMES = 64
END = FRAMES  # the number of frames that come last, until one gets through

Json = dict[str, Any]


def make_frame(run: int, number: int) -> bytes:
    return HEADER + bytes([run, number]) + bytes(46)


@attrs.frozen
class Wire:
    """A link between a cloud and a hub; ``near`` sends to ``inlet``, and what passed comes to ``far``."""

    server: Server
    path: str
    near: socket.socket
    inlet: tuple[str, int]
    far: socket.socket

    async def put(self, body: Json, what: str = "", status: int = 201) -> None:
        await self.server.request("PUT", self.path + what, body, status)

    def arrived(self) -> int:
        """How many frames came, and are taken away."""
        number = 0
        while True:
            try:
                self.far.recv(2048, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return number
            number += 1

    async def pass_frames(self, run: int) -> set[int]:
        """The numbers of those of FRAMES frames that came through."""
        for number in range(FRAMES):
            self.near.sendto(make_frame(run, number), self.inlet)
        return await self.pass_end(run)

    async def pass_end(self, run: int) -> set[int]:
        """Send END until it gets through; then nothing is under way that was sent before. The numbers of the run that
        came."""
        passed: set[int] = set()
        with trio.fail_after(PATIENCE):
            while True:
                self.near.sendto(make_frame(run, END), self.inlet)
                await trio.sleep(0.01)
                try:
                    while True:
                        frame = self.far.recv(2048, socket.MSG_DONTWAIT)
                        if frame[14] == run and frame[15] == END:
                            return passed
                        if frame[14] == run:
                            passed.add(frame[15])
                except BlockingIOError:
                    pass


FLOOD = """
import contextlib, socket, sys
sender, to = socket.socket(fileno=int(sys.argv[1])), (sys.argv[2], int(sys.argv[3]))
print("begins", flush=True)
while True:
    with contextlib.suppress(ConnectionRefusedError):  # while nobody listens
        sender.sendto(bytes.fromhex(sys.argv[4]), to)
"""


@contextmanager
def flood(sender: socket.socket, to: tuple[str, int]) -> Iterator[None]:
    """Frames without a pause, from another process: a thread would wait while the server's Python runs."""
    arguments = [str(sender.fileno()), to[0], str(to[1]), make_frame(0, 0).hex()]
    command = [sys.executable, "-c", FLOOD, *arguments]
    with subprocess.Popen(command, pass_fds=[sender.fileno()], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"begins\n"
        try:
            yield
        finally:
            process.kill()


@pytest.fixture
async def wire(server: Server, project: Json) -> AsyncIterator[Wire]:
    path = f"/v2/projects/{project['project_id']}"

    async def make(node_type: str, properties: Json) -> str:
        body = {"name": "n", "node_type": node_type, "compute_id": "local", "properties": properties}
        return str((await server.request("POST", f"{path}/nodes", body, 201))["node_id"])

    with bind_udp(LOOPBACK, 0) as near, bind_udp(LOOPBACK, 0) as far:
        hub = await make("ethernet_hub", {})
        links, inlets = [], []
        for port_number, sock in enumerate((near, far)):
            udp = {"type": "udp", "lport": free_port(), "rhost": LOOPBACK, "rport": sock.getsockname()[1]}
            cloud = await make("cloud", {"ports_mapping": [{"name": "u", "port_number": 0, **udp}]})
            ends = [{"node_id": n, "adapter_number": 0, "port_number": p} for n, p in ((cloud, 0), (hub, port_number))]
            links.append(await server.request("POST", f"{path}/links", {"nodes": ends}, 201))
            inlets.append((LOOPBACK, udp["lport"]))
        yield Wire(server, f"{path}/links/{links[0]['link_id']}", near, inlets[0], far)


async def test_the_same_seed_begins_the_run_anew(wire: Wire) -> None:
    impairments = {"impairments": [{"type": "loss", "percent": 50}], "seed": 7}
    runs = []
    for run in range(3):
        await wire.put(impairments, "/impairments", 200)
        runs.append(await wire.pass_frames(run))
    assert 0 < len(runs[0]) < FRAMES
    assert runs[0] == runs[1] == runs[2]
    assert await wire.pass_frames(3) != runs[0]


async def test_no_frame_passes_while_filters_and_suspension_change(wire: Wire) -> None:
    states = [{"filters": {"packet_loss": [100]}, "suspend": False}, {"filters": {}, "suspend": True}]
    await wire.put(states[0])
    with flood(wire.near, wire.inlet):
        for number in range(ROUNDS):
            await wire.put(states[number % 2])
    assert wire.arrived() == 0
    await wire.put({"filters": {}, "suspend": False})
    await wire.pass_end(1)  # what the flood left in the inlet passes now, and would leave ``far`` no room
    assert len(await wire.pass_frames(2)) == FRAMES


async def test_no_frame_passes_a_new_tunnel_before_its_filters(server: Server) -> None:
    project = "/v2/compute/projects/00000000-0000-0000-0000-000000000007"
    await server.request("POST", "/v2/compute/projects", {"name": "far", "project_id": project.rpartition("/")[2]}, 201)
    hub = (await server.request("POST", f"{project}/ethernet_hub/nodes", {"name": "hub"}, 201))["node_id"]
    ports = [f"{project}/ethernet_hub/nodes/{hub}/adapters/0/ports/{number}/nio" for number in range(2)]
    with bind_udp(LOOPBACK, 0) as near, bind_udp(LOOPBACK, 0) as far:
        inlets = [(await server.request("POST", f"{project}/ports/udp", {}, 201))["udp_port"] for _ in ports]
        tunnels = [
            {"type": "nio_udp", "lport": lport, "rhost": LOOPBACK, "rport": sock.getsockname()[1]}
            for lport, sock in zip(inlets, (near, far), strict=True)
        ]
        await server.request("POST", ports[1], tunnels[1], 201)
        with flood(near, (LOOPBACK, inlets[0])):
            for number in range(ROUNDS):
                closed = ({"suspend": True}, {"filters": {"frequency_drop": [-1]}})[number % 2]
                await server.request("POST", ports[0], {**tunnels[0], **closed}, 201)  # in place of the one before
        await trio.sleep(0.05)
        with pytest.raises(BlockingIOError):
            far.recv(2048, socket.MSG_DONTWAIT)
