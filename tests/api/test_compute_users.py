"""Many controllers use the compute API of one server: none sees, uses or ends what belongs to another."""

import base64
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import attrs
import httpx
import orjson
import pytest
import trio
from trio_websocket import WebSocketConnection, wrap_client_stream

from gns3trio.api.access import SocketRoute
from gns3trio.api.app import TABLES
from gns3trio.config import Config
from gns3trio.errors import Invalid
from gns3trio.server import open_server

Json = dict[str, Any]
PATIENCE = 60
UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
NIO = {"type": "nio_udp", "rhost": "127.0.0.1", "rport": 29999}


@attrs.frozen
class Client:
    """A client of a server, at an address of its own."""

    url: str
    http: httpx.AsyncClient
    auth: tuple[str, str] | None
    address: str

    async def request(self, method: str, path: str, body: Any, status: int) -> Any:
        """Send a request to the compute API; checks the status, and returns the JSON reply."""
        reply = await self.http.request(method, f"/v2/compute{path}", json=body)
        assert reply.status_code == status, f"{method} {path}: {reply.text}"
        return reply.json() if reply.content else None

    @asynccontextmanager
    async def websocket(self, path: str) -> AsyncIterator[WebSocketConnection]:
        """A websocket of the compute API."""
        target = urlsplit(self.url)
        assert target.hostname is not None and target.port is not None
        headers = []
        if self.auth is not None:
            headers = [(b"Authorization", b"Basic " + base64.b64encode(":".join(self.auth).encode()))]
        stream = await trio.open_tcp_stream(target.hostname, target.port, local_address=self.address)
        async with stream, trio.open_nursery() as nursery:
            yield await wrap_client_stream(nursery, stream, target.netloc, f"/v2/compute{path}", extra_headers=headers)
            nursery.cancel_scope.cancel()  # without a closing handshake, as a client that is killed

    async def refusal(self, path: str) -> int:
        """The status that refuses a websocket."""
        return (await self.http.get(f"/v2/compute{path}", headers=UPGRADE)).status_code


async def next_event(websocket: WebSocketConnection) -> Json:
    """The next event that is no ping."""
    with trio.fail_after(PATIENCE):
        while (event := orjson.loads(await websocket.get_message()))["action"] == "ping":
            pass
        return dict(event)


@asynccontextmanager
async def clients(url: str, *who: tuple[tuple[str, str] | None, str]) -> AsyncIterator[list[Client]]:
    """Clients with these credentials and addresses."""
    async with AsyncExitStack() as stack:
        made = []
        for auth, address in who:
            transport = httpx.AsyncHTTPTransport(local_address=address)
            http = httpx.AsyncClient(transport=transport, base_url=url, auth=auth, timeout=PATIENCE)
            made.append(Client(url, await stack.enter_async_context(http), auth, address))
        yield made


@pytest.fixture
async def users(config: Config) -> AsyncIterator[list[Client]]:
    """The server's own user, alice and bob, at one address."""
    config = attrs.evolve(config, user="lab", password="x", compute_users=("alice:a:1", "bob:b"))
    secrets = (("lab", "x"), ("alice", "a:1"), ("bob", "b"))
    async with (
        open_server(config) as running,
        clients(running.urls[0], *((auth, "127.0.0.1") for auth in secrets)) as made,
    ):
        yield made


async def make_lab(client: Client, project_id: str, node_id: str) -> Json:
    """A project with a PC that runs; returns the PC."""
    await client.request("POST", "/projects", {"name": "lab", "project_id": project_id}, 201)
    nodes = f"/projects/{project_id}/vpcs/nodes"
    script = f"set pcname {client.auth[0] if client.auth else client.address}\n"
    body = {"name": "PC1", "node_id": node_id, "startup_script": script}
    await client.request("POST", nodes, body, 201)
    node: Json = await client.request("POST", f"{nodes}/{node_id}/start", None, 200)
    assert (node["project_id"], node["node_id"], node["status"]) == (project_id, node_id, "started")
    return node


