"""Users of one server: how they show who they are, what they see of each other's projects, and when that ends."""

import logging
import re
from collections.abc import AsyncIterator
from typing import Any

import attrs
import httpx
import orjson
import pytest
import trio
from trio_websocket import ConnectionClosed, ConnectionRejected, open_websocket_url

from gns3trio.api.password_guesses import PER_NAME
from gns3trio.config import Config
from gns3trio.controller.people.privileges import BUILT_IN_ROLES
from gns3trio.server import RunningServer, open_server
from tests.support.people import PASSWORD, Person, add_user, allow
from tests.support.plain_http import NO_TLS
from tests.support.server import Server
from tests.support.v3 import V3, logged_in

BOSS = ("boss", "boss's password")


@pytest.fixture
def config(config: Config) -> Config:
    return attrs.evolve(config, user=BOSS[0], password=BOSS[1])


@pytest.fixture
async def server(running: RunningServer, config: Config) -> AsyncIterator[Server]:
    """Requests without credentials of their own are the administrator's."""
    (url,) = running.urls
    async with httpx.AsyncClient(base_url=url, timeout=30, auth=BOSS, verify=NO_TLS) as http:
        yield Server(url, config, http)


@pytest.fixture(autouse=True)
def quick(quick_passwords: None) -> None:
    """Many passwords are checked."""


@pytest.fixture
async def plain(server: Server) -> AsyncIterator[Server]:
    """Requests without credentials of their own are nobody's."""
    async with anybody(server) as http:
        yield Server(server.url, server.config, http)


@pytest.fixture
async def other(server: Server) -> dict[str, Any]:
    """Another open project than ``project``, of which alice must not learn."""
    return await server.request("POST", "/v2/projects", {"name": "secret-lab"}, 201)


@pytest.fixture
async def alice(running: RunningServer, plain: Server, project: dict[str, Any]) -> Person:
    """She may use the project, and nothing else."""
    return await add_user(running, plain, "alice", User=f"/projects/{project['project_id']}")


def anybody(server: Server) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=server.url, timeout=30, verify=NO_TLS)


# --- credentials ---


async def test_what_a_user_shows_in_each_version(server: Server, alice: Person, project: dict[str, Any]) -> None:
    token, path = (await alice.log_in()).token, f"/v2/projects/{project['project_id']}"
    bearer = {"Authorization": f"bearer {token}"}
    async with anybody(server) as http:
        assert (await http.get(path)).status_code == 401
        assert (await http.get(path, auth=alice.basic)).status_code == 200
        assert (await http.get(path, headers=bearer)).status_code == 200
        assert (await http.get(path, params={"token": token})).status_code == 200
        assert (await http.get("/v1/version", headers=bearer)).status_code == 200
        # Only where a browser sends no header of its own.
        assert (await http.post(f"{path}/close", params={"token": token})).status_code == 401
        wrong = await http.get(path, headers={"Authorization": f"Bearer {token}x"})
        assert (wrong.status_code, wrong.headers["www-authenticate"]) == (401, "Bearer")


async def test_logging_in(server: Server, alice: Person) -> None:
    """By a form or by JSON; what is missing is told, and what is wrong is not."""
    name, password = alice.basic
    right = {"username": name, "password": password}
    async with anybody(server) as http:
        by_form = await http.post("/v3/access/users/login", data=right)
        by_json = await http.post("/v3/access/users/authenticate", json=right)
        for reply in (by_form, by_json):
            assert reply.status_code == 200, reply.text
            assert reply.json().keys() == {"access_token", "token_type"}
            assert reply.json()["token_type"] == "bearer"
            assert reply.headers["content-type"] == "application/json"
        refused = []
        for wrong in ({"username": name, "password": "x"}, {"username": "nobody", "password": password}):
            refused += [
                await http.post("/v3/access/users/login", data=wrong),
                await http.post("/v3/access/users/authenticate", json=wrong),
            ]
        assert {(reply.status_code, reply.text, reply.headers["www-authenticate"]) for reply in refused} == {
            (401, refused[0].text, "Bearer")
        }
        for missing in ({"username": name}, {"password": password}, {}):
            assert (await http.post("/v3/access/users/login", data=missing)).status_code == 422
            assert (await http.post("/v3/access/users/authenticate", json=missing)).status_code == 422
        assert (await http.post("/v3/access/users/login", json=right)).status_code == 422
        assert (await http.post("/v3/access/users/login", data={**right, "username": "x" * 40_000})).status_code == 422


