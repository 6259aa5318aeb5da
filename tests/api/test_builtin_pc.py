"""Built-in PCs through the API: what runs VPCS nodes where VPCS is not installed."""

import logging
import os
import re
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import trio
from trio_websocket import WebSocketConnection

from gns3trio.config import Config
from gns3trio.server import open_server
from tests.support.lab import Lab, connect, create
from tests.support.plain_http import NO_TLS
from tests.support.server import Server, node_path
from tests.support.websockets import console, read_until

# Kinds of start-up scripts that users have: what stands in the file, and the address that the PC has then.
SCRIPTS = {
    "CRLF": ("set pcname PC9\r\nip 10.0.0.1 10.0.0.254 24\r\n", "10.0.0.1/24"),
    "a comment in words": ("# This is the configuration of PC1\nip 10.0.0.1/24 10.0.0.254\n", "10.0.0.1/24"),
    "no last newline": ("set pcname PC9\nip 10.0.0.1/24", "10.0.0.1/24"),
    "a zone file": (
        "$TTL 86400\n@ IN SOA ns.example. admin.example. (\n 1 ; serial\n 3600 )\n"
        + 'zone "example" { type master; };\n' * 12
        + "ip 10.0.0.1/24\n",
        "10.0.0.1/24",
    ),
    "generated": ("ip 10.0.0.1 255.255.255.0 gateway 10.0.0.254\n", "10.0.0.1/24"),
    "a long line": ("echo " + "x" * 3000 + "\nip 10.0.0.1/24\n", "10.0.0.1/24"),
    "a newline": ("\n", "0.0.0.0/0"),
    "a byte order mark": ("\ufeffip 10.0.0.1/24\n", "10.0.0.1/24"),
    "a duplicate of its own name": ("set pcname VPCS\nip 10.0.0.1/24\n", "10.0.0.1/24"),
}


@pytest.fixture
def config(config: Config) -> Config:
    return attrs.evolve(config, vpcs_engine="builtin", vpcs_path="/nowhere/vpcs")


async def start(server: Server, project: dict[str, Any], **fields: Any) -> dict[str, Any]:
    node = await create(server, project, **fields)
    started: dict[str, Any] = await server.request("POST", f"{node_path(project, node)}/start", None, 200)
    assert started["status"] == "started"
    return started


async def run(connection: WebSocketConnection, command: str, until: bytes = b"> ") -> str:
    """What a command prints, up to the next prompt."""
    await connection.send_message(command.encode() + b"\r")
    said = await read_until(connection, command.encode() + b"\r\n")
    said = said.partition(command.encode() + b"\r\n")[2]
    with trio.fail_after(30):
        while until not in said:
            said += await connection.get_message()
    return said.decode()


async def folder_of(server: Server, project: dict[str, Any], node: dict[str, Any]) -> Path:
    return Path((await server.request("GET", node_path(project, node), None, 200))["node_directory"])


async def test_two_pcs_ping_each_other_without_vpcs(lab: Lab) -> None:
    await lab.link((lab.nodes[0], 0), (lab.nodes[1], 0))
    assert len(await lab.ping()) == 3


async def test_auto_takes_it_where_vpcs_is_not_installed(config: Config, tmp_path: Path) -> None:
    async with open_server(attrs.evolve(config, vpcs_engine="auto")) as running:
        (url,) = running.urls
        async with httpx.AsyncClient(base_url=url, timeout=30, verify=NO_TLS) as http:
            server = Server(url, config, http)
            project = await server.request("POST", "/v2/projects", {"name": "lab"}, 201)
            assert (await start(server, project))["command_line"] == ""


async def test_mac_addresses_are_unique_kept_and_none_of_vpcs(server: Server) -> None:
    macs: dict[str, str] = {}
    projects = [await server.request("POST", "/v2/projects", {"name": name}, 201) for name in ("a", "b")]

    async def mac_of(project: dict[str, Any], node: dict[str, Any]) -> str:
        async with console(server, project, node) as connection:
            await read_until(connection, b"> ")
            found = re.search(r"MAC +: (\S+)", await run(connection, "show ip"))
        assert found is not None
        return found[1]

    for project in projects:
        for name in ("PC1", "PC2"):
            node = await start(server, project, name=name)
            macs[node["node_id"]] = await mac_of(project, node)
    assert len(set(macs.values())) == 4
    assert not any(mac.startswith("00:50:79") for mac in macs.values())
    for project in reversed(projects):
        await server.request("POST", f"/v2/projects/{project['project_id']}/close", None, 204)
    for project in reversed(projects):
        await server.request("POST", f"/v2/projects/{project['project_id']}/open", None, 201)
    for project in projects:
        for node in await server.request("GET", f"/v2/projects/{project['project_id']}/nodes", None, 200):
            await server.request("POST", f"{node_path(project, node)}/start", None, 200)
            assert await mac_of(project, node) == macs[node["node_id"]]


