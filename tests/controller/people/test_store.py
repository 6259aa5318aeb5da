"""Who is the first administrator, when the server is open to everybody, and what is the same after a new start."""

from pathlib import Path
from uuid import uuid4

import pytest

from gns3trio.controller.people.passwords import check_password
from gns3trio.controller.people.records import PRIVILEGE_IDS
from gns3trio.controller.people.store import People, open_people
from gns3trio.controller.people.users import SettingsLogin
from gns3trio.errors import Conflict, Forbidden, Invalid
from tests.controller.people.conftest import LOGIN, PASSWORD


async def test_a_new_server_is_open_and_has_no_file(tmp_path: Path) -> None:
    people = await open_people(tmp_path)
    assert people.is_open
    (admin,) = people.users.list()
    assert (admin.username, admin.is_superadmin, admin.is_active, admin.password_hash) == ("admin", True, True, "")
    assert people.user_named("admin") == people.administrator == admin
    assert list(tmp_path.iterdir()) == []


async def test_what_every_server_has_keeps_its_ids(tmp_path: Path) -> None:
    first, second = await open_people(tmp_path / "a"), await open_people(tmp_path / "b")
    for kind in ("users", "groups", "roles"):
        assert getattr(first.records, kind).keys() == getattr(second.records, kind).keys()
    assert [group.name for group in first.groups.list()] == ["Administrators", "Users"]
    assert all(group.is_builtin and not group.members for group in first.groups.list())
    assert all(role.is_builtin for role in first.roles.list())
    sizes = {role.name: len(role.privileges) for role in first.roles.list()}
    assert sizes["Administrator"] == 45 == len(PRIVILEGE_IDS)
    assert (sizes["No Access"], sizes["User manager"], sizes["ACL manager"]) == (0, 6, 6)


async def test_a_user_cannot_be_added_before_the_first_password_is_changed(tmp_path: Path) -> None:
    people = await open_people(tmp_path)
    with pytest.raises(Conflict, match=r"Change that password \(.*\), or start the server with the settings user and"):
        await people.users.create("alice", PASSWORD)
    admin = await people.users.update(people.administrator.user_id, password="another one")
    assert await check_password("another one", admin.password_hash)
    assert not people.is_open
    await people.users.create("alice", PASSWORD)
    again = await open_people(tmp_path)
    assert not again.is_open
    assert again.records == people.records


async def test_the_settings_are_the_first_administrator(tmp_path: Path) -> None:
    plain = await open_people(tmp_path)
    await plain.users.update(plain.administrator.user_id, password="stored password", email="a@example.org")
    with_settings = await open_people(tmp_path, LOGIN)
    admin = with_settings.administrator
    assert (admin.username, admin.password_hash, admin.email) == ("boss", "", "a@example.org")
    assert admin.user_id == plain.administrator.user_id
    assert (with_settings.user_named("boss"), with_settings.user_named("admin")) == (admin, None)
    assert with_settings.users.list() == [admin]
    with pytest.raises(Forbidden, match="setting 'password'"):
        await with_settings.users.update(admin.user_id, password="yet another")
    with pytest.raises(Forbidden, match="setting 'user'"):
        await with_settings.users.update(admin.user_id, username="other")
    # A client sends the whole object back.
    changed = await with_settings.users.update(admin.user_id, username="boss", full_name="The Boss")
    assert (changed.username, changed.full_name) == ("boss", "The Boss")
    # Without the settings, the stored name and password are back.
    again = (await open_people(tmp_path)).administrator
    assert (again.username, again.full_name) == ("admin", "The Boss")
    assert await check_password("stored password", again.password_hash)


async def test_a_server_with_users_does_not_start_without_a_password(people: People, tmp_path: Path) -> None:
    await people.users.create("alice", PASSWORD)
    before = (tmp_path / "people.json").read_bytes()
    with pytest.raises(Invalid, match=r"user and password: .* has users"):
        await open_people(tmp_path)
    with pytest.raises(Invalid, match=r"user: .* another user named 'alice'"):
        await open_people(tmp_path, SettingsLogin("alice", "x"))
    assert (tmp_path / "people.json").read_bytes() == before
    assert (await open_people(tmp_path, LOGIN)).user_named("alice") is not None


async def test_a_deleted_last_user_leaves_the_server_closed(tmp_path: Path) -> None:
    people = await open_people(tmp_path)
    await people.users.update(people.administrator.user_id, password=PASSWORD)
    alice = await people.users.create("alice", PASSWORD)
    await people.users.delete(alice.user_id)
    assert not (await open_people(tmp_path)).is_open


async def test_each_change_is_a_revision_and_a_login_is_none(people: People, tmp_path: Path) -> None:
    revisions = [people.revision]

    def grew() -> bool:
        revisions.append(people.revision)
        return revisions[-1] > revisions[-2]

    alice = await people.users.create("alice", PASSWORD)
    assert grew()
    await people.users.note_login(alice.user_id)
    assert not grew()
    assert people.users.require(alice.user_id).last_login is not None
    await people.users.note_login(uuid4())  # deleted meanwhile
    await people.users.update(alice.user_id, is_active=True)
    assert not grew()  # nothing changed
    await people.users.update(alice.user_id, is_active=False)
    assert grew()
    group = await people.groups.create("class")
    await people.groups.add_member(group.group_id, alice.user_id)
    role = await people.roles.create("tester")
    await people.roles.grant(role.role_id, "Node.Audit")
    assert grew()
    await people.roles.grant(role.role_id, "Node.Audit")
    assert not grew()
    await people.aces.create("user", "/projects", role.role_id, user_id=alice.user_id)
    await people.pools.create("pool")
    assert grew()
    assert (await open_people(tmp_path, LOGIN)).records == people.records


async def test_a_deleted_project_leaves_its_pools_and_entries(people: People, tmp_path: Path) -> None:
    gone, stays = uuid4(), uuid4()
    first, second = [await people.pools.create(name) for name in ("first", "second")]
    for pool in (first, second):
        for project_id in (gone, stays):
            await people.pools.add_project(pool.pool_id, project_id)
    role, group = people.roles.list()[0], people.groups.list()[0]
    paths = [f"/projects/{gone}", f"/projects/{gone}/nodes", f"/projects/{stays}", "/projects", "/"]
    for path in paths:
        await people.aces.create("group", path, role.role_id, group_id=group.group_id)
    await people.forget_project(gone)
    for each in (people, await open_people(tmp_path, LOGIN)):
        assert {pool.projects for pool in each.pools.list()} == {frozenset({stays})}
        assert [ace.path for ace in each.aces.list()] == paths[2:]
    revision = people.revision
    await people.forget_project(gone)
    assert people.revision == revision


async def test_a_disk_that_fails_changes_nothing(people: People, tmp_path: Path) -> None:
    alice = await people.users.create("alice", PASSWORD)
    before = people.records
    (tmp_path / "people.json").unlink()
    (tmp_path / "people.json").mkdir()
    with pytest.raises(Exception, match=r"people\.json cannot be written"):
        await people.users.delete(alice.user_id)
    await people.users.note_login(alice.user_id)
    await people.forget_project(uuid4())
    assert people.records is before