async def test_guesses_of_passwords_are_slowed_wherever_they_come(
    server: Server, alice: Person, caplog: pytest.LogCaptureFixture
) -> None:
    """Also of a user who is known. The right password is not checked either."""
    async with anybody(server) as http:
        assert (await http.get("/v2/version", auth=alice.basic)).status_code == 200
        statuses = []
        for number in range(PER_NAME.burst):
            guess = {"username": "boss", "password": f"guess {number}"}
            if number % 3 == 0:
                statuses.append((await http.get("/v2/version", auth=("boss", f"guess {number}"))).status_code)
            elif number % 3 == 1:
                statuses.append((await http.post("/v3/access/users/login", data=guess)).status_code)
            else:
                statuses.append((await http.post("/v3/access/users/authenticate", json=guess)).status_code)
        assert statuses == [401] * PER_NAME.burst
        right = {"username": "boss", "password": BOSS[1]}
        for reply in (
            await http.post("/v3/access/users/login", data=right),
            await http.post("/v3/access/users/authenticate", json=right),
            await http.get("/v2/version", auth=BOSS),
        ):
            assert reply.status_code == 429
            assert 1 <= int(reply.headers["retry-after"]) <= PER_NAME.seconds
        told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert sum("a wrong user or password from 127.0.0.1" in line for line in told) == PER_NAME.burst
    assert all("for 'boss'" in line for line in told if "wrong user or password" in line)
    assert not [line for line in told if "guess " in line or BOSS[1] in line]


async def test_many_at_once_send_the_same_password(server: Server, alice: Person) -> None:
    """As a page does with its first requests: it is checked once, and counts as no guess."""
    statuses: list[int] = []

    async def ask() -> None:
        statuses.append((await http.get("/v2/version", auth=alice.basic)).status_code)

    async with anybody(server) as http, trio.open_nursery() as nursery:
        for _ in range(3 * PER_NAME.burst):
            nursery.start_soon(ask)
    assert statuses == [200] * 3 * PER_NAME.burst


async def test_the_compute_api_is_not_for_users(server: Server, alice: Person) -> None:
    token = (await alice.log_in()).token
    async with anybody(server) as http:
        for path in ("/v2/compute/version", "/v3/compute/capabilities"):
            assert (await http.get(path)).status_code == 401
            assert (await http.get(path, auth=alice.basic)).status_code == 403
            assert (await http.get(path, headers={"Authorization": f"Bearer {token}"})).status_code == 401
            assert (await http.get(path, auth=BOSS)).status_code == 200


async def test_an_open_server_closes_with_the_first_password(config: Config) -> None:
    """Versions 1 and 2 ask for nothing until the administrator has a password; their streams end then."""
    config = attrs.evolve(config, user="", password="")
    async with (
        open_server(config) as running,
        httpx.AsyncClient(base_url=running.urls[0], timeout=30, verify=NO_TLS) as http,
    ):
        people = running.controller.people
        for path in ("/v1/version", "/v2/projects", "/v2/compute/version", "/"):
            assert (await http.get(path, auth=("x", "y"))).status_code == 200, path
        url = running.urls[0].replace("http", "ws") + "/v2/notifications/ws"
        with trio.fail_after(30):
            async with open_websocket_url(url) as stream:
                await stream.get_message()
                await people.users.update(people.administrator.user_id, password=PASSWORD)
                await closed(stream, 1008)
        for path in ("/v1/version", "/v2/projects", "/v2/compute/version", "/"):
            assert (await http.get(path)).status_code == 401, path
            assert (await http.get(path, auth=("admin", "admin"))).status_code == 401, path
            assert (await http.get(path, auth=("admin", PASSWORD))).status_code == 200, path


