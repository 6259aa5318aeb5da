"""The server as a process: who may use it, how it ends, and what survives."""

import base64
import json
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from trio_websocket import HandshakeError, open_websocket_url

from gns3trio.console.telnet import Data, telnet_client
from tests.e2e.conftest import PATIENCE, StartServer, vpcs_processes, wait_for_no_vpcs
from tests.support.plain_http import NO_TLS

NODES = 50
TLS = Path(__file__).parent.parent / "http" / "tls"


async def parallel(count: int, function: Any) -> list[Any]:
    """``function(0)`` to ``function(count - 1)`` at the same time; their results in order."""
    results: list[Any] = [None] * count

    async def run(number: int) -> None:
        results[number] = await function(number)

    with trio.fail_after(2 * PATIENCE):
        async with trio.open_nursery() as nursery:
            for number in range(count):
                nursery.start_soon(run, number)
    return results


def client(url: str) -> httpx.AsyncClient:
    limits = httpx.Limits(max_connections=None)
    return httpx.AsyncClient(base_url=url, timeout=PATIENCE, limits=limits, verify=NO_TLS)


async def ping(consoles: tuple[int, int], pair: int) -> None:
    """Give the two ends of a tunnel addresses and let the second ping the first."""
    for number, port in enumerate(consoles, 1):
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        async with stream:
            telnet = telnet_client()
            await read_until(stream, telnet, b"> ")
            await stream.send_all(f"ip 10.0.{pair}.{number} 24\r".encode())
            await read_until(stream, telnet, b"255.255.255.0")
            if number == 2:
                await stream.send_all(f"ping 10.0.{pair}.1 -c 1\r".encode())
                await read_until(stream, telnet, b"icmp_seq=1 ttl=64")


async def read_until(stream: trio.SocketStream, telnet: Any, wanted: bytes) -> None:
    seen = b""
    while wanted not in seen:
        data = await stream.receive_some()
        assert data, f"closed before {wanted!r}: {seen!r}"
        seen += b"".join(event.data for event in telnet.receive_data(data) if isinstance(event, Data))


