"""A class on one server: thirty users work in thirty projects at once, by both versions, and none sees another's."""

import json
from typing import Any
from uuid import UUID

import httpx
import trio

from tests.e2e.conftest import PATIENCE, StartServer
from tests.support.plain_http import NO_TLS

USERS = 30
ADMIN = ("teacher", "the teacher's password")
VPCS = {"node_type": "vpcs", "compute_id": "local"}


def password_of(user: str) -> str:
    return f"the password of {user}"


async def ask(http: httpx.AsyncClient, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    reply = await http.request(method, path, json=body)
    assert reply.status_code == status, f"{method} {path}: {reply.status_code} {reply.text}"
    return reply.json() if reply.content else None


async def logged_in(url: str, name: str, password: str) -> httpx.AsyncClient:
    """A client of version 3."""
    login = {"username": name, "password": password}
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE, verify=NO_TLS) as http:
        token = (await ask(http, "POST", "/v3/access/users/authenticate", login))["access_token"]
    return httpx.AsyncClient(
        base_url=url, timeout=PATIENCE, headers={"Authorization": f"Bearer {token}"}, verify=NO_TLS
    )


async def enrol(admin: httpx.AsyncClient, name: str, role: str) -> str:
    """A user with a project; the id of the project."""
    user = await ask(admin, "POST", "/v3/access/users", {"username": name, "password": password_of(name)}, 201)
    project = await ask(admin, "POST", "/v3/projects", {"name": name, "auto_close": False}, 201)
    path = f"/projects/{project['project_id']}"
    entry = {"ace_type": "user", "user_id": user["user_id"], "role_id": role, "path": path}
    await ask(admin, "POST", "/v3/access/acl", entry, 201)
    return str(project["project_id"])


async def work(
    url: str, name: str, projects: dict[str, str], everybody_listens: trio.Event, listening: list[str]
) -> None:
    """Make a lab, half by version 2 and half by version 3, and look at what others have."""
    own = projects[name]
    other = projects[f"student{(int(name.removeprefix('student')) + 1) % USERS}"]
    v3 = await logged_in(url, name, password_of(name))
    v2 = httpx.AsyncClient(base_url=url, timeout=PATIENCE, auth=(name, password_of(name)), verify=NO_TLS)
    async with v2, v3, trio.open_nursery() as nursery:
        seen: list[set[str]] = []
        for version, client in (("v2", v2), ("v3", v3)):
            ids: set[str] = set()
            seen.append(ids)
            await nursery.start(listen, client, f"/{version}/notifications", ids)
            await nursery.start(listen, client, f"/{version}/projects/{own}/notifications", ids)
        listening.append(name)
        if len(listening) == USERS:
            everybody_listens.set()
        await everybody_listens.wait()
        nodes = [
            await ask(client, "POST", f"{version}/projects/{own}/nodes", {"name": f"{name}-{version[1:]}", **VPCS}, 201)
            for version, client in (("/v2", v2), ("/v3", v3))
        ]
        ends = [{"node_id": node["node_id"], "adapter_number": 0, "port_number": 0} for node in nodes]
        await ask(v3, "POST", f"/v3/projects/{own}/links", {"nodes": ends}, 201)
        await ask(v2, "PUT", f"/v2/projects/{own}", {"scene_width": 3000})
        for version, client in (("/v2", v2), ("/v3", v3)):
            assert [each["project_id"] for each in await ask(client, "GET", f"{version}/projects")] == [own]
            of_own = await ask(client, "GET", f"{version}/projects/{own}/nodes")
            assert {each["name"] for each in of_own} == {f"{name}-v2", f"{name}-v3"}
            for path in ("", "/nodes", "/notifications"):
                await ask(client, "GET", f"{version}/projects/{other}{path}", status=403)
            await ask(client, "DELETE", f"{version}/projects/{other}", status=403)
        for ids in seen:
            while not {node["node_id"] for node in nodes} <= ids:
                await trio.sleep(0.05)
            assert not ids & (set(projects.values()) - {own})
        nursery.cancel_scope.cancel()


async def listen(
    client: httpx.AsyncClient,
    path: str,
    ids: set[str],
    *,
    task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Take down every id in the events of a stream."""
    async with client.stream("GET", path) as reply:
        assert reply.status_code == 200, path
        async for line in reply.aiter_lines():
            task_status.started()
            ids |= set(ids_in(json.loads(line)))
            task_status = trio.TASK_STATUS_IGNORED


def ids_in(value: Any) -> list[str]:
    """All ids in an event, in whatever place."""
    if isinstance(value, dict):
        return [found for each in value.values() for found in ids_in(each)]
    if isinstance(value, list):
        return [found for each in value for found in ids_in(each)]
    try:
        return [str(UUID(value))]
    except (ValueError, AttributeError, TypeError):
        return []


def test_thirty_users_in_thirty_projects(start_server: StartServer) -> None:
    url = start_server("--user", ADMIN[0], "--password", ADMIN[1]).url

    async def everybody() -> None:
        projects: dict[str, str] = {}
        async with await logged_in(url, *ADMIN) as admin:
            roles = await ask(admin, "GET", "/v3/access/roles")
            [role] = [each["role_id"] for each in roles if each["name"] == "User"]
            for number in range(USERS):
                projects[f"student{number}"] = await enrol(admin, f"student{number}", role)
            everybody_listens = trio.Event()
            listening: list[str] = []
            with trio.fail_after(2 * PATIENCE):
                async with trio.open_nursery() as nursery:
                    for name in projects:
                        nursery.start_soon(work, url, name, projects, everybody_listens, listening)
            assert len(await ask(admin, "GET", "/v2/projects")) == USERS
            assert len(await ask(admin, "GET", "/v3/projects")) == USERS

    trio.run(everybody)