async def test_a_copied_lab_runs_once_for_each_user(users: list[Client]) -> None:
    project_id, node_id = str(uuid4()), str(uuid4())
    path = f"/projects/{project_id}/vpcs/nodes/{node_id}"
    made = [await make_lab(user, project_id, node_id) for user in users]
    for name in ("console", "node_directory"):
        assert len({node[name] for node in made}) == 3
    files = "/v2/compute" + f"/projects/{project_id}/files/project-files/vpcs/{node_id}/startup.vpc"
    for user, node in zip(users, made, strict=True):
        assert user.auth is not None
        listed = await user.request("GET", "/projects", None, 200)
        assert [each["project_id"] for each in listed] == [project_id]
        assert await user.request("GET", path, None, 200) == node
        assert (await user.http.get(files)).text == f"set pcname {user.auth[0]}\n"
        with trio.fail_after(PATIENCE):
            async with user.websocket(f"{path}/console/ws") as console:
                screen = b""
                while user.auth[0].encode() not in screen:
                    told = await console.get_message()
                    screen += told.encode() if isinstance(told, str) else told
    ports = {(await user.request("POST", f"/projects/{project_id}/ports/udp", {}, 201))["udp_port"] for user in users}
    assert len(ports) == 3

    own, alice, bob = users
    async with alice.websocket("/notifications/ws") as told, bob.websocket("/notifications/ws") as other:
        await own.request("POST", f"{path}/stop", None, 204)
        await alice.request("POST", f"{path}/stop", None, 204)
        event = await next_event(told)
        assert (event["project_id"], event["event"]["console"]) == (project_id, made[1]["console"])
        await bob.request("PUT", path, {"name": "renamed"}, 200)
        event = await next_event(other)
        assert (event["event"]["node_id"], event["event"]["name"]) == (node_id, "renamed")
        async with alice.http.stream("GET", f"/v2/compute/projects/{project_id}/notifications") as stream:
            lines = stream.aiter_lines()
            await anext(lines)
            await bob.request("PUT", path, {"name": "again"}, 200)
            await alice.request("PUT", path, {"name": "mine"}, 200)
            with trio.fail_after(PATIENCE):
                while (event := orjson.loads(await anext(lines)))["action"] == "ping":
                    pass
            assert event["event"]["name"] == "mine"

    await bob.request("DELETE", f"/projects/{project_id}", None, 204)
    await alice.request("POST", f"/projects/{project_id}/close", None, 204)
    await own.request("GET", path, None, 200)
    assert [Path(node["node_directory"]).is_dir() for node in made] == [True, True, False]
    await bob.request("DELETE", f"/projects/{project_id}", None, 404)
    await alice.request("POST", "/projects", {"name": "lab", "project_id": project_id}, 201)
    again = await alice.request("POST", f"/projects/{project_id}/vpcs/nodes", {"name": "P", "node_id": node_id}, 201)
    assert again["node_directory"] == made[1]["node_directory"]
    assert (await alice.http.get(files)).text == "set pcname mine\n"


