"""Users and groups: what they may be, and what goes with them."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import pytest
import trio

from gns3trio.controller.people.passwords import check_password
from gns3trio.controller.people.store import People, open_people
from gns3trio.errors import Forbidden, Invalid, NotFound, Refused
from tests.controller.people.conftest import LOGIN, PASSWORD


async def test_a_user_is_created_with_a_hash_of_the_password(people: People, tmp_path: Path) -> None:
    alice = await people.users.create("alice", PASSWORD, email="alice@example.org", full_name="Alice A.")
    assert (alice.username, alice.email, alice.full_name) == ("alice", "alice@example.org", "Alice A.")
    assert (alice.is_active, alice.is_superadmin, alice.last_login) == (True, False, None)
    assert await check_password(PASSWORD, alice.password_hash)
    assert people.user_named("alice") == people.users.require(alice.user_id) == alice
    assert PASSWORD not in (tmp_path / "people.json").read_text()


@pytest.mark.parametrize(
    "name", ["al", "", "a:b-c", " alice", "alice ", "a\nlice", "a\u202elice", "alice!", "x" * 101, "\ud800alice"]
)
async def test_names_that_no_user_or_group_can_have(people: People, name: str) -> None:
    alice = await people.users.create("alice", PASSWORD)
    group = await people.groups.create("class")
    for attempt in (
        lambda: people.users.create(name, PASSWORD),
        lambda: people.users.update(alice.user_id, username=name),
        lambda: people.groups.create(name),
        lambda: people.groups.update(group.group_id, name=name),
    ):
        with pytest.raises(Invalid, match="name: "):
            await attempt()


@pytest.mark.parametrize("name", ["b b", "bob@example.org", "Zoë-1", "x" * 100, "123"])
async def test_names_that_users_and_groups_can_have(people: People, tmp_path: Path, name: str) -> None:
    await people.users.create(name, PASSWORD)
    await people.groups.create(name)
    assert (await open_people(tmp_path, LOGIN)).records == people.records


@pytest.mark.parametrize(
    "email", ["alice", "alice@", "@b.c", "a@b", "a@b..c", "a b@c.d", "a@b.c\n", f"a@{'b' * 252}.c"]
)
async def test_addresses_that_are_none(people: People, email: str) -> None:
    with pytest.raises(Invalid, match="email: "):
        await people.users.create("alice", PASSWORD, email=email)
    assert len(people.users.list()) == 1


@pytest.mark.parametrize("password", ["", "short", "x" * 101])
async def test_passwords_that_are_too_short_or_too_long(people: People, password: str) -> None:
    with pytest.raises(Invalid, match="password: has"):
        await people.users.create("alice", password)
    with pytest.raises(Invalid, match="password: has"):
        await people.users.update((await people.users.create("alice", PASSWORD)).user_id, password=password)


async def test_names_and_addresses_are_unique(people: People) -> None:
    alice = await people.users.create("alice", PASSWORD, email="alice@example.org")
    bob = await people.users.create("bob", PASSWORD)
    await people.users.create("carol", PASSWORD)  # nor has she an address, and that is no duplicate
    for username in ("alice", "boss", "admin"):  # the last two are the administrator's, with and without the settings
        with pytest.raises(Refused, match="username: "):
            await people.users.create(username, PASSWORD)
        with pytest.raises(Refused, match="username: "):
            await people.users.update(bob.user_id, username=username)
    for email in ("alice@example.org", "ALICE@example.org"):
        with pytest.raises(Refused, match="email: "):
            await people.users.create("dave", PASSWORD, email=email)
        with pytest.raises(Refused, match="email: "):
            await people.users.update(bob.user_id, email=email)
    assert await people.users.update(alice.user_id, username="alice", email="Alice@example.org")


async def test_of_many_that_create_one_name_at_once_one_succeeds(people: People) -> None:
    outcomes: list[str] = []

    async def create() -> None:
        try:
            await people.users.create("alice", PASSWORD)
            outcomes.append("created")
        except Refused:
            outcomes.append("refused")

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(create)
    assert sorted(outcomes) == ["created", *["refused"] * 4]
    assert [user.username for user in people.users.list()] == ["boss", "alice"]


async def test_another_password_ends_the_tokens(people: People) -> None:
    alice = await people.users.create("alice", PASSWORD)
    same = await people.users.update(alice.user_id, full_name="Alice", is_active=True)
    assert same.token_epoch == alice.token_epoch
    changed = await people.users.update(alice.user_id, password="another one")
    assert changed.token_epoch > alice.token_epoch
    assert await check_password("another one", changed.password_hash)
    # So does another user with the same name.
    await people.users.delete(alice.user_id)
    assert (await people.users.create("alice", PASSWORD)).token_epoch not in (alice.token_epoch, changed.token_epoch)


async def test_a_renamed_user_is_found_by_the_new_name_only(people: People) -> None:
    alice = await people.users.create("alice", PASSWORD)
    assert people.user_named("alice") is not None
    renamed = await people.users.update(alice.user_id, username="alicia", email="a@example.org")
    assert (people.user_named("alicia"), people.user_named("alice")) == (renamed, None)
    cleared = await people.users.update(alice.user_id, email="")
    assert cleared.email == ""


async def test_the_first_administrator_stays(people: People) -> None:
    boss = people.administrator
    with pytest.raises(Forbidden, match="cannot be deleted"):
        await people.users.delete(boss.user_id)
    with pytest.raises(Forbidden, match="is_active: "):
        await people.users.update(boss.user_id, is_active=False)
    assert people.users.list() == [boss]


async def test_what_belongs_to_a_user_goes_with_the_user(people: People) -> None:
    alice, bob = await people.users.create("alice", PASSWORD), await people.users.create("bob", PASSWORD)
    group = await people.groups.create("class")
    role = people.roles.list()[0]
    for user in (alice, bob):
        await people.groups.add_member(group.group_id, user.user_id)
        await people.aces.create("user", "/projects", role.role_id, user_id=user.user_id)
        await people.aces.create("user", f"/access/users/{alice.user_id}", role.role_id, user_id=user.user_id)
    await people.users.delete(alice.user_id)
    assert people.groups.members(group.group_id) == [bob]
    assert [(ace.user_id, ace.path) for ace in people.aces.list()] == [(bob.user_id, "/projects")]
    assert people.user_named("alice") is None
    await people.groups.delete(group.group_id)
    assert people.groups.of(bob.user_id) == []


async def test_members(people: People) -> None:
    alice, group = await people.users.create("alice", PASSWORD), await people.groups.create("class")
    await people.groups.add_member(group.group_id, alice.user_id)
    assert people.groups.members(group.group_id) == [alice]
    assert [each.name for each in people.groups.of(alice.user_id)] == ["class"]
    with pytest.raises(Refused, match="'alice' is in the group 'class' already"):
        await people.groups.add_member(group.group_id, alice.user_id)
    await people.groups.remove_member(group.group_id, alice.user_id)
    with pytest.raises(NotFound, match="is not in the group 'class'"):
        await people.groups.remove_member(group.group_id, alice.user_id)


async def test_groups(people: People) -> None:
    group = await people.groups.create("class")
    with pytest.raises(Refused, match="name: there is a group named 'Users' already"):
        await people.groups.create("Users")
    with pytest.raises(Refused, match="name: there is a group named 'Users' already"):
        await people.groups.update(group.group_id, name="Users")
    assert (await people.groups.update(group.group_id, name="class 2")).name == "class 2"
    assert (await people.groups.update(group.group_id)).name == "class 2"
    alice, role = await people.users.create("alice", PASSWORD), people.roles.list()[0]
    await people.groups.add_member(group.group_id, alice.user_id)
    await people.aces.create("group", "/projects", role.role_id, group_id=group.group_id)
    await people.aces.create("user", f"/access/groups/{group.group_id}", role.role_id, user_id=alice.user_id)
    await people.groups.delete(group.group_id)
    assert people.aces.list() == []
    users = people.groups.list()[1]
    for attempt in (
        lambda: people.groups.update(users.group_id, name="Others"),
        lambda: people.groups.delete(users.group_id),
    ):
        with pytest.raises(Forbidden, match="built in"):
            await attempt()
    await people.groups.add_member(users.group_id, alice.user_id)  # which is no change of the group itself


async def test_what_is_unknown(people: People) -> None:
    unknown, user, group = uuid4(), people.administrator.user_id, people.groups.list()[0].group_id
    attempts: list[Callable[[], Awaitable[object]]] = [
        lambda: people.users.update(unknown, full_name="x"),
        lambda: people.users.delete(unknown),
        lambda: people.groups.update(unknown, name="xxx"),
        lambda: people.groups.delete(unknown),
        lambda: people.groups.add_member(unknown, user),
        lambda: people.groups.add_member(group, unknown),
        lambda: people.groups.remove_member(unknown, user),
        lambda: people.groups.remove_member(group, unknown),
    ]
    for attempt in attempts:
        with pytest.raises(NotFound, match=f"ID {unknown} doesn't exist"):
            await attempt()
    for look in (people.users.require, people.groups.require, people.groups.of, people.groups.members):
        with pytest.raises(NotFound):
            look(unknown)
