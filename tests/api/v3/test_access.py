"""``/v3/access`` and ``/v3/pools``: users, groups, roles, entries and pools, as GNS3 3's web UI manages them."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.support.server import Server
from tests.support.v3 import V3, logged_in

ACCESS = "/v3/access"
PASSWORD = "a password"
DATED = {"created_at", "updated_at"}
USER = {"user_id", "username", "email", "full_name", "is_active", "is_superadmin", "last_login", *DATED}


@pytest.fixture(autouse=True)
def quick(quick_passwords: None) -> None:
    """Many passwords are set and checked."""


@pytest.fixture
async def boss(server: Server) -> V3:
    """The first administrator, who has changed the password, so that users can be added."""
    first = await logged_in(server)
    (admin,) = await first.request("GET", f"{ACCESS}/users", None, 200)
    await first.request("PUT", f"{ACCESS}/users/{admin['user_id']}", {"password": PASSWORD}, 200)
    return await logged_in(server, "admin", PASSWORD)


async def named(v3: V3, kind: str, name: str) -> dict[str, Any]:
    """The group, role or privilege with this name."""
    listed = await v3.request("GET", f"{ACCESS}/{kind}", None, 200)
    (found,) = [each for each in listed if each["name"] == name]
    return dict(found)


async def add_user(v3: V3, username: str, **more: Any) -> dict[str, Any]:
    body = {"username": username, "password": PASSWORD, **more}
    return dict(await v3.request("POST", f"{ACCESS}/users", body, 201))


async def test_a_user_as_the_web_ui_creates_it(boss: V3) -> None:
    form = {"full_name": "Alice A.", "email": "alice@example.org", "confirmPassword": PASSWORD, "is_active": True}
    user = await add_user(boss, "alice", **form)
    assert user.keys() == USER
    assert (user["username"], user["full_name"], user["is_superadmin"]) == ("alice", "Alice A.", False)
    path = f"{ACCESS}/users/{user['user_id']}"
    assert await boss.request("GET", path, None, 200) == user
    assert await boss.request("GET", f"{path}/groups", None, 200) == []
    changed = await boss.request("PUT", path, {**user, "is_active": "no", "full_name": None}, 200)
    assert (changed["is_active"], changed["full_name"], changed["email"]) == (False, "", "alice@example.org")
    for nothing in ({}, {"unknown": 1}, {"password": None, "username": None}):
        assert await boss.request("PUT", path, nothing, 200) == changed
    names = [each["username"] for each in await boss.request("GET", f"{ACCESS}/users", None, 200)]
    assert names == ["admin", "alice"]
    await boss.request("DELETE", path, None, 204)
    await boss.refused("GET", path, None, 404, user["user_id"])


async def test_what_is_missing_of_a_user_is_an_empty_text(boss: V3) -> None:
    """The web UI cannot search in a list with null."""
    user = await add_user(boss, "alice", full_name=None, email=None)
    assert (user["full_name"], user["email"], user["last_login"]) == ("", "", None)


async def test_no_reply_has_a_password_or_its_hash(boss: V3) -> None:
    user = await add_user(boss, "alice")
    group = await named(boss, "groups", "Users")
    members = f"{ACCESS}/groups/{group['user_group_id']}/members"
    await boss.request("PUT", f"{members}/{user['user_id']}", None, 204)
    changed = await boss.send("PUT", f"{ACCESS}/users/{user['user_id']}", json={"password": "another password"})
    replies = [changed.text]
    for path in (f"{ACCESS}/users", f"{ACCESS}/users/{user['user_id']}", members, f"{ACCESS}/acl/endpoints"):
        replies.append((await boss.send("GET", path)).text)
    for reply in replies:
        assert "alice" in reply
        for secret in (PASSWORD, "another password", "argon2", "hash", "token"):
            assert secret not in reply


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({}, "username"),
        ({"username": "alice"}, "password"),
        ({"username": "al"}, "username"),
        ({"username": "alice!"}, "username"),
        ({"username": None}, "username"),
        ({"password": "short"}, "password"),
        ({"password": "x" * 101}, "password"),
        ({"email": "nobody"}, "email"),
        ({"full_name": "x" * 256}, "full_name"),
        ({"is_active": "perhaps"}, "is_active"),
    ],
)
async def test_wrong_values_of_users_are_422_and_name_the_field(boss: V3, body: dict[str, Any], word: str) -> None:
    complete = {"username": "alice", "password": PASSWORD} if len(body) == 1 and "username" not in body else {}
    new = {**complete, **body} if body != {"username": "alice"} else body
    message = await boss.refused("POST", f"{ACCESS}/users", new, 422, word)
    assert PASSWORD not in message
    user = await add_user(boss, "bob")
    if body and body not in ({"username": "alice"}, {"username": None}):
        await boss.refused("PUT", f"{ACCESS}/users/{user['user_id']}", body, 422, word)


async def test_what_is_taken_is_400(boss: V3) -> None:
    alice = await add_user(boss, "alice", email="alice@example.org")
    bob = await add_user(boss, "bob")
    path = f"{ACCESS}/users/{bob['user_id']}"
    for body in ({"username": "alice"}, {"email": "alice@example.org"}):
        new = {"username": "carol", "password": PASSWORD, **body}
        await boss.refused("POST", f"{ACCESS}/users", new, 400, *body)
        await boss.refused("PUT", path, body, 400, *body)
    for kind, body in (("access/groups", {"name": "Users"}), ("access/roles", {"name": "Auditor"})):
        await boss.refused("POST", f"/v3/{kind}", body, 400, "name: ")
    pool = await boss.request("POST", "/v3/pools", {"name": "class"}, 201)
    other = await boss.request("POST", "/v3/pools", {"name": "other"}, 201)
    await boss.refused("POST", "/v3/pools", {"name": "class"}, 400, "name: ")
    await boss.refused("PUT", f"/v3/pools/{other['resource_pool_id']}", {"name": pool["name"]}, 400, "name: ")
    group = await boss.request("POST", f"{ACCESS}/groups", {"name": "class"}, 201)
    role = await boss.request("POST", f"{ACCESS}/roles", {"name": "tester"}, 201)
    await boss.refused("PUT", f"{ACCESS}/groups/{group['user_group_id']}", {"name": "Users"}, 400, "name: ")
    await boss.refused("PUT", f"{ACCESS}/roles/{role['role_id']}", {"name": "User"}, 400, "name: ")
    member = f"{ACCESS}/groups/{group['user_group_id']}/members/{alice['user_id']}"
    await boss.request("PUT", member, None, 204)
    await boss.refused("PUT", member, None, 400, "alice")
    await boss.request("DELETE", member, None, 204)
    await boss.refused("DELETE", member, None, 404)


async def test_built_in_things_are_403(boss: V3) -> None:
    (admin,) = await boss.request("GET", f"{ACCESS}/users", None, 200)
    group, role = await named(boss, "groups", "Administrators"), await named(boss, "roles", "Administrator")
    await boss.refused("DELETE", f"{ACCESS}/users/{admin['user_id']}", None, 403)
    await boss.refused("PUT", f"{ACCESS}/users/{admin['user_id']}", {"is_active": False}, 403, "is_active")
    for path, body in (
        (f"{ACCESS}/groups/{group['user_group_id']}", {"name": "others"}),
        (f"{ACCESS}/roles/{role['role_id']}", {"name": "others"}),
    ):
        await boss.refused("PUT", path, body, 403, "built in")
        await boss.refused("DELETE", path, None, 403, "built in")
    assert (await named(boss, "groups", "Administrators"), await named(boss, "roles", "Administrator")) == (group, role)


async def test_groups(boss: V3) -> None:
    group = await boss.request("POST", f"{ACCESS}/groups", {"name": "class", "confirm": 1}, 201)
    assert group.keys() == {"user_group_id", "name", "is_builtin", *DATED}
    path = f"{ACCESS}/groups/{group['user_group_id']}"
    assert await boss.request("GET", path, None, 200) == group
    assert await boss.request("PUT", path, {}, 200) == group
    assert (await boss.request("PUT", path, {"name": "class 2"}, 200))["name"] == "class 2"
    alice = await add_user(boss, "alice")
    await boss.request("PUT", f"{path}/members/{alice['user_id']}", None, 204)
    assert await boss.request("GET", f"{path}/members", None, 200) == [alice]
    (of_alice,) = await boss.request("GET", f"{ACCESS}/users/{alice['user_id']}/groups", None, 200)
    assert of_alice["name"] == "class 2"
    for body in ({}, {"name": "ab"}, {"name": None}, {"name": 5}):
        await boss.refused("POST", f"{ACCESS}/groups", body, 422, "name")
    await boss.request("DELETE", path, None, 204)
    assert await boss.request("GET", f"{ACCESS}/users/{alice['user_id']}/groups", None, 200) == []
    builtin = [each["name"] for each in await boss.request("GET", f"{ACCESS}/groups", None, 200)]
    assert builtin == ["Administrators", "Users"]


async def test_roles_and_privileges(boss: V3) -> None:
    privileges = await boss.request("GET", f"{ACCESS}/privileges", None, 200)
    assert len(privileges) == 45
    assert privileges[0].keys() == {"privilege_id", "name", "description", *DATED}
    reply = await boss.send("POST", f"{ACCESS}/privileges", json={"name": "All"})
    assert reply.status_code == 405
    role = await boss.request("POST", f"{ACCESS}/roles", {"name": "tester", "description": "tests"}, 201)
    assert role.keys() == {"role_id", "name", "description", "is_builtin", "privileges", *DATED}
    path = f"{ACCESS}/roles/{role['role_id']}"
    console = await named(boss, "privileges", "Node.Console")
    for _ in range(2):  # again is no error
        await boss.request("PUT", f"{path}/privileges/{console['privilege_id']}", None, 204)
    listed = await boss.request("GET", f"{path}/privileges", None, 200)
    assert [each["name"] for each in listed] == ["Node.Console"]
    assert (await boss.request("GET", path, None, 200))["privileges"] == listed
    await boss.request("DELETE", f"{path}/privileges/{console['privilege_id']}", None, 204)
    await boss.refused("DELETE", f"{path}/privileges/{console['privilege_id']}", None, 404, "Node.Console")
    for method in ("PUT", "DELETE"):
        await boss.refused(method, f"{path}/privileges/{uuid4()}", None, 404, "Privilege")
    changed = await boss.request("PUT", path, {"name": None, "description": None}, 200)
    assert (changed["name"], changed["description"]) == ("tester", "")
    # The privileges of a built-in role can be changed.
    auditor = await named(boss, "roles", "Auditor")
    builtin = f"{ACCESS}/roles/{auditor['role_id']}/privileges/{console['privilege_id']}"
    await boss.request("PUT", builtin, None, 204)
    assert len((await named(boss, "roles", "Auditor"))["privileges"]) == len(auditor["privileges"]) + 1
    await boss.request("DELETE", builtin, None, 204)
    assert (await named(boss, "roles", "Auditor"))["privileges"] == auditor["privileges"]
    await boss.request("DELETE", path, None, 204)
    await boss.refused("GET", path, None, 404)


async def test_entries(boss: V3, project: dict[str, Any]) -> None:
    alice, group = await add_user(boss, "alice"), await named(boss, "groups", "Users")
    role = await named(boss, "roles", "User")
    body = {"ace_type": "user", "user_id": alice["user_id"], "role_id": role["role_id"], "path": "/projects"}
    ace = await boss.request("POST", f"{ACCESS}/acl", body, 201)
    fields = {"ace_id", "ace_type", "user_id", "group_id", "role_id", "path", "propagate", "allowed", *DATED}
    assert ace.keys() == fields
    assert (ace["propagate"], ace["allowed"], ace["group_id"]) == (True, True, None)
    path = f"{ACCESS}/acl/{ace['ace_id']}"
    assert await boss.request("GET", path, None, 200) == ace
    other = {
        "ace_type": "group",
        "group_id": group["user_group_id"],
        "role_id": role["role_id"],
        "path": f"/projects/{project['project_id']}/nodes",
        "propagate": False,
        "allowed": False,
    }
    changed = await boss.request("PUT", path, other, 200)
    assert {name: changed[name] for name in other} == other
    assert changed["user_id"] is None
    assert (await boss.request("POST", f"{ACCESS}/acl", {**other, "propagate": None}, 201))["propagate"] is True
    assert len(await boss.request("GET", f"{ACCESS}/acl", None, 200)) == 2
    for missing in ("ace_type", "path", "role_id"):
        short = {name: value for name, value in body.items() if name != missing}
        await boss.refused("POST", f"{ACCESS}/acl", short, 422, missing)
        await boss.refused("PUT", path, short, 422, missing)
    for wrong, status in (
        ({"ace_type": "all"}, 422),
        ({"user_id": "alice"}, 422),
        ({"path": "projects"}, 400),
        ({"path": ""}, 400),
        ({"path": "/projects/"}, 400),
        ({"path": 5}, 422),
        ({"path": "/projects/\u202e"}, 422),
        ({"path": "/nothing/like/this"}, 400),
        ({"path": "/compute/projects"}, 400),
        ({"path": "/v3/projects"}, 400),
        ({"ace_type": "group"}, 400),
        ({"user_id": None}, 400),
        ({"group_id": group["user_group_id"]}, 400),
        ({"user_id": str(uuid4())}, 404),
        ({"role_id": str(uuid4())}, 404),
    ):
        await boss.refused("POST", f"{ACCESS}/acl", {**body, **wrong}, status)
        await boss.refused("PUT", path, {**body, **wrong}, status)
    assert await boss.request("GET", path, None, 200) == changed
    await boss.request("DELETE", path, None, 204)
    await boss.refused("DELETE", path, None, 404)


def paths_of_entries() -> Iterator[str]:
    some = "11111111-2222-4333-8444-555555555555"
    yield "/"
    for collection in ("projects", "templates", "images", "pools", "access/users", "access/groups", "access/roles"):
        yield f"/{collection}"
        yield f"/{collection}/{some}"
    yield f"/projects/{some}/nodes"
    yield f"/projects/{some}/nodes/{some}"
    yield f"/projects/{some}/links/{some}"
    yield f"/projects/{some}/topology"  # one that version 3 does not have


@pytest.mark.parametrize("path", [*paths_of_entries()])
async def test_an_entry_can_name_what_does_not_exist(boss: V3, path: str) -> None:
    alice, role = await add_user(boss, "alice"), await named(boss, "roles", "User")
    body = {"ace_type": "user", "user_id": alice["user_id"], "role_id": role["role_id"], "path": path}
    assert (await boss.request("POST", f"{ACCESS}/acl", body, 201))["path"] == path


async def test_endpoints_are_what_exists(boss: V3, project: dict[str, Any]) -> None:
    lab = f"/v2/projects/{project['project_id']}"
    body = {"node_type": "ethernet_hub", "compute_id": "local"}
    hubs = [(await boss.send("POST", f"{lab}/nodes", json={**body, "name": name})).json() for name in ("a", "b")]
    ends = [{"node_id": hub["node_id"], "adapter_number": 0, "port_number": 0} for hub in hubs]
    link = (await boss.send("POST", f"{lab}/links", json={"nodes": ends})).json()
    alice = await add_user(boss, "alice")
    pool = await boss.request("POST", "/v3/pools", {"name": "class"}, 201)
    listed = await boss.request("GET", f"{ACCESS}/acl/endpoints", None, 201)
    assert all(each.keys() == {"endpoint", "name", "endpoint_type"} for each in listed)
    found = {each["endpoint"]: (each["endpoint_type"], each["name"]) for each in listed}
    assert len(found) == len(listed)
    assert found["/"][0] == "root"
    collections = ("projects", "images", "templates", "access/users", "access/groups", "access/roles", "pools")
    for path in collections:
        assert found[f"/{path}"][0] == path.rpartition("/")[2].removesuffix("s")
    assert found[f"/projects/{project['project_id']}"] == ("project", 'Project "lab"')
    kind, name = found[f"/projects/{project['project_id']}/nodes/{hubs[0]['node_id']}"]
    assert (kind, name) == ("node", 'Node "a" in project "lab"')
    kind, name = found[f"/projects/{project['project_id']}/links/{link['link_id']}"]
    assert (kind, name) == ("link", 'Link "a" to "b" in project "lab"')
    assert found[f"/access/users/{alice['user_id']}"] == ("user", 'User "alice"')
    assert found[f"/pools/{pool['resource_pool_id']}"] == ("pool", 'Pool "class"')
    assert {kind for kind, _ in found.values()} >= {"group", "role", "template"}
    # Each of them can be the path of an entry.
    role = await named(boss, "roles", "User")
    body = {"ace_type": "user", "user_id": alice["user_id"], "role_id": role["role_id"]}
    for path in found:
        await boss.request("POST", f"{ACCESS}/acl", {**body, "path": path}, 201)


async def test_pools(boss: V3, project: dict[str, Any]) -> None:
    pool = await boss.request("POST", "/v3/pools", {"name": "class"}, 201)
    assert pool.keys() == {"resource_pool_id", "name", *DATED}
    path, project_id = f"/v3/pools/{pool['resource_pool_id']}", project["project_id"]
    assert await boss.request("GET", path, None, 200) == pool
    await boss.request("PUT", f"{path}/resources/{project_id}", None, 204)
    await boss.refused("PUT", f"{path}/resources/{project_id}", None, 400, "class")
    (resource,) = await boss.request("GET", f"{path}/resources", None, 200)
    assert resource.keys() == {"resource_id", "resource_type", "name", *DATED}
    assert (resource["resource_id"], resource["resource_type"], resource["name"]) == (project_id, "project", "lab")
    await boss.refused("PUT", f"{path}/resources/{uuid4()}", None, 404)
    await boss.request("DELETE", f"{path}/resources/{project_id}", None, 204)
    await boss.refused("DELETE", f"{path}/resources/{project_id}", None, 404)
    await boss.refused("PUT", path, {}, 422, "name")
    assert (await boss.request("PUT", path, {"name": "class 2"}, 200))["name"] == "class 2"
    assert [each["name"] for each in await boss.request("GET", "/v3/pools", None, 200)] == ["class 2"]
    await boss.request("DELETE", path, None, 204)
    await boss.refused("GET", f"{path}/resources", None, 404)
    assert (await boss.send("GET", f"/v2/projects/{project_id}")).status_code == 200


async def test_a_deleted_project_leaves_its_pools_and_entries(boss: V3, project: dict[str, Any]) -> None:
    pool = await boss.request("POST", "/v3/pools", {"name": "class"}, 201)
    path = f"/v3/pools/{pool['resource_pool_id']}/resources"
    await boss.request("PUT", f"{path}/{project['project_id']}", None, 204)
    group, role = await named(boss, "groups", "Users"), await named(boss, "roles", "User")
    body = {"ace_type": "group", "group_id": group["user_group_id"], "role_id": role["role_id"]}
    await boss.request("POST", f"{ACCESS}/acl", {**body, "path": f"/projects/{project['project_id']}"}, 201)
    await boss.request("POST", f"{ACCESS}/acl", {**body, "path": "/projects"}, 201)
    assert (await boss.send("DELETE", f"/v2/projects/{project['project_id']}")).status_code == 204
    assert await boss.request("GET", path, None, 200) == []
    assert [each["path"] for each in await boss.request("GET", f"{ACCESS}/acl", None, 200)] == ["/projects"]


async def test_users_are_added_after_the_first_password_was_changed(server: Server, v3: V3) -> None:
    await v3.refused(
        "POST", f"{ACCESS}/users", {"username": "alice", "password": PASSWORD}, 409, "Change that password"
    )
    assert len(await v3.request("GET", f"{ACCESS}/users", None, 200)) == 1


WITH_IDS = """
access/users/{} access/users/{}/groups access/groups/{} access/groups/{}/members access/roles/{}
access/roles/{}/privileges access/acl/{} pools/{} pools/{}/resources
"""


@pytest.mark.parametrize("path", WITH_IDS.split())
async def test_unknown_ids_are_404_and_malformed_ones_422(boss: V3, path: str) -> None:
    await boss.refused("GET", f"/v3/{path.format(uuid4())}", None, 404)
    await boss.refused("GET", f"/v3/{path.format('nonsense')}", None, 422)