async def test_nothing_of_another_user_can_be_reached(users: list[Client]) -> None:
    own, alice, bob = users
    project_id, node_id = str(uuid4()), str(uuid4())
    project = f"/projects/{project_id}"
    path = f"{project}/vpcs/nodes/{node_id}"
    port = f"{path}/adapters/0/ports/0"
    node = await make_lab(alice, project_id, node_id)
    lport = (await alice.request("POST", f"{project}/ports/udp", {}, 201))["udp_port"]
    await alice.request("POST", f"{port}/nio", {**NIO, "lport": lport}, 201)
    await alice.request("POST", f"{port}/start_capture", {"capture_file_name": "a.pcap"}, 200)
    shown = await alice.request("GET", path, None, 200)
    mine = str(uuid4())
    mine_path = f"/projects/{mine}"
    for other in (own, bob):
        await other.request("POST", "/projects", {"name": "mine", "project_id": mine}, 201)
        for method, at, body in (
            ("GET", project, None),
            ("PUT", project, {"variables": None}),
            ("POST", f"{project}/close", None),
            ("DELETE", project, None),
            ("GET", f"{project}/notifications", None),
            ("POST", f"{project}/ports/udp", {}),
            ("GET", f"{project}/files", None),
            ("GET", f"{project}/files/project-files/vpcs/{node_id}/startup.vpc", None),
            ("POST", f"{project}/files/x", None),
            ("POST", f"{project}/vpcs/nodes", {"name": "x"}),
            ("GET", path, None),
            ("PUT", path, {"name": "x"}),
            ("DELETE", path, None),
            ("POST", f"{path}/duplicate", {"destination_node_id": str(uuid4())}),
            *(("POST", f"{path}/{action}", None) for action in ("start", "stop", "suspend", "reload", "console/reset")),
            ("POST", f"{port}/nio", {**NIO, "lport": lport}),
            ("PUT", f"{port}/nio", {**NIO, "lport": lport}),
            ("DELETE", f"{port}/nio", None),
            ("POST", f"{port}/start_capture", {"capture_file_name": "b.pcap"}),
            ("POST", f"{port}/stop_capture", None),
            ("GET", f"{port}/pcap", None),
        ):
            await other.request(method, at, body, 404)
        assert await other.refusal(f"{path}/console/ws") == 404
        await other.request("GET", f"{mine_path}/files/..%2f..%2falice%2f{project_id}", None, 403)
        assert project_id not in (await other.http.get("/v2/compute/debug")).text
        await other.request("POST", f"{mine_path}/vpcs/nodes", {"name": "x", "node_id": node_id}, 201)
        error = await other.request(
            "POST", f"{mine_path}/vpcs/nodes/{node_id}/adapters/0/ports/0/nio", {**NIO, "lport": lport}, 409
        )
        assert str(lport) in error["message"]
    assert await alice.request("GET", path, None, 200) == shown == {**node, "status": "started"}


async def test_every_route_of_the_compute_asks_who_the_client_is(users: list[Client]) -> None:
    """Also those that GNS3 does not have, and those of emulators, which are 409 for everybody."""
    _, alice, bob = users
    project_id, node_id = str(uuid4()), str(uuid4())
    node = await make_lab(alice, project_id, node_id)
    values = {"project_id": project_id, "node_type": "vpcs", "node_id": node_id, "path": "x"}
    for route in (each for table in TABLES for each in table.routes if each.path.startswith("/v2/compute/")):
        if "{project_id}" not in route.path:
            continue
        path = re.sub(r"\{(\w+)(:\w+)?\}", lambda match: values.get(match[1], "0"), route.path)
        if isinstance(route, SocketRoute):
            if await bob.refusal(path.removeprefix("/v2/compute")) != 404:  # it may say so when it is open
                async with bob.websocket(path.removeprefix("/v2/compute")) as websocket:
                    assert orjson.loads(await websocket.get_message())["error"]["status"] == 404
            continue
        for method in route.methods or ():
            reply = await bob.http.request(method, path, json={"name": "x"})
            assert reply.status_code in (400, 404, 409), f"{method} {path}"
    assert await alice.request("GET", f"/projects/{project_id}/vpcs/nodes/{node_id}", None, 200) == node