async def test_fifty_nodes_survive_a_kill(start_server: StartServer) -> None:
    server = start_server()
    async with client(server.url) as http:
        project = (await http.post("/v2/projects", json={"name": "lab"})).json()["project_id"]

        async def create(number: int) -> dict[str, Any]:
            body = {"name": f"PC{number}", "node_type": "vpcs", "compute_id": "local"}
            reply = await http.post(f"/v2/projects/{project}/nodes", json=body)
            assert reply.status_code == 201, reply.text
            return dict(reply.json())

        nodes = await parallel(NODES, create)
        assert len({node["name"] for node in nodes}) == NODES
        assert len({node["console"] for node in nodes}) == NODES

        async def wire(pair: int) -> None:
            ports = [(await http.post(f"/v1/projects/{project}/ports/udp")).json()["udp_port"] for _ in range(2)]
            for node, (lport, rport) in zip(nodes[2 * pair : 2 * pair + 2], (ports, ports[::-1]), strict=True):
                path = f"/v1/projects/{project}/vpcs/vms/{node['node_id']}/adapters/0/ports/0/nio"
                nio = {"type": "nio_udp", "lport": lport, "rhost": "", "rport": rport}
                assert (await http.post(path, json=nio)).status_code == 201

        await parallel(NODES // 2, wire)
        await start_and_ping(http, project)
    assert len(await trio.to_thread.run_sync(vpcs_processes, server.projects)) == NODES

    server.stop(signal.SIGKILL)
    await trio.to_thread.run_sync(wait_for_no_vpcs, server.projects)

    server = start_server()
    async with client(server.url) as http:
        (listed,) = (await http.get("/v2/projects")).json()
        assert (listed["project_id"], listed["status"]) == (project, "closed")
        assert (await http.post(f"/v2/projects/{project}/open")).status_code == 201
        again = (await http.get(f"/v2/projects/{project}/nodes")).json()
        assert {node["node_id"]: node["name"] for node in again} == {n["node_id"]: n["name"] for n in nodes}
        assert {node["node_id"]: node["console"] for node in again} == {n["node_id"]: n["console"] for n in nodes}
        await start_and_ping(http, project)
    assert server.stop() == 0
    assert vpcs_processes(server.projects) == []


async def start_and_ping(http: httpx.AsyncClient, project: str) -> None:
    assert (await http.post(f"/v2/projects/{project}/nodes/start")).status_code == 204
    nodes = {node["node_id"]: node for node in (await http.get(f"/v2/projects/{project}/nodes")).json()}
    assert {node["status"] for node in nodes.values()} == {"started"}
    links = (await http.get(f"/v2/projects/{project}/links")).json()
    assert len(links) == NODES // 2
    pairs = [tuple(nodes[end["node_id"]]["console"] for end in link["nodes"]) for link in links]
    await parallel(len(pairs), lambda number: ping(pairs[number], number))


WATCHERS, UPDATES, DEAF = 500, 200, 50


async def test_five_hundred_watchers_miss_nothing(start_server: StartServer) -> None:
    """Clients that read get every update in order; those that never read are cut off, and memory stays bounded."""
    server = start_server()
    async with client(server.url) as http, trio.open_nursery() as nursery:
        project = (await http.post("/v2/projects", json={"name": "lab"})).json()["project_id"]
        body = {"name": "PC1", "node_type": "vpcs", "compute_id": "local"}
        node = (await http.post(f"/v2/projects/{project}/nodes", json=body)).json()
        path = f"/v2/projects/{project}/nodes/{node['node_id']}"
        ws_path = f"/v2/projects/{project}/notifications/ws"
        connected = trio.Semaphore(0)
        complete = trio.Semaphore(0)

        async def watch() -> None:
            async with open_websocket_url(server.url.replace("http:", "ws:") + ws_path) as connection:
                assert json.loads(await connection.get_message())["action"] == "ping"
                connected.release()
                for expected in range(1, UPDATES + 1):
                    while (event := json.loads(await connection.get_message()))["action"] == "ping":
                        pass
                    assert (event["action"], event["event"]["x"]) == ("node.updated", expected)
                complete.release()

        for _ in range(WATCHERS):
            nursery.start_soon(watch)
        with trio.fail_after(2 * PATIENCE):
            for _ in range(WATCHERS):
                await connected.acquire()
        deaf = [await open_deaf(server.url, ws_path) for _ in range(DEAF)]
        before = resident_bytes(server.process.pid)
        for x in range(1, UPDATES + 1):
            assert (await http.put(path, json={"x": x})).status_code == 200
        with trio.fail_after(4 * PATIENCE):
            for _ in range(WATCHERS):
                await complete.acquire()
        nursery.cancel_scope.cancel()

        # Now more than any buffer of the kernel or of a subscriber holds.
        big = {"label": {"text": "PC1", "style": "x" * 60_000}}
        async with trio.open_nursery() as updates:
            for number in range(4):
                updates.start_soon(flood, http, path, big, number)
        with trio.fail_after(4 * PATIENCE):
            for sock in deaf:
                await wait_cut_off(sock)
        assert resident_bytes(server.process.pid) - before < 150 * 1024 * 1024
    assert server.stop() == 0


async def flood(http: httpx.AsyncClient, path: str, body: dict[str, Any], worker: int) -> None:
    for number in range(100):
        await http.put(path, json={**body, "x": worker * 1000 + number})


async def open_deaf(url: str, path: str) -> trio.socket.SocketType:
    """A websocket whose client never reads, with a small receive buffer."""
    address = httpx.URL(url)
    sock = trio.socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await sock.connect((address.host, address.port))
    key = base64.b64encode(b"0123456789abcdef").decode()
    await sock.send(
        f"GET {path} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    return sock


async def wait_cut_off(sock: trio.socket.SocketType) -> None:
    """Read what is left until the server's end."""
    with sock:
        try:
            while await sock.recv(1 << 20):
                pass
        except ConnectionResetError:
            pass


def resident_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmRSS")


def test_a_missing_vpcs_is_a_conflict_that_says_how_to_install_it(start_server: StartServer) -> None:
    server = start_server("--vpcs-engine", "process", "--vpcs-path", "/nowhere/vpcs")
    project = server.post("/v2/projects", '{"name": "test"}')[1]["project_id"]
    vm = server.post(f"/v2/projects/{project}/vms", '{"name": "a", "vm_type": "vpcs"}')[1]["vm_id"]
    status, error = server.post(f"/v2/projects/{project}/nodes/{vm}/start")
    assert (status, error["status"]) == (409, 409)
    assert "apt install vpcs" in error["message"]


ROUTE_FAMILIES = ["/v2/version", "/v1/version", "/v2/projects", "/notifications", "/nothing"]


async def test_basic_authentication_covers_every_family(start_server: StartServer) -> None:
    server = start_server("--user", "admin", env={"GNS3TRIO_PASSWORD": "s3cret"})
    wrong = [["-u", words] for words in ("admin:wrong", "other:s3cret", "admin:", "admin:wrong", "admin:s3cret2")]
    for path, credentials in zip(ROUTE_FAMILIES, wrong, strict=True):  # with more of them, it would be guessing
        for each in ([], credentials):
            status, error = server.curl(*each, server.url + path)
            assert (status, error["status"]) == (401, 401)
    challenge = httpx.get(server.url).headers["www-authenticate"]
    assert challenge.startswith('Basic realm="GNS3 server"')
    assert server.curl("-u", "admin:s3cret", f"{server.url}/v2/version")[0] == 200
    assert server.curl("-u", "admin:s3cret", f"{server.url}/nothing")[0] == 404
    url = server.url.replace("http:", "ws:") + "/v2/notifications/ws"
    with pytest.raises(HandshakeError):
        async with open_websocket_url(url):
            pass
    basic = b"Basic " + base64.b64encode(b"admin:s3cret")
    async with open_websocket_url(url, extra_headers=[(b"Authorization", basic)]) as connection:
        assert json.loads(await connection.get_message())["action"] == "ping"


def test_https(start_server: StartServer) -> None:
    certificate, key = TLS / "cert.pem", TLS / "key.pem"
    server = start_server("--ssl", "--certfile", str(certificate), "--certkey", str(key))
    assert server.url.startswith("https://")
    assert server.curl("--cacert", str(certificate), f"{server.url}/v2/version")[0] == 200


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--host", "0.0.0.0"], "user and password"),
        (["--port", "no"], "port: 'no' is not a number"),
        (["--ssl"], "ssl: needs certfile and certkey"),
        (["--config", "/nowhere.toml"], "/nowhere.toml: cannot be read"),
        (["--host", "192.0.2.77", "--allow-unauthenticated"], "192.0.2.77"),
        (["--projects-path", "/dev/null"], "projects_path: /dev/null: is not a folder"),
        (["--projects-path", "/proc/projects"], "projects_path: /proc/projects: "),
        (["--stats-interval", "nan"], "stats_interval"),
    ],
)
def test_a_wrong_setting_is_one_clear_line(tmp_path: Path, options: list[str], complaint: str) -> None:
    command = [sys.executable, "-m", "gns3trio", "serve", "--projects-path", str(tmp_path), *options]
    result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert result.returncode == 1
    assert complaint in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_port_in_use_is_one_clear_line(start_server: StartServer) -> None:
    server = start_server()
    port = str(httpx.URL(server.url).port)
    other = server.projects.with_name("others")
    command = [sys.executable, "-m", "gns3trio", "serve", "--port", port, "--projects-path", str(other)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert result.returncode == 1
    assert port in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_second_server_on_the_same_folders_is_refused_as_long_as_the_first_lives(
    start_server: StartServer, tmp_path: Path
) -> None:
    server = start_server()
    server.stop()
    (server.projects / ".gns3trio").mkdir(exist_ok=True)  # what is not there yet is not locked
    server = start_server()
    folders = [
        ["--projects-path", str(server.projects)],
        ["--projects-path", str(tmp_path), "--state-path", str(server.projects / ".gns3trio")],
    ]
    for folder in folders:
        command = [sys.executable, "-m", "gns3trio", "serve", "--port", "0", *folder]
        result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        assert result.returncode == 1
        assert f"{folder[-2][2:].replace('-', '_')}: another gns3trio server uses {folder[-1]}" in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1
    server.stop(signal.SIGKILL)
    start_server()


def test_serve_help_lists_every_setting() -> None:
    command = [sys.executable, "-m", "gns3trio", "serve", "--help"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for name in ("host", "port", "projects-path", "console-start-port-range", "udp-end-port-range", "vpcs-path"):
        assert f"--{name}" in text


def test_a_project_that_cannot_be_read_stops_nothing(start_server: StartServer) -> None:
    server = start_server()
    broken, whole = (server.post("/v2/projects", f'{{"name": "{name}"}}')[1] for name in ("broken", "whole"))
    server.stop()
    (Path(broken["path"]) / "broken.gns3").write_text("{")
    server = start_server()
    listed = {project["name"]: project for project in server.get("/v2/projects")[1]}
    assert "not JSON" in listed["broken"]["error"]
    status, error = server.post(f"/v2/projects/{broken['project_id']}/open")
    assert status == 409
    assert "not JSON" in error["message"]
    assert server.post(f"/v2/projects/{whole['project_id']}/open")[0] == 201
    assert (Path(broken["path"]) / "broken.gns3").read_text() == "{"


def test_the_tests_have_their_clients() -> None:
    assert all(map(shutil.which, ("curl", "telnet")))