# --- what a user sees ---


async def test_lists_have_the_projects_that_the_user_may_use(
    server: Server, alice: Person, project: dict[str, Any], other: dict[str, Any]
) -> None:
    """In no list is the name or the id of another project."""
    await server.request(
        "POST", f"/v2/projects/{other['project_id']}/nodes", {"name": "n", "node_type": "vpcs", "compute_id": "local"}
    )
    mine = project["project_id"]
    for path in ("/v1/projects", "/v2/projects"):
        assert [each["project_id"] for each in (await alice.v2("GET", path)).json()] == [mine], path
        assert len((await server.http.get(path)).json()) == 2
    for path in ("/v1/projects", "/v2/projects", "/controller", "/metrics", "/v2/hosts", "/v2/statistics"):
        reply = await alice.v2("GET", path)
        assert reply.status_code == 200, path
        for word in (other["project_id"], other["name"]):
            assert word not in reply.text, path
    for path in ("/controller", "/metrics", "/v2/hosts"):
        assert other["project_id"] in (await server.http.get(path)).text, path


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/projects/{}", None),
        ("GET", "/v2/projects/{}", None),
        ("GET", "/v2/projects/{}/nodes", None),
        ("HEAD", "/v2/projects/{}/nodes", None),
        ("GET", "/v2/projects/{}/export", None),
        ("POST", "/v2/projects/{}/nodes/start", None),
        ("POST", "/v2/projects", {"name": "x", "project_id": "{}"}),
        ("POST", "/v1/projects", {"name": "x", "project_id": "{}"}),
        ("POST", "/v2/projects/{}/duplicate", {"name": "copy"}),
        ("GET", "/v2/events?project_id={}", None),
        ("GET", "/v2/projects/{}/notifications", None),
    ],
)
async def test_a_project_that_the_user_may_not_use(
    alice: Person, other: dict[str, Any], method: str, path: str, body: dict[str, str] | None
) -> None:
    """Is refused as if it did not exist, also by way of a body, and however its id is written."""
    messages = set()
    for project_id in (other["project_id"], other["project_id"].upper(), "11111111-2222-4333-8444-555555555555"):
        sent = body and {name: value.replace("{}", project_id) for name, value in body.items()}
        reply = await alice.v2(method, path.replace("{}", project_id), sent)
        assert reply.status_code == 403, reply.text
        assert other["name"] not in reply.text
        messages.add(reply.text.replace(project_id.lower(), "ID"))
    assert len(messages) == 1, messages


async def test_streams_have_the_events_of_projects_that_the_user_may_use(
    running: RunningServer, server: Server, alice: Person, project: dict[str, Any], other: dict[str, Any]
) -> None:
    """Of all kinds; a project that is deleted vanishes from them, too."""
    token = (await alice.log_in()).token
    seen: dict[str, list[str]] = {}

    async def listen(path: str, task_status: trio.TaskStatus[None]) -> None:
        url = f"{server.url.replace('http', 'ws')}{path}?token={token}"
        async with open_websocket_url(url) as stream:
            seen[path] = [await stream.get_message()]
            task_status.started()
            while "project.deleted" not in seen[path][-1]:
                seen[path].append(await stream.get_message())

    with trio.fail_after(30):
        async with trio.open_nursery() as nursery:
            for path in ("/v2/notifications/ws", "/notifications/ws", "/v2/events/ws"):
                await nursery.start(listen, path)
            for each in (other, project):
                path = f"/v2/projects/{each['project_id']}"
                await server.request("PUT", path, {"name": f"new {each['name']}"})
                node = {"name": "n", "node_type": "vpcs", "compute_id": "local"}
                await server.request("POST", f"{path}/nodes", node, 201)
                await server.request("DELETE", path, None, 204)
    for path, events in seen.items():
        actions = {orjson.loads(event)["action"] for event in events}
        assert {"project.updated", "project.closed", "project.deleted"} <= actions, path
        assert ("node.created" in actions) == (path != "/v2/notifications/ws")
        assert not [event for event in events if other["project_id"] in event or other["name"] in event], path


