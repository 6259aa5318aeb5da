"""A server without privileges, whose labs reach the Internet. Run by test_nat.py in a network namespace of its own."""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psutil
import pytest

from gns3trio.compute.local.leases import bind_udp
from gns3trio.forwarder.forwarder import Forwarder, open_forwarder
from tests.compute import nat_lab
from tests.compute.nat_lab import LOOPBACK, PAGE, Uplink, at_once

PATIENCE = 60
MANY = 100
LPORT = 20000


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind((LOOPBACK, 0))
        port: int = sock.getsockname()[1]
        return port


def gateways(server: int) -> list[int]:
    return [each.pid for each in psutil.Process(server).children() if each.name() == "nat-gateway"]


@contextmanager
def running_server(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    resolver_file = folder / "resolv.conf"
    resolver_file.write_text(f"nameserver {nat_lab.INTERNET}\n")
    port = free_port()
    program = Path(__file__).with_name("unprivileged_server.py")
    modules = os.pathsep.join(filter(None, (os.getcwd(), os.environ.get("PYTHONPATH"))))
    environment = {
        **os.environ,
        "GNS3TRIO_PROJECTS_PATH": str(folder / "projects"),
        "HOME": str(folder),
        "PYTHONPATH": modules,
    }
    command = [sys.executable, str(program), str(resolver_file), "--port", str(port)]
    with (
        subprocess.Popen(command, env=environment) as process,
        httpx.Client(base_url=f"http://{LOOPBACK}:{port}", timeout=PATIENCE) as http,
    ):
        try:
            for _ in range(PATIENCE * 10):
                try:
                    http.get("/v2/version")
                    break
                except httpx.ConnectError:
                    assert process.poll() is None
                    time.sleep(0.1)
            yield process, http
        finally:
            process.kill()


def ask(http: httpx.Client, method: str, path: str, body: Any = None) -> Any:
    reply = http.request(method, path, json=body)
    assert reply.is_success, reply.text
    return reply.json() if reply.content else None


def make_lab(http: httpx.Client, rport: int) -> dict[str, Any]:
    """A NAT and a cloud with a UDP port at one switch; returns the NAT."""
    path = f"/v2/projects/{ask(http, 'POST', '/v2/projects', {'name': 'lab'})['project_id']}"
    ports = [{"name": "lab", "port_number": 0, "type": "udp", "lport": LPORT, "rhost": LOOPBACK, "rport": rport}]
    made = {}
    for name, kind, properties in (
        ("N", "nat", {}),
        ("S", "ethernet_switch", {}),
        ("C", "cloud", {"ports_mapping": ports}),
    ):
        body = {"name": name, "node_type": kind, "compute_id": "local", "properties": properties}
        made[name] = ask(http, "POST", f"{path}/nodes", body)
    for name, port in (("N", 0), ("C", 1)):
        ends = [
            {"node_id": made[each]["node_id"], "adapter_number": 0, "port_number": number}
            for each, number in ((name, 0), ("S", port))
        ]
        ask(http, "POST", f"{path}/links", {"nodes": ends})
    nat: dict[str, Any] = ask(http, "GET", f"{path}/nodes/{made['N']['node_id']}")
    return nat


@pytest.fixture(autouse=True)
def internet() -> Iterator[None]:
    with nat_lab.open_internet():
        yield


@pytest.fixture
def folder() -> Iterator[Path]:
    """Unlike ``tmp_path``, it can be reached by all users."""
    with TemporaryDirectory(prefix="gns3trio-nat-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@pytest.fixture
async def forwarder() -> Any:
    async with open_forwarder() as opened:
        yield opened


async def test_a_hundred_hosts_fetch_a_page_by_name(folder: Path, forwarder: Forwarder) -> None:
    """The server belongs to nobody and has no capabilities. It gives a NAT all the same."""
    with bind_udp(LOOPBACK, 0) as sock, running_server(folder) as (server, http):
        status = Path(f"/proc/{server.pid}/status").read_text()
        assert "CapEff:\t0000000000000000" in status
        nat = make_lab(http, sock.getsockname()[1])
        assert nat["properties"]["gateway"] == "user"
        addresses = [f"192.168.122.{number}" for number in range(100, 100 + MANY)]
        with nat_lab.open_guests(forwarder, addresses, Uplink(sock, LPORT)) as guests:
            assert guests[0].fetch_by_name() == PAGE
            assert at_once([guest.fetch_by_name for guest in guests]) == [PAGE] * MANY
        server.send_signal(signal.SIGTERM)
        assert server.wait(PATIENCE) == 0


def test_a_killed_server_leaves_no_gateway(folder: Path) -> None:
    with bind_udp(LOOPBACK, 0) as sock, running_server(folder) as (server, http):
        make_lab(http, sock.getsockname()[1])
        (gateway,) = gateways(server.pid)
        pidfd = os.pidfd_open(gateway)
        server.kill()
        ended, _, _ = select.select([pidfd], [], [], PATIENCE)
        os.close(pidfd)
        assert ended
