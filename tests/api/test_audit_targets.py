"""What the audit trail says was changed, who reads it, and wrong passwords in it."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import attrs
import httpx
import pytest

from gns3trio.api import audited
from gns3trio.api.access import Access, HttpRoute
from gns3trio.api.app import TABLES
from gns3trio.api.audit_words import action_words
from gns3trio.api.rates import Rate
from gns3trio.config import Config
from gns3trio.server import RunningServer
from tests.support.people import PASSWORD, Person, add_user, allow
from tests.support.plain_http import NO_TLS
from tests.support.server import Server
from tests.support.v3 import V3, logged_in

BOSS = ("boss", "boss's password")
Json = dict[str, Any]


@pytest.fixture
def config(config: Config, quick_passwords: None) -> Config:
    return attrs.evolve(config, user=BOSS[0], password=BOSS[1])


@pytest.fixture
async def server(running: RunningServer, config: Config) -> AsyncIterator[Server]:
    """Requests without credentials of their own are the administrator's."""
    (url,) = running.urls
    async with httpx.AsyncClient(base_url=url, timeout=30, auth=BOSS, verify=NO_TLS) as http:
        yield Server(url, config, http)


async def newest(server: Server, query: str = "") -> Json:
    entries: list[Json] = await server.request("GET", f"/v2/audit?limit=1{query}", None, 200)
    return entries[0]


def told(entry: Json) -> str:
    target = entry["target"]
    return " | ".join([entry["action"], target["kind"], target["name"], *([target["of"]] if "of" in target else [])])


async def test_users_and_permissions_are_named(server: Server) -> None:
    """By their names at that time, also what is made and what is deleted."""
    async with httpx.AsyncClient(base_url=server.url, timeout=30, verify=NO_TLS) as http:
        await name_users_and_permissions(server, await logged_in(Server(server.url, server.config, http), *BOSS))


async def name_users_and_permissions(server: Server, boss: V3) -> None:
    seen = []

    async def change(method: str, path: str, body: Json | None = None) -> Json:
        reply = await boss.send(method, f"/v3{path}", json=body)
        assert reply.is_success, reply.text
        seen.append(told(await newest(server)))
        return reply.json() if reply.content else {}

    user = await change("POST", "/access/users", {"username": "bert", "password": PASSWORD})
    await change("PUT", f"/access/users/{user['user_id']}", {"full_name": "Bert"})
    group = await change("POST", "/access/groups", {"name": "students"})
    await change("PUT", f"/access/groups/{group['user_group_id']}/members/{user['user_id']}")
    role = await change("POST", "/access/roles", {"name": "Watcher"})
    privilege, *_ = await boss.request("GET", "/v3/access/privileges", None, 200)
    await change("PUT", f"/access/roles/{role['role_id']}/privileges/{privilege['privilege_id']}")
    project = await change("POST", "/projects", {"name": "lab 7"})
    pool = await change("POST", "/pools", {"name": "table 1"})
    await change("PUT", f"/pools/{pool['resource_pool_id']}/resources/{project['project_id']}")
    ace = await change(
        "POST",
        "/access/acl",
        {
            "ace_type": "group",
            "group_id": group["user_group_id"],
            "role_id": role["role_id"],
            "path": f"/projects/{project['project_id']}",
        },
    )
    await change("DELETE", f"/access/acl/{ace['ace_id']}")
    copy = await change("POST", f"/projects/{project['project_id']}/duplicate", {"name": "lab 8"})
    await change("DELETE", f"/projects/{copy['project_id']}")
    await change("DELETE", f"/access/users/{user['user_id']}")
    await change("PUT", "/access/users/me", {"full_name": "The boss"})
    entry = "permission | group students: Watcher on project lab 7"
    assert seen == [
        "create user | user | bert",
        "update user | user | bert",
        "create group | group | students",
        "add to group | user | bert | group students",
        "create role | role | Watcher",
        f"grant privilege | privilege | {privilege['name']} | role Watcher",
        "create project | project | lab 7",
        "create pool | pool | table 1",
        "add to pool | project | lab 7 | pool table 1",
        f"create permission | {entry}",
        f"delete permission | {entry}",
        "duplicate | project | lab 8 | project lab 7",
        "delete project | project | lab 8",
        "delete user | user | bert",
        "change own account | user | boss",
    ]
    assert told(await newest(server, "&action=create permission")) == f"create permission | {entry}"
    assert told(await newest(server, "&target=students")) == "create group | group | students"