# --- when that ends ---


async def closed(stream: Any, code: int) -> None:
    """Wait until the server closes a websocket with this code."""
    with pytest.raises(ConnectionClosed) as error:
        while True:
            await stream.get_message()
    assert error.value.reason is not None
    assert error.value.reason.code == code


@pytest.mark.parametrize("change", ["right", "password", "inactive", "deleted"])
async def test_streams_end_with_the_right_to_them(
    running: RunningServer, server: Server, alice: Person, project: dict[str, Any], change: str
) -> None:
    """Websockets are closed, and streams are cut; those of others go on. Nothing is let in any more."""
    people, token = running.controller.people, (await alice.log_in()).token
    other = await add_user(running, alice.server, "bob", User=f"/projects/{project['project_id']}")
    path = f"/v2/projects/{project['project_id']}/notifications"
    url = f"{server.url.replace('http', 'ws')}{path}/ws?token="
    numbered = f"{server.url.replace('http', 'ws')}/v2/events/ws?project_id={project['project_id']}&token={token}"
    with trio.fail_after(30):
        async with (
            open_websocket_url(url + token) as stream,
            open_websocket_url(numbered) as of_page,
            open_websocket_url(url + (await other.log_in()).token) as others,
            anybody(server) as http,
            http.stream("GET", path, auth=alice.basic) as reply,
        ):
            await stream.get_message()
            lines = reply.aiter_lines()
            await anext(lines)
            if change == "right":
                ace = next(ace for ace in people.aces.list() if ace.user_id == alice.user_id)
                await people.aces.delete(ace.ace_id)
            elif change == "password":
                await people.users.update(alice.user_id, password="another password")
            elif change == "inactive":
                await people.users.update(alice.user_id, is_active=False)
            else:
                await people.users.delete(alice.user_id)
            await closed(stream, 1008)
            await closed(of_page, 1008)
            with pytest.raises(httpx.RemoteProtocolError):
                async for _ in lines:
                    pass
            await server.request("POST", f"/v2/projects/{project['project_id']}/drawings", {"svg": "<svg/>"}, 201)
            while "drawing.created" not in await others.get_message():
                pass
    status = 403 if change == "right" else 401
    assert (await alice.v2("GET", f"/v2/projects/{project['project_id']}")).status_code == status
    async with anybody(server) as http:
        shown = await http.get(f"/v2/projects/{project['project_id']}", params={"token": token})
    assert shown.status_code == status


async def test_a_stream_goes_on_while_other_rights_change(
    running: RunningServer, server: Server, alice: Person, project: dict[str, Any]
) -> None:
    people, token = running.controller.people, (await alice.log_in()).token
    url = f"{server.url.replace('http', 'ws')}/v2/projects/{project['project_id']}/notifications/ws?token={token}"
    with trio.fail_after(30):
        async with open_websocket_url(url) as stream:
            await stream.get_message()
            await allow(people, alice.user_id, "Auditor", "/templates")
            await people.users.update(alice.user_id, full_name="Alice")
            await server.request("POST", f"/v2/projects/{project['project_id']}/drawings", {"svg": "<svg/>"}, 201)
            while "drawing.created" not in await stream.get_message():
                pass