async def test_a_user_of_the_compute_has_no_other_rights(users: list[Client]) -> None:
    own, alice, _ = users
    body = {"name": "lab", "node_type": "vpcs", "compute_id": "local"}
    project = (await own.http.post("/v2/projects", json={"name": "own"})).json()
    node = (await own.http.post(f"/v2/projects/{project['project_id']}/nodes", json=body)).json()
    for path in ("/", "/v2/version", "/v2/projects", "/v2/computes", "/v1/version", "/metrics", "/nowhere"):
        refused = await alice.http.get(path)
        assert refused.status_code == 403 and "/v2/compute" in refused.json()["message"], path
    assert (await alice.http.get("/v2/compute/version", auth=("alice", "x"))).status_code == 401
    mine = f"/projects/{project['project_id']}"
    await alice.request("GET", f"{mine}/vpcs/nodes/{node['node_id']}", None, 404)
    assert await alice.request("GET", "/projects", None, 200) == []
    made = await make_lab(alice, project["project_id"], node["node_id"])  # a copy of it
    assert made["node_directory"] != node["node_directory"]
    await alice.request("POST", f"{mine}/close", None, 204)
    await alice.request("DELETE", mine, None, 204)
    assert (await own.http.get(f"/v2/projects/{project['project_id']}")).json()["status"] == "opened"
    assert Path(node["node_directory"]).is_dir()


async def test_an_open_console_is_that_of_the_only_user_at_its_address(config: Config) -> None:
    """GNS3's controller sends no password when it passes on a console, so a setting opens consoles."""
    project_id, node_id = str(uuid4()), str(uuid4())
    console = f"/projects/{project_id}/vpcs/nodes/{node_id}/console/ws"
    config = attrs.evolve(
        config, user="lab", password="x", compute_users=("alice:a", "bob:b"), console_websocket_auth=False
    )
    who = [(("alice", "a"), "127.0.0.1"), (("bob", "b"), "127.0.0.1"), (None, "127.0.0.1"), (None, "127.0.0.2")]
    who.append((("alice", "x"), "127.0.0.1"))
    async with open_server(config) as running, clients(running.urls[0], *who) as made:
        alice, bob, relayed, elsewhere, guesser = made
        await make_lab(alice, project_id, node_id)
        for client in (alice, relayed):
            with trio.fail_after(PATIENCE):
                async with client.websocket(console) as websocket:
                    await websocket.get_message()
        for client, status in ((elsewhere, 404), (guesser, 401)):
            assert await client.refusal(console) == status
        await make_lab(bob, project_id, node_id)
        assert await relayed.refusal(console) == 404  # whose is it?


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"compute_users": "a", "user": "lab", "password": "x"}, "number 1"),
        ({"compute_users": "a:", "user": "lab", "password": "x"}, "number 1"),
        ({"compute_users": "a:b,../x:secret", "user": "lab", "password": "x"}, "number 2"),
        ({"compute_users": ".a:b", "user": "lab", "password": "x"}, "number 1"),
        ({"compute_users": "a:b,a:c", "user": "lab", "password": "x"}, "'a' is there twice"),
        ({"compute_users": "lab:c", "user": "lab", "password": "x"}, "'lab' is there twice"),
    ],
)
def test_wrong_users_are_refused_without_telling_their_passwords(fields: Json, reason: str) -> None:
    with pytest.raises(Invalid, match=reason) as told:
        Config(**fields)
    assert "secret" not in str(told.value)


async def test_the_owner_of_the_server_sees_and_closes_what_others_have_open(users: list[Client]) -> None:
    own, alice, bob = users
    project_id, node_id = str(uuid4()), str(uuid4())
    for user in (alice, bob):
        await make_lab(user, project_id, node_id)
    async with alice.websocket("/notifications/ws") as websocket:
        await websocket.get_message()
        listed = (await own.http.get("/v2/hosted_projects")).json()
    same = {"project_id": project_id, "name": "lab", "host": "127.0.0.1", "nodes": {"total": 1, "started": 1}}
    assert [{**each, "hosted_id": ""} for each in listed] == [
        {**same, "user": user, "connected": user == "alice", "hosted_id": ""} for user in ("alice", "bob")
    ]
    for user in (alice, bob):
        assert (await user.http.get("/v2/hosted_projects")).status_code == 403
    path = f"/v2/hosted_projects/{listed[1]['hosted_id']}/close"
    assert (await own.http.post(path)).status_code == 204
    assert (await own.http.post(path)).status_code == 404
    await bob.request("GET", f"/projects/{project_id}", None, 404)
    await alice.request("GET", f"/projects/{project_id}", None, 200)
    assert [each["user"] for each in (await own.http.get("/v2/hosted_projects")).json()] == ["alice"]