async def test_what_is_in_a_lab_is_named(server: Server) -> None:
    project = await server.request("POST", "/v2/projects", {"name": "lab"}, 201)
    path, seen = f"/v2/projects/{project['project_id']}", []

    async def change(method: str, below: str, body: Json | None, status: int) -> Json:
        reply: Json = await server.request(method, f"{path}{below}", body, status)
        seen.append(told(await newest(server)))
        return reply

    nodes = [
        await change("POST", "/nodes", {"name": name, "node_type": "vpcs", "compute_id": "local"}, 201)
        for name in ("PC1", "PC2")
    ]
    ends = [{"node_id": node["node_id"], "adapter_number": 0, "port_number": 0} for node in nodes]
    link = await change("POST", "/links", {"nodes": ends}, 201)
    await change("DELETE", f"/links/{link['link_id']}", None, 204)
    snapshot = await change("POST", "/snapshots", {"name": "good"}, 201)
    await change("POST", f"/nodes/{nodes[0]['node_id']}/duplicate", {"x": 5, "y": 5}, 201)
    await change("DELETE", f"/nodes/{nodes[1]['node_id']}", None, 204)
    await change("POST", "/close", {}, 204)
    await change("POST", "/open", {}, 201)
    async with httpx.AsyncClient(base_url=server.url, timeout=30, auth=BOSS, verify=NO_TLS) as http:
        exported = await http.get(f"{path}/export")
        imported = await http.post(f"/v2/projects/{uuid4()}/import?name=again", content=exported.content)
    assert imported.status_code == 201
    seen.append(told(await newest(server)))
    assert seen == [
        "create node | node | PC1 | project lab",
        "create node | node | PC2 | project lab",
        "create link | link | PC1-PC2 | project lab",
        "delete link | link | PC1-PC2 | project lab",
        f"take snapshot | snapshot | {snapshot['name']} | project lab",
        "duplicate | node | PC3 | project lab",
        "delete node | node | PC2 | project lab",
        "close project | project | lab",
        "open project | project | lab",
        "import project | project | again",
    ]


async def test_others_in_the_trail_of_a_lab(running: RunningServer, server: Server, project: Json) -> None:
    """Who only reads the lab sees the own entries; who changes it, all; addresses, who may see the users."""
    place = f"/projects/{project['project_id']}"
    reader = await add_user(running, server, "reader", Auditor=place)
    changer = await add_user(running, server, "changer", User=place)
    manager = await add_user(running, server, "manager", Auditor=place, User_manager="/audit")
    await server.request("PUT", f"/v2{place}", {"zoom": 50}, 200)
    for person in (reader, changer):
        await person.v2("PUT", f"/v2{place}", {"zoom": 60})

    async def seen(person: Person, query: str = "") -> tuple[set[str], bool]:
        reply = await person.v2("GET", f"/v2{place}/audit{query}")
        assert reply.status_code == 200, reply.text
        entries = reply.json()
        return {entry["user"] for entry in entries}, any(entry["address"] for entry in entries)

    assert await seen(reader) == ({"reader"}, False)
    assert await seen(reader, "?user=changer") == (set(), False)
    assert await seen(reader, "?user=reader") == ({"reader"}, False)
    assert await seen(changer) == ({"reader", "changer", "boss"}, False)
    assert await seen(manager) == ({"reader", "changer", "boss"}, True)
    assert (await reader.v2("GET", "/v2/audit")).status_code == 403
    await allow(running.controller.people, reader.user_id, "No Access", place)
    assert await seen(reader) == ({"reader"}, False)


async def test_wrong_passwords_are_recorded(
    running: RunningServer, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the name that was tried, at a limited rate, and never with the password."""
    monkeypatch.setattr(audited, "REFUSED", Rate(3, 1000.0))
    await add_user(running, server, "alice")
    async with httpx.AsyncClient(base_url=server.url, timeout=30, verify=NO_TLS) as http:
        await http.get("/v2/projects", auth=("alice", "guess one"))
        await http.post("/v3/access/users/authenticate", json={"username": "x" * 500, "password": "guess two"})
        surrogate = {"content-type": "application/x-www-form-urlencoded"}
        await http.post("/login", content=b"username=nobody%ED%A0%BD&password=guess+three", headers=surrogate)
        await http.post("/login", data={"username": "nobody", "password": "guess four"})
    entries = await server.request("GET", "/v2/audit?action=log in", None, 200)
    wrong = [entry for entry in entries if entry["status"] == 401]
    assert [entry["target"] for entry in wrong[1:]] == [
        {"kind": "user", "name": "x" * 40},
        {"kind": "user", "name": "alice"},
    ]
    assert all((entry["user"], entry["address"]) == (None, "127.0.0.1") for entry in wrong)
    assert "guess" not in str(entries)


def test_each_action_has_words() -> None:
    """They begin with what is done: those of the table, or the name of a function that says it."""
    recorded = {
        route.name
        for table in TABLES
        for route in table.routes
        if isinstance(route, HttpRoute)
        and route.rule.access not in (Access.COMPUTE, Access.COMPUTE_CONSOLE)
        and set(route.methods or ()) - {"GET", "HEAD", "OPTIONS"}
    }
    words = {action_words(name) for name in recorded - {"post_version"}}
    assert {text for text in words if text.split()[0] not in _VERBS.split()} == set()
    assert {"create node", "change own account", "convert project", "log in", "log out"} <= words
    assert action_words("node_console_ws") == "open console"


_VERBS = (
    "add apply arrange begin change clear close connect convert create delete disconnect duplicate extend "
    "find grant import install isolate load lock log measure move open recover reload remove rename "
    "reserve reset resize restore save send set start stop suspend take unisolate unlock update "
    "upload withdraw write"
)