async def test_a_handshake_is_refused_with_a_status(server: Server, alice: Person, other: dict[str, Any]) -> None:
    """In version 2, whose clients know it so."""
    token = (await alice.log_in()).token
    url = f"{server.url.replace('http', 'ws')}/v2/projects/{other['project_id']}/notifications/ws"
    for query, status in (("", 401), ("?token=x.y.z", 401), (f"?token={token}", 403)):
        with pytest.raises(ConnectionRejected) as rejected:
            async with open_websocket_url(url + query):
                pass
        assert rejected.value.status_code == status


# --- version 3 ---


async def test_what_users_see_and_change_of_themselves(alice: Person, project: dict[str, Any]) -> None:
    """Nobody has to have a privilege for it, and nobody gets one by it. Another password ends all tokens."""
    first, second = await alice.log_in(), await alice.log_in()
    me = await first.request("GET", "/v3/access/users/me", None, 200)
    assert (me["username"], me["is_superadmin"], me["email"]) == ("alice", False, "")
    assert me["last_login"] is not None
    body = {"full_name": "Alice", "email": "alice@example.org"}
    ignored = {"username": "x", "is_superadmin": True, "is_active": False}
    changed = await first.request("PUT", "/v3/access/users/me", {**body, **ignored}, 200)
    assert changed == {**me, **body, "updated_at": changed["updated_at"]}
    await first.refused("PUT", "/v3/access/users/me", {"password": "short"}, 422, "password")
    await first.request("PUT", "/v3/access/users/me", {"password": "another password"}, 200)
    for client in (first, second):
        await client.refused("GET", "/v3/access/users/me", None, 401)
    assert (await alice.v2("GET", "/v2/version")).status_code == 401
    again = await logged_in(alice.server, "alice", "another password")
    assert (await again.request("GET", "/v3/access/users/me", None, 200))["full_name"] == "Alice"
    reply = await again.send("GET", "/v3/access/users/me/")
    assert (reply.status_code, reply.headers["location"]) == (307, "../me")


async def test_version_3_takes_tokens_only(server: Server, alice: Person, project: dict[str, Any]) -> None:
    """In the header or, for all methods, in the query; a path without a route is told to everybody."""
    path = f"/v3/projects/{project['project_id']}"
    token = (await alice.log_in()).token
    async with anybody(server) as http:
        for given in ({}, {"auth": alice.basic}, {"auth": BOSS}, {"params": {"token": token + "x"}}):
            refused = await http.get(path, **given)
            assert (refused.status_code, refused.headers["www-authenticate"]) == (401, "Bearer"), given
            assert refused.json().keys() == {"message"}
        assert (await http.get(path, params={"token": token})).status_code == 200
        assert (await http.post(f"{path}/lock", params={"token": token}, json={})).status_code == 204
        assert (await http.get("/v3/nowhere")).status_code == 404
        assert (await http.delete("/v3/version")).status_code == 405
        listed = await http.get("/v3/projects", params={"token": token})
        assert [each["project_id"] for each in listed.json()] == [project["project_id"]]


async def test_websockets_of_version_3_are_refused_as_its_clients_know_it(
    server: Server, alice: Person, project: dict[str, Any], other: dict[str, Any]
) -> None:
    """Without a token at the handshake; else with an event that says why."""
    path, token = f"/v3/projects/{other['project_id']}/notifications/ws", (await alice.log_in()).token
    with pytest.raises(ConnectionRejected) as rejected:
        async with V3(server).websocket(path):
            pass
    assert rejected.value.status_code == 403
    node = "11111111-2222-4333-8444-555555555555"
    for each in (path, f"/v3/projects/{other['project_id']}/nodes/{node}/console/ws"):
        for shown in (token, "x.y.z"):
            with trio.fail_after(30):
                async with V3(server, shown).websocket(each) as stream:
                    told = orjson.loads(await stream.get_message())
                    assert (told["action"], told["event"].keys()) == ("log.error", {"message"})
                    await closed(stream, 1008)
    with trio.fail_after(30):
        async with V3(server, token).events(f"/v3/projects/{project['project_id']}/notifications/ws") as events:
            assert (await events.next())["action"] == "ping"