@pytest.mark.parametrize("kind", SCRIPTS)
async def test_good_lines_of_a_script_take_effect(server: Server, project: dict[str, Any], kind: str) -> None:
    script, address = SCRIPTS[kind]
    node = await create(server, project)
    (await folder_of(server, project, node) / "startup.vpc").write_bytes(script.encode())
    await server.request("POST", f"{node_path(project, node)}/start", None, 200)
    async with console(server, project, node) as connection:
        await connection.send_message(b"show ip\r")  # waits until the script has run
        seen = b""
        with trio.fail_after(30):
            while b"IP/MASK" not in seen or b"MTU" not in seen:
                seen += await connection.get_message()
    assert f"IP/MASK     : {address}".encode() in seen


async def test_saved_and_loaded_files_stay_in_the_folder(
    server: Server, project: dict[str, Any], tmp_path: Path
) -> None:
    node = await start(server, project)
    folder = await folder_of(server, project, node)
    secret, target = tmp_path / "secret.vpc", tmp_path / "target"
    secret.write_text("echo secret\n")
    (folder / "link.vpc").symlink_to(secret)
    (folder / "out.vpc").symlink_to(target)
    os.mkfifo(folder / "pipe.vpc")
    async with console(server, project, node) as connection:
        await read_until(connection, b"> ")
        assert "Can't open" in await run(connection, "load link")
        await run(connection, "load pipe")  # a script without lines
        assert ".  done" in await run(connection, "save out")
        assert ".  done" in await run(connection, "save")
        await run(connection, f"save {target}")
        await run(connection, f"load {secret}")
    assert not target.exists()
    assert (folder / "startup.vpc").read_text() == "set pcname PC1\n"


async def test_ctrl_c_ends_what_never_ends(server: Server, project: dict[str, Any]) -> None:
    first, second = await start(server, project), await start(server, project, name="PC2")
    await connect(server, project, (first, 0), (second, 0))
    async with console(server, project, first) as connection, console(server, project, second) as other:
        await read_until(connection, b"> ")
        await read_until(other, b"> ")
        await run(connection, "ip 10.0.0.1/24")
        await run(other, "ip 10.0.0.2/24")
        await run(connection, "ping 10.0.0.2 -t -i 10", until=b"icmp_seq=3 ")
        await connection.send_message(b"\x03")
        await read_until(connection, b"PC1> ")
        await run(connection, "sleep", until=b"Press any key to continue")
        await connection.send_message(b"x")
        await read_until(connection, b"PC1> ")
        assert "still here" in await run(connection, "echo still here")


async def test_pasted_lines_run_all_in_order(server: Server, project: dict[str, Any]) -> None:
    node = await start(server, project)
    async with console(server, project, node) as connection:
        await read_until(connection, b"> ")
        await connection.send_message(b"".join(b"echo line %d\r" % number for number in range(100)))
        seen = await read_until(connection, b"\nline 99\r\n")
    assert re.findall(rb"\nline (\d+)\r\n", seen) == [b"%d" % number for number in range(100)]


async def test_disconnect_ends_one_connection_and_quit_the_node(server: Server, project: dict[str, Any]) -> None:
    node = await start(server, project)
    async with console(server, project, node) as connection, console(server, project, node) as other:
        await read_until(connection, b"> ")
        await read_until(other, b"> ")
        await run(connection, "disconnect", until=b"Good-bye\r\n")
        await other.send_message(b"quit\r")
        with trio.fail_after(30):
            while (await server.request("GET", node_path(project, node), None, 200))["status"] != "stopped":
                await trio.sleep(0.01)
    await server.request("POST", f"{node_path(project, node)}/start", None, 200)


async def test_a_stopped_pc_forgets_what_was_not_saved(server: Server, project: dict[str, Any]) -> None:
    node = await start(server, project)
    for _ in range(2):
        async with console(server, project, node) as connection:
            await read_until(connection, b"> ")
            assert "0.0.0.0/0" in await run(connection, "show ip")
            await run(connection, "ip 10.0.0.1/24")
        await server.request("POST", f"{node_path(project, node)}/reload", None, 200)


class TestFewConsolePorts:
    @pytest.fixture
    def config(self, config: Config) -> Config:
        return attrs.evolve(config, console_start_port_range=22000, console_end_port_range=22001)

    async def test_pcs_beyond_them_have_their_console_in_the_browser(
        self, server: Server, project: dict[str, Any], caplog: pytest.LogCaptureFixture
    ) -> None:
        with caplog.at_level(logging.WARNING):
            nodes = [await start(server, project, name=f"PC{number}") for number in range(1, 6)]
        assert [node["console"] for node in nodes] == [22000, 22001, None, None, None]
        async with console(server, project, nodes[4]) as connection:
            await read_until(connection, b"PC5> ")
            assert "hello" in await run(connection, "echo hello")
