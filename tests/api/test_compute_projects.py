"""The compute API where requests meet: projects that end, files that are shared, projects of this server's own."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
import trio
import trio.testing

from tests.support.server import Server

Json = dict[str, Any]
PATIENCE = 60


@pytest.fixture
async def hosted(server: Server) -> AsyncIterator[str]:
    """The path of a hosted project."""
    project_id = str(uuid4())
    await server.request("POST", "/v2/compute/projects", {"name": "far lab", "project_id": project_id}, 201)
    yield f"/v2/compute/projects/{project_id}"


async def make_node(server: Server, hosted: str, node_type: str = "vpcs", **fields: Any) -> tuple[Json, str]:
    """A node and its path."""
    node = await server.request("POST", f"{hosted}/{node_type}/nodes", {"name": "n", **fields}, 201)
    return node, f"{hosted}/{node_type}/nodes/{node['node_id']}"


async def bind(server: Server, port: str, rport: int, **nio: Any) -> int:
    """Join a port to a tunnel that leads to ``rport`` of this host; returns its own end."""
    lport = (await server.request("POST", f"{port.partition('/ethernet_')[0]}/ports/udp", {}, 201))["udp_port"]
    body = {"type": "nio_udp", "lport": lport, "rhost": "127.0.0.1", "rport": rport, **nio}
    await server.request("POST", f"{port}/nio", body, 201)
    return int(lport)


async def test_files_of_a_closed_project_can_be_deleted(server: Server, hosted: str, project: Json) -> None:
    folder = server.config.projects_path / hosted.rpartition("/")[2]
    await make_node(server, hosted)
    await server.request("POST", f"{hosted}/close", None, 204)
    assert folder.is_dir()
    await server.request("DELETE", hosted, None, 204)
    assert not folder.exists()
    await server.request("DELETE", hosted, None, 404)
    own = f"/v2/compute/projects/{project['project_id']}"
    await server.request("DELETE", own, None, 409)
    await server.request("POST", f"/v2/projects/{project['project_id']}/close", None, 204)
    await server.request("DELETE", own, None, 409)
    unknown = server.config.projects_path / str(uuid4())  # put there for this server's controller, which has not looked
    unknown.mkdir()
    (unknown / "lab.gns3").write_text("{}")
    await server.request("DELETE", f"/v2/compute/projects/{unknown.name}", None, 404)
    assert Path(project["path"]).is_dir()
    assert unknown.is_dir()


async def test_nodes_that_are_busy_do_not_outlive_their_project(server: Server, hosted: str) -> None:
    paths = [(await make_node(server, hosted))[1] for _ in range(3)]
    statuses: list[int] = []

    async def send(method: str, path: str) -> None:
        statuses.append((await server.http.request(method, path)).status_code)

    with trio.fail_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            for path in paths:
                for action in ("start", "stop", "reload", "start"):
                    nursery.start_soon(send, "POST", f"{path}/{action}")
            nursery.start_soon(send, "POST", f"{hosted}/vpcs/nodes/{uuid4()}/start")
            nursery.start_soon(send, "POST", f"{hosted}/close")
            nursery.start_soon(send, "DELETE", hosted)
    assert set(statuses) <= {200, 204, 404}
    ports = await server.request("GET", "/v2/compute/network/ports", None, 200)
    assert (ports["console_ports"], ports["udp_ports"]) == ([], [])
    await server.request("GET", hosted, None, 404)


async def test_a_project_that_is_made_again_while_it_is_deleted_is_whole(server: Server, hosted: str) -> None:
    body = {"name": "again", "project_id": hosted.rpartition("/")[2]}
    _, path = await make_node(server, hosted)
    await server.request("POST", f"{path}/start", None, 200)
    made: list[Json] = []

    async def make_again() -> None:
        await server.request("POST", "/v2/compute/projects", body, 201)
        made.append((await make_node(server, hosted, startup_script="set pcname x\n"))[0])

    with trio.fail_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(partial(server.request, "DELETE", hosted, None, 204))
            await trio.testing.wait_all_tasks_blocked(0.01)
            nursery.start_soon(make_again)
    assert (await server.request("GET", hosted, None, 200))["name"] == "again"
    assert (Path(made[0]["node_directory"]) / "startup.vpc").read_text() == "set pcname x\n"


async def test_one_id_at_the_same_time_in_two_projects(server: Server, hosted: str) -> None:
    other = await server.request("POST", "/v2/compute/projects", {"name": "other"}, 201)
    node = {"name": "n", "node_id": str(uuid4())}
    statuses: list[int] = []

    async def create(project: str) -> None:
        statuses.append((await server.http.post(f"{project}/vpcs/nodes", json=node)).status_code)

    async with trio.open_nursery() as nursery:
        for project in (hosted, f"/v2/compute/projects/{other['project_id']}"):
            nursery.start_soon(create, project)
    assert sorted(statuses) == [201, 409]


async def test_a_duplicate_has_the_files_and_its_own_name(server: Server, hosted: str) -> None:
    source, path = await make_node(server, hosted, name="PC1", startup_script="set pcname PC1\nip 10.0.0.1\n")
    target, _ = await make_node(server, hosted, name="PC2")
    folder = Path(source["node_directory"])
    (folder / "notes").mkdir()
    (folder / "notes" / "a.txt").write_text("kept")
    body = {"destination_node_id": target["node_id"]}
    assert await server.request("POST", f"{path}/duplicate", body, 201) is True
    assert (Path(target["node_directory"]) / "startup.vpc").read_text() == "set pcname PC2\nip 10.0.0.1\n"
    assert (Path(target["node_directory"]) / "notes" / "a.txt").read_text() == "kept"
    await server.request("POST", f"{path}/duplicate", {"destination_node_id": source["node_id"]}, 409)
    await server.request("POST", f"{path}/duplicate", {"destination_node_id": str(uuid4())}, 404)


async def test_a_capture_has_its_file_for_itself_and_ends_with_its_tunnel(server: Server, hosted: str) -> None:
    _, hub = await make_node(server, hosted, "ethernet_hub")
    ports = [f"{hub}/adapters/0/ports/{number}" for number in range(2)]
    for port in ports:
        await bind(server, port, 28500)
    await server.request("POST", f"{ports[0]}/start_capture", {"capture_file_name": "a.pcap"}, 200)
    error = await server.request("POST", f"{ports[1]}/start_capture", {"capture_file_name": "a.pcap"}, 409)
    assert "capture_file_name" in error["message"]
    nio = {"type": "nio_udp", "lport": 24001, "rhost": "127.0.0.1", "rport": 28501}
    await server.request("POST", f"{ports[0]}/nio", {**nio, "lport": 24002}, 409)  # that of the other port
    with trio.fail_after(PATIENCE):
        async with server.http.stream("GET", f"{ports[0]}/pcap") as reply:
            assert reply.status_code == 200
            await server.request("POST", f"{ports[0]}/nio", nio, 201)
            assert await reply.aread()  # it ends
    await server.request("GET", f"{ports[0]}/pcap", None, 409)
    await server.request("POST", f"{ports[1]}/start_capture", {"capture_file_name": "a.pcap"}, 200)


async def test_filters_choose_other_frames_each_time(server: Server, hosted: str) -> None:
    """Otherwise two links with one chance would lose the same frames."""
    _, hub = await make_node(server, hosted, "ethernet_hub")
    near, far = trio.socket.socket(type=trio.socket.SOCK_DGRAM), trio.socket.socket(type=trio.socket.SOCK_DGRAM)
    with near, far, trio.fail_after(PATIENCE):
        for each in (near, far):
            await each.bind(("127.0.0.1", 0))
        ports = [f"{hub}/adapters/0/ports/{number}" for number in range(2)]
        nio = {"filters": {"packet_loss": [50]}}
        inlet = await bind(server, ports[0], near.getsockname()[1], **nio)
        await bind(server, ports[1], far.getsockname()[1])

        async def pass_frames(turn: int) -> set[int]:
            """The numbers of those of 64 frames that came through."""
            header = bytes.fromhex("020000000001 020000000002 88b5")
            passed: set[int] = set()
            for number in range(64):
                await near.sendto(header + bytes([turn, number]) + bytes(46), ("127.0.0.1", inlet))
            while True:
                await near.sendto(header + bytes([turn, 64]) + bytes(46), ("127.0.0.1", inlet))
                with trio.move_on_after(0.05):
                    while True:
                        frame = await far.recv(2048)
                        if frame[14] == turn and frame[15] == 64:
                            return passed
                        if frame[14] == turn:
                            passed.add(frame[15])

        first = await pass_frames(1)
        body = {"type": "nio_udp", "lport": inlet, "rhost": "127.0.0.1", "rport": near.getsockname()[1], **nio}
        await server.request("PUT", f"{ports[0]}/nio", body, 201)
        assert first != await pass_frames(2)
        assert 0 < len(first) < 64


async def test_events_of_one_project(server: Server, hosted: str) -> None:
    other = await server.request("POST", "/v2/compute/projects", {"name": "other"}, 201)
    with trio.fail_after(PATIENCE):
        async with server.http.stream("GET", f"{hosted}/notifications") as reply:
            lines = reply.aiter_lines()
            assert orjson.loads(await anext(lines))["action"] == "ping"
            _, elsewhere = await make_node(server, f"/v2/compute/projects/{other['project_id']}")
            await server.request("PUT", elsewhere, {"name": "m"}, 200)
            node, path = await make_node(server, hosted)
            await server.request("PUT", path, {"name": "m"}, 200)
            assert orjson.loads(await anext(lines))["event"] == {**node, "name": "m"}
    await server.request("GET", f"/v2/compute/projects/{uuid4()}/notifications", None, 404)


async def test_a_node_keeps_its_mac_address_which_no_compute_of_gns3_gives(server: Server, hosted: str) -> None:
    """Those number the nodes of a project from 0, each for itself."""
    body = {"name": "lab", "project_id": hosted.rpartition("/")[2]}
    ids = [str(UUID(int=number)) for number in range(1, 5)]  # each of which wants another number
    seen: list[list[int]] = []
    for order in (ids, ids[::-1]):
        await server.request("POST", "/v2/compute/projects", body, 201)
        commands = {}
        for node_id in order:
            _, path = await make_node(server, hosted, node_id=node_id)
            command = (await server.request("POST", f"{path}/start", None, 200))["command_line"].split()
            commands[node_id] = int(command[command.index("-m") + 1])
        seen.append([commands[node_id] for node_id in ids])
        await server.request("POST", f"{hosted}/close", None, 204)
    assert seen[0] == seen[1] and len(set(seen[0])) == 4 and min(seen[0]) >= 64