async def test_nobody_takes_over_the_first_administrator(running: RunningServer, plain: Server) -> None:
    """Not even who manages users."""
    manager = await add_user(running, plain, "manager", User_manager="/")
    v3, administrator = await manager.log_in(), running.controller.people.administrator
    path = f"/v3/access/users/{administrator.user_id}"
    for body in ({"password": "another password"}, {"email": "manager@example.org"}, {"full_name": "x"}):
        await v3.refused("PUT", path, body, 403)
    assert running.controller.people.administrator == administrator


TRICKS = """
/{v}/projects/{Y} /{v}/projects/{Y}/ //{v}/projects/{Y} /{v}//projects/{Y} /{v}/projects//{Y} /{v}/projects/{Y}%2F
/{v}/projects/{Y}%2Fnodes /{v}/projects/{X}/../{Y} /{v}/projects/{X}/%2e%2e/{Y} /{v}/projects/{X}%2F..%2F{Y}
/{v}/projects/./{Y} /{v}/projects/{Y}%00 /{v}/projects/{Y};{X} /{v}/projects/{Y}%20 /{v}/projects/{Y}?
/{v}/projects/{Y}%0A /{v}/projects/{Y}#/{X} /{v}/projects/{upper} /{v}/projects/{odd} /{v}/projects/{braces}
/{V}/projects/{Y} http://127.0.0.1/{v}/projects/{Y} /{v}/projects/{X}/nodes/{N} /{v}/projects/{X}/nodes/{N}/links
/{v}/projects/{X}/nodes/../../{Y}/nodes /{v}/projects/{Y}/nodes/{N} /{v}/projects/{X}/files/../../{Y}/secret-lab.gns3
/{v}/projects/{X}/files/..%2F..%2F{Y}%2Fsecret-lab.gns3 /{v}/projects/{X}/files/%2e%2e/%2e%2e/{Y}/secret-lab.gns3
/{v}/projects/{X}/links/../../{Y}/links /{v}/symbols/../projects/{Y}/raw /{v}/symbols/..%2Fprojects%2F{Y}/raw
/static/web-ui/../../{v}/projects/{Y} /v2/compute/projects/{Y} /v3/compute/projects/{Y} /v2/events?project_id={odd}
/v2/audit?project_id={Y} /v2/hosted_projects
"""


@pytest.mark.parametrize("version", ["v1", "v2", "v3"])
async def test_tricks_with_paths(
    server: Server, alice: Person, project: dict[str, Any], other: dict[str, Any], version: str
) -> None:
    """Nothing of another project is told, whatever the path looks like; neither to a reader of headers."""
    node = {"name": "secret-node", "node_type": "vpcs", "compute_id": "local"}
    made = await server.request("POST", f"/v2/projects/{other['project_id']}/nodes", node, 201)
    token, hidden = (await alice.log_in()).token, other["project_id"]
    words = {
        **{"v": version, "V": version.upper(), "X": project["project_id"], "Y": hidden, "N": made["node_id"]},
        **{"upper": hidden.upper(), "odd": hidden.replace("-", "") + "----", "braces": f"%7B{hidden}%7D"},
    }
    host, _, port = server.url.removeprefix("http://").partition(":")
    with trio.fail_after(60):
        for trick in re.findall(r"\S+", TRICKS):
            path = trick.format(**words)
            for method in ("GET", "HEAD", "OPTIONS"):
                stream = await trio.open_tcp_stream(host, int(port))
                async with stream:
                    head = f"{method} {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {token}\r\n"
                    await stream.send_all(f"{head}If-None-Match: x\r\nConnection: close\r\n\r\n".encode())
                    answer = b"".join([piece async for piece in stream])
                status = int(answer.split(b" ", 2)[1])
                assert status >= 300 or b"svg" in answer or b"<html" in answer.lower(), (method, path, answer)
                # An error may repeat the path, which has the name of the file.
                assert b"secret-node" not in answer, (method, path, answer)
                assert b"secret-lab" not in answer or b"secret-lab.gns3" in path.encode(), (method, path, answer)