# --- without users: addresses ---


async def test_controllers_at_two_addresses(config: Config) -> None:
    """The second with the same lab is refused, and the first goes on; a script of the same user sees everything."""
    project_id, node_id = str(uuid4()), str(uuid4())
    path = f"/projects/{project_id}/vpcs/nodes/{node_id}"
    who = [(None, f"127.0.0.{number}") for number in (2, 3, 4)]
    async with (
        open_server(config) as running,
        clients(running.urls[0], *who) as (first, second, script),
        first.websocket("/notifications/ws") as told,
        second.websocket("/notifications/ws") as other,
    ):
        for websocket in (told, other):
            await websocket.get_message()
        node = await make_lab(first, project_id, node_id)
        assert (await next_event(told))["event"]["status"] == "started"
        refused = await second.request("POST", "/projects", {"name": "copy", "project_id": project_id}, 409)
        assert "127.0.0.2" in refused["message"] and "compute_users" in refused["message"]
        for method, at in (("GET", path), ("DELETE", path), ("POST", f"/projects/{project_id}/close")):
            await second.request(method, at, None, 404)
        assert await second.request("GET", "/projects", None, 200) == []
        assert await first.request("GET", path, None, 200) == await script.request("GET", path, None, 200) == node
        theirs = await make_lab(second, str(uuid4()), str(uuid4()))
        event = await next_event(other)  # none of the first controller came before it
        assert event["event"]["node_id"] == theirs["node_id"]
        assert [each["name"] for each in await script.request("GET", "/projects", None, 200)] == ["lab", "lab"]


async def test_a_lab_of_the_server_itself_is_none_of_a_controller_s(config: Config) -> None:
    """A controller elsewhere with a copy of the lab can neither use it nor open it beside it, nor the other way."""
    async with (
        open_server(config) as running,
        clients(running.urls[0], (None, "127.0.0.1"), (None, "127.0.0.2")) as (own, far),
        far.websocket("/notifications/ws") as told,
    ):
        await told.get_message()
        project = (await own.http.post("/v2/projects", json={"name": "lab"})).json()
        project_id = project["project_id"]
        body = {"name": "PC1", "node_type": "vpcs", "compute_id": "local"}
        node = (await own.http.post(f"/v2/projects/{project_id}/nodes", json=body)).json()
        copy = {"name": "lab", "project_id": project_id}
        refused = await far.request("POST", "/projects", copy, 409)
        assert "open on this server itself" in refused["message"]
        for method, at in (
            ("GET", f"/projects/{project_id}/vpcs/nodes/{node['node_id']}"),
            ("POST", f"/projects/{project_id}/vpcs/nodes"),
            ("GET", f"/projects/{project_id}/files"),
            ("POST", f"/projects/{project_id}/close"),
        ):
            await far.request(method, at, {"name": "x"} if method == "POST" else None, 404)
        await far.request("DELETE", f"/projects/{project_id}", None, 409)
        assert await far.request("GET", "/projects", None, 200) == []

        assert (await own.http.post(f"/v2/projects/{project_id}/close")).status_code == 204
        hosted = await make_lab(far, project_id, node["node_id"])
        for method, action in (("POST", "/open"), ("POST", "/recover"), ("DELETE", "")):
            refused = (await own.http.request(method, f"/v2/projects/{project_id}{action}")).json()
            assert refused["status"] == 409 and "127.0.0.2" in refused["message"]
        assert (await own.http.post(f"/v2/projects/{project_id}/close")).status_code == 204
        assert await far.request("GET", f"/projects/{project_id}/vpcs/nodes/{node['node_id']}", None, 200) == hosted
        await far.request("POST", f"/projects/{project_id}/close", None, 204)
        assert (await own.http.post(f"/v2/projects/{project_id}/open")).status_code == 201
