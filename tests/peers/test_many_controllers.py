"""Two gns3-servers and a server of ours are controllers of one compute of ours at once, with copies of one lab."""

import base64
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import trio
from trio_websocket import open_websocket_url

from tests.e2e.conftest import PATIENCE, StartServer, vpcs_processes
from tests.peers.hosts import gns3_server
from tests.peers.lab import REPLY, TIMEOUT, Json, Lab, OpenTelnet, ping
from tests.support.compute_process import ComputeProcess, our_server

USERS = ("alice", "bob", "carol")


@pytest.fixture
def compute(tmp_path: Path) -> Iterator[ComputeProcess]:
    """Our server, with a user for each controller."""
    users = ",".join(f"{name}:secret" for name in USERS)
    options = ("--user", "lab", "--password", "secret", "--compute-users", users)
    with our_server(tmp_path / "shared", "shared", "127.0.0.1", *options, user="lab") as made:
        yield made


@pytest.fixture
def controllers(
    tmp_path: Path, stand_ins: tuple[Path, Path], start_server: StartServer
) -> Iterator[list[tuple[str, tuple[str, str] | None, ComputeProcess | None]]]:
    """The URL, the credentials, and the process of each."""
    with (
        gns3_server(tmp_path / "first", "first", stand_ins) as first,
        gns3_server(tmp_path / "second", "second", stand_ins, ports=6000) as second,
    ):
        ours = start_server()
        yield [
            *((each.url.removesuffix("/v2/compute"), each.auth, each) for each in (first, second)),
            (ours.url, None, None),
        ]


def two_pcs(lab: Lab, ids: list[str]) -> tuple[list[Json], str]:
    """Two PCs with these ids on the compute, and their link."""
    pcs = []
    for number, node_id in enumerate(ids, 1):
        properties = {"startup_script": f"set pcname N{number}\nip 10.0.0.{number}/24\n"}
        body = {"name": f"N{number}", "node_id": node_id, "node_type": "vpcs", "compute_id": "shared"}
        pcs.append(lab.request("POST", f"{lab.path}/nodes", {**body, "properties": properties}, 201))
    return pcs, lab.link((pcs[0], 0), (pcs[1], 0))


def test_copies_of_a_lab_do_not_meet(
    compute: ComputeProcess,
    controllers: list[tuple[str, tuple[str, str] | None, ComputeProcess | None]],
    telnet: OpenTelnet,
) -> None:
    project_id = "5e0c5c1e-7a6b-4a52-9d57-6b0d7a3f0a11"
    ids = [f"00000000-0000-4000-8000-00000000000{number}" for number in (1, 2)]
    labs, links = [], []
    for (url, auth, _), user in zip(controllers, USERS, strict=True):
        lab = Lab(url, auth=auth, project_id=project_id)
        shown = lab.request("POST", "/v2/computes", {**compute.body(), "user": user}, 201)
        assert shown["connected"] is True
        pcs, link = two_pcs(lab, ids)
        lab.start(*pcs)
        labs.append((lab, pcs))
        links.append(link)

    def consoles() -> list[int]:
        return [lab.node(pcs[0])["console"] for lab, pcs in labs]

    assert len(set(consoles())) == 3
    terminals = [telnet(port) for port in consoles()]
    for terminal in terminals:
        ping(terminal, 2, REPLY)
    labs[0][0].request("PUT", links[0], {"filters": {"packet_loss": [100]}}, 201)
    for terminal, outcome in zip(terminals, (TIMEOUT, REPLY, REPLY), strict=True):
        ping(terminal, 2, outcome)
    labs[0][0].request("PUT", links[0], {"filters": {}}, 201)

    second, second_pcs = labs[1]
    second.request("POST", f"{second.path}/nodes/{second_pcs[1]['node_id']}/stop", {}, 200)
    second.until(f"{second.path}/nodes/{second_pcs[1]['node_id']}", lambda shown: bool(shown["status"] == "stopped"))
    for lab, pcs in (labs[0], labs[2]):
        assert lab.node(pcs[1])["status"] == "started"
    second.request("DELETE", second.path, None, 204)
    for terminal in (terminals[0], terminals[2]):
        ping(terminal, 2, REPLY)

    # A controller of GNS3 that was killed finds its nodes as they were when it opens the project again.
    process = controllers[0][2]
    assert process is not None
    process.signal(signal.SIGKILL)
    assert process.process is not None
    process.process.wait()
    ping(terminals[2], 2, REPLY)
    process.start()
    first, pcs = labs[0]
    first.until("/v2/computes/shared", lambda shown: bool(shown["connected"]))
    first.request("POST", f"{first.path}/open", None, 201)
    assert {first.node(pc)["status"] for pc in pcs} == {"started"}
    ping(telnet(first.node(pcs[0])["console"]), 2, REPLY)
    ping(terminals[2], 2, REPLY)

    for lab, _ in (labs[0], labs[2]):
        lab.request("DELETE", lab.path, None, 204)
    for user in (*USERS, "lab"):
        assert httpx.get(f"{compute.url}/projects", auth=(user, "secret")).json() == []
    assert not vpcs_processes(compute.home / "projects")


def test_a_console_that_a_controller_passes_on(tmp_path: Path, stand_ins: tuple[Path, Path]) -> None:
    """GNS3's controller sends no password for the websocket of a console, whoever it is."""
    options = ("--user", "lab", "--password", "secret", "--compute-users", "alice:secret")
    options += ("--no-console-websocket-auth",)
    with (
        our_server(tmp_path / "shared", "shared", "127.0.0.1", *options, user="lab") as compute,
        gns3_server(tmp_path / "first", "first", stand_ins) as controller,
    ):
        lab = Lab(controller.url.removesuffix("/v2/compute"), auth=controller.auth)
        lab.request("POST", "/v2/computes", {**compute.body(), "user": "alice"}, 201)
        pc = lab.pc("N1", "shared", 1)
        lab.start(pc)
        path = f"{lab.path}/nodes/{pc['node_id']}/console/ws"

        async def read() -> str:
            seen = ""
            url = f"ws://127.0.0.1:{controller.port}{path}"
            credentials = base64.b64encode(b"lab:secret")
            headers = [(b"Authorization", b"Basic " + credentials)]
            with trio.fail_after(PATIENCE):
                async with open_websocket_url(url, extra_headers=headers) as websocket:
                    while "N1" not in seen:
                        told = await websocket.get_message()
                        seen += told.decode(errors="replace") if isinstance(told, bytes) else told
                    return seen

        assert "N1" in trio.run(read)