async def test_who_manages_users_does_not_become_who_gives_rights(running: RunningServer, plain: Server) -> None:
    """Neither by a password, nor as a member of a group; others can still be managed."""
    people = running.controller.people
    manager = await add_user(running, plain, "manager", User_manager="/")
    giver = await add_user(running, plain, "giver", ACL_manager="/")
    member = await add_user(running, plain, "member")
    student = await add_user(running, plain, "student")
    group = await people.groups.create("administrators of labs")
    role = next(role for role in people.roles.list() if role.name == "Administrator")
    await people.aces.create("group", "/", role.role_id, group_id=group.group_id)
    await people.groups.add_member(group.group_id, member.user_id)
    v3, before = await manager.log_in(), people.records
    users, groups = "/v3/access/users", f"/v3/access/groups/{group.group_id}"
    for user in (giver, member):
        for body in ({"password": "another password"}, {"username": "other"}, {"is_active": False}):
            await v3.refused("PUT", f"{users}/{user.user_id}", body, 403)
        await v3.refused("DELETE", f"{users}/{user.user_id}", None, 403)
    await v3.refused("PUT", f"{groups}/members/{manager.user_id}", None, 403)
    await v3.refused("DELETE", f"{groups}/members/{member.user_id}", None, 403)
    await v3.refused("DELETE", groups, None, 403)
    assert (people.records.groups, people.records.aces) == (before.groups, before.aces)
    assert [(user.username, user.password_hash) for user in people.records.users.values()] == [
        (user.username, user.password_hash) for user in before.users.values()
    ]
    await v3.request("PUT", f"{users}/{student.user_id}", {"full_name": "x"}, 200)
    own = await people.groups.create("students")
    await v3.request("PUT", f"/v3/access/groups/{own.group_id}/members/{student.user_id}", None, 204)
    await v3.request("DELETE", f"/v3/access/groups/{own.group_id}/members/{student.user_id}", None, 204)


async def test_copies_and_whole_topologies_need_what_their_parts_need(
    running: RunningServer, plain: Server, project: dict[str, Any]
) -> None:
    """In each version, and on the paths of the parts."""
    people, path = running.controller.people, f"/projects/{project['project_id']}"
    reader = await add_user(running, plain, "reader", Auditor=path)
    v3 = await reader.log_in()
    for version in ("v2", "v3"):
        reply = await v3.send("POST", f"/{version}{path}/duplicate", json={"name": "copy"})
        assert reply.status_code == 403, version
    student = await add_user(running, plain, "student", User=path)
    for kind in ("nodes", "links", "drawings"):
        entry = await allow(people, student.user_id, "User", f"{path}/{kind}", allowed=False)
        for method, rest, body in (
            ("POST", "batch", {}),
            ("GET", "topology", None),
            ("PUT", "topology", {}),
        ):
            assert (await student.v2(method, f"/v2{path}/{rest}", body)).status_code == 403, (kind, rest)
        await people.aces.delete(entry)
    assert (await student.v2("GET", f"/v2{path}/topology")).status_code == 200
    assert (await student.v2("POST", f"/v2{path}/batch", {"start": True})).status_code == 201
    role = next(role for role in people.roles.list() if role.name == "User")
    await people.roles.withdraw(role.role_id, "Node.PowerMgmt")
    assert (await student.v2("POST", f"/v2{path}/batch", {"start": True})).status_code == 403
    assert (await student.v2("POST", f"/v2{path}/batch", {})).status_code == 201
    assert (await student.v2("POST", "/v2/computes/local/auto_idlepc", {})).status_code == 403


