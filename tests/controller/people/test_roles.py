"""Roles, and the access control entries that use them."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest

from gns3trio.controller.people.records import Role
from gns3trio.controller.people.store import People
from gns3trio.errors import Forbidden, Invalid, NotFound, Refused
from tests.controller.people.conftest import PASSWORD


def named(people: People, name: str) -> Role:
    return next(role for role in people.roles.list() if role.name == name)


async def test_a_role_gets_and_loses_privileges(people: People) -> None:
    role = await people.roles.create("tester", description="Looks at\nlabs")
    assert (role.privileges, role.is_builtin, role.description) == (frozenset(), False, "Looks at\nlabs")
    await people.roles.grant(role.role_id, "Node.Audit")
    await people.roles.grant(role.role_id, "Link.Audit")
    await people.roles.grant(role.role_id, "Link.Audit")  # again is no error
    assert people.roles.require(role.role_id).privileges == {"Node.Audit", "Link.Audit"}
    await people.roles.withdraw(role.role_id, "Node.Audit")
    with pytest.raises(NotFound, match=r"'tester' does not have the privilege Node\.Audit"):
        await people.roles.withdraw(role.role_id, "Node.Audit")
    assert people.roles.require(role.role_id).privileges == {"Link.Audit"}


async def test_of_a_built_in_role_only_the_privileges_can_be_changed(people: People) -> None:
    auditor = named(people, "Auditor")
    for attempt in (
        lambda: people.roles.update(auditor.role_id, name="Reader"),
        lambda: people.roles.update(auditor.role_id, description="x"),
        lambda: people.roles.update(auditor.role_id),
        lambda: people.roles.delete(auditor.role_id),
    ):
        with pytest.raises(Forbidden, match="'Auditor' is built in"):
            await attempt()
    await people.roles.grant(auditor.role_id, "Node.Console")
    await people.roles.withdraw(auditor.role_id, "Image.Audit")
    assert named(people, "Auditor").privileges == auditor.privileges - {"Image.Audit"} | {"Node.Console"}


async def test_names_of_roles(people: People) -> None:
    role = await people.roles.create("tester")
    with pytest.raises(Refused, match="name: there is a role named 'Auditor' already"):
        await people.roles.create("Auditor")
    with pytest.raises(Refused, match="name: there is a role named 'Auditor' already"):
        await people.roles.update(role.role_id, name="Auditor")
    for name in ("", " ", "a\x00b", "x" * 256):
        with pytest.raises(Invalid, match="name: "):
            await people.roles.create(name)
    with pytest.raises(Invalid, match="description: "):
        await people.roles.update(role.role_id, description="x" * 1001)
    assert (await people.roles.update(role.role_id, name="tester", description="new")).description == "new"
    assert (await people.roles.update(role.role_id)).description == "new"


async def test_entries_go_with_their_role(people: People) -> None:
    role, other, user = await people.roles.create("tester"), people.roles.list()[0], people.administrator
    for each in (role, other):
        await people.aces.create("user", "/projects", each.role_id, user_id=user.user_id)
    await people.aces.create("user", f"/access/roles/{role.role_id}", other.role_id, user_id=user.user_id)
    await people.roles.delete(role.role_id)
    (left,) = people.aces.list()
    assert (left.role_id, left.path) == (other.role_id, "/projects")


async def test_an_entry(people: People) -> None:
    alice, group, role = await people.users.create("alice", PASSWORD), people.groups.list()[0], people.roles.list()[0]
    ace = await people.aces.create("user", "/projects", role.role_id, user_id=alice.user_id)
    assert (ace.propagate, ace.allowed, ace.user_id, ace.group_id) == (True, True, alice.user_id, None)
    again = await people.aces.create("user", "/projects", role.role_id, user_id=alice.user_id, allowed=False)
    assert people.aces.list() == [ace, again]  # the same path twice
    changed = await people.aces.update(
        ace.ace_id, "group", "/", role.role_id, group_id=group.group_id, propagate=False, allowed=False
    )
    assert (changed.ace_type, changed.user_id, changed.group_id, changed.path) == ("group", None, group.group_id, "/")
    assert (changed.propagate, changed.allowed, changed.created_at) == (False, False, ace.created_at)
    await people.aces.delete(ace.ace_id)
    assert people.aces.list() == [again]
    for attempt in (
        lambda: people.aces.delete(ace.ace_id),
        lambda: people.aces.update(ace.ace_id, "user", "/", role.role_id, user_id=alice.user_id),
    ):
        with pytest.raises(NotFound, match=f"ACE ID {ace.ace_id} doesn't exist"):
            await attempt()


@pytest.mark.parametrize(
    "path", ["", "projects", "/projects/", "//", "/a//b", "/a\nb", "https://x", "/" + "x" * 1024, "/\u202e"]
)
async def test_paths_that_no_entry_can_have(people: People, path: str) -> None:
    role, user = people.roles.list()[0], people.administrator
    with pytest.raises(Invalid, match="path: "):
        await people.aces.create("user", path, role.role_id, user_id=user.user_id)
    ace = await people.aces.create("user", "/", role.role_id, user_id=user.user_id)
    with pytest.raises(Invalid, match="path: "):
        await people.aces.update(ace.ace_id, "user", path, role.role_id, user_id=user.user_id)
    assert people.aces.list() == [ace]


async def test_an_id_in_a_path_has_one_form(people: People) -> None:
    role, group, project = people.roles.list()[0].role_id, people.groups.list()[0].group_id, uuid4()
    path = f"/projects/{str(project).upper()}/nodes"
    ace = await people.aces.create("group", path, role, group_id=group)
    assert ace.path == path.lower()
    assert (await people.aces.update(ace.ace_id, "group", path, role, group_id=group)) == ace
    await people.forget_project(project)
    assert people.aces.list() == []


async def test_whom_an_entry_names(people: People) -> None:
    role, user, group = people.roles.list()[0].role_id, people.administrator.user_id, people.groups.list()[0].group_id
    ace = await people.aces.create("user", "/", role, user_id=user)
    unknown = uuid4()
    wrong: list[tuple[Any, UUID, dict[str, Any], type[Exception]]] = [
        ("user", role, {}, Refused),
        ("user", role, {"group_id": group}, Refused),
        ("user", role, {"user_id": user, "group_id": group}, Refused),
        ("group", role, {}, Refused),
        ("group", role, {"user_id": user}, Refused),
        ("user", role, {"user_id": unknown}, NotFound),
        ("group", role, {"group_id": unknown}, NotFound),
        ("user", unknown, {"user_id": user}, NotFound),
    ]
    for kind, role_id, ids, error in wrong:
        attempts: list[Callable[[], Awaitable[object]]] = [
            partial(people.aces.create, kind, "/", role_id, **ids),
            partial(people.aces.update, ace.ace_id, kind, "/", role_id, **ids),
        ]
        for attempt in attempts:
            with pytest.raises(error):
                await attempt()
    assert people.aces.list() == [ace]