# --- labs that are opened, and not deleted ---


async def test_who_changes_a_lab_opens_it_and_does_not_delete_it(
    running: RunningServer, server: Server, plain: Server, project: dict[str, Any]
) -> None:
    """With the privilege to change it, in all versions; who only reads it does neither."""
    people, place = running.controller.people, f"/projects/{project['project_id']}"
    role = await people.roles.create("Student")
    for privilege in BUILT_IN_ROLES["User"] - {"Project.Allocate"}:
        await people.roles.grant(role.role_id, privilege)
    other = await people.roles.create("Opener")
    for privilege in ("Project.Audit", "Project.Allocate"):
        await people.roles.grant(other.role_id, privilege)
    student = await add_user(running, plain, "student", Student=place)
    reader = await add_user(running, plain, "reader", Auditor=place)
    opener = await add_user(running, plain, "opener", Opener=place)
    token = await student.log_in()
    for version in ("v2", "v3"):
        for person, told in ((student, 201), (opener, 201), (reader, 403)):
            http = await person.log_in()
            closed = await http.send("POST", f"/{version}{place}/close", json={})
            assert closed.status_code == (204 if told == 201 else 403)
            opened = await http.send("POST", f"/{version}{place}/open", json={})
            assert opened.status_code == told
        refused = await token.send("DELETE", f"/{version}{place}")
        assert refused.status_code == 403
        assert "Project.Allocate is required" in refused.text
    assert (
        "may not change projects here (Project.Allocate or Project.Modify is required"
        in (await reader.v2("POST", f"/v2{place}/open")).text
    )
    assert (await student.v2("POST", f"/v1{place}/close")).status_code == 204
    assert (await student.v2("POST", f"/v2{place}/open")).status_code == 201
    assert (await student.v2("DELETE", f"/v1{place}")).status_code == 403
    assert (await student.v2("POST", "/v2/projects", {"name": "another"})).status_code == 403
    assert (await student.v2("POST", f"/v2{place}/duplicate", {"name": "copy"})).status_code == 403
    assert (await opener.v2("DELETE", f"/v2{place}")).status_code == 204


# --- logging out ---


@pytest.mark.parametrize("by", ["page", "request"])
async def test_a_token_ends_when_its_user_logs_out(server: Server, alice: Person, by: str) -> None:
    """Also streams that were opened with it; other tokens of the user go on."""
    here, there = await alice.log_in(), await alice.log_in()
    async with here.websocket("/v3/notifications/ws") as stream:
        await stream.get_message()
        if by == "request":
            await here.request("POST", "/v2/account/logout", {}, 204)
        else:
            async with anybody(server) as http:
                cookie = {"Cookie": f"gns3trio{httpx.URL(server.url).port}={here.token}"}
                assert (await http.post("/logout", headers=cookie)).status_code == 303
        with trio.fail_after(30), pytest.raises(ConnectionClosed):
            while True:
                await stream.get_message()
    await here.refused("GET", "/v3/access/users/me", None, 401, "log in again")
    await there.request("GET", "/v3/access/users/me", None, 200)
    assert (await alice.v2("POST", "/v2/account/logout")).status_code == 409  # a password needs no end
    entry, *_ = await server.request("GET", "/v2/audit?action=log out&limit=1", None, 200)
    assert (entry["user"], entry["target"]) == ("alice", {"kind": "user", "name": "alice"})


async def test_a_password_with_each_request_is_a_log_in(running: RunningServer, alice: Person) -> None:
    """For clients of 2.2, which send nothing else."""
    people = running.controller.people
    assert people.users.require(alice.user_id).last_login is None
    assert (await alice.v2("GET", "/v2/projects")).status_code == 200
    assert people.users.require(alice.user_id).last_login is not None
