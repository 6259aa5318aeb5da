"""The file: who may read it, what a killed server leaves, and that a damaged or lost one never opens the server."""

import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import attrs
import orjson
import pytest
import trio

from gns3trio.controller.people import people_file, records
from gns3trio.controller.people.people_file import PeopleFile, format_people, parse_people
from gns3trio.controller.people.records import Ace, Group, Pool, Records, Role, User, first_records
from gns3trio.controller.people.store import People, open_people
from gns3trio.controller.storage.kept_versions import MAX_VERSIONS, VERSIONS_FOLDER
from gns3trio.errors import Conflict, Invalid, Unavailable
from tests.controller.people.conftest import LOGIN, PASSWORD

# Adds groups without end, and says so of each when it is confirmed.
WRITER = """
import sys, trio
from pathlib import Path
from gns3trio.controller.people.store import open_people

async def main():
    people = await open_people(Path(sys.argv[1]))
    print("ready", flush=True)
    for number in range(100_000):
        group = await people.groups.create(f"{sys.argv[2]}-{number}")
        print(group.name, flush=True)

trio.run(main)
"""


async def test_only_the_user_of_the_server_reads_it(people: People, tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        await people.groups.create("class")
    finally:
        os.umask(old)
    file, versions = tmp_path / "people.json", tmp_path / VERSIONS_FOLDER
    for path in (file, *versions.iterdir()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700


def test_a_killed_server_loses_nothing_that_it_confirmed(tmp_path: Path) -> None:
    expected: list[str] = []
    for run, lines in enumerate([1, 2, 5, 9, 14]):  # and what comes while the signal is on its way
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), f"run{run}"], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
            confirmed = [writer.stdout.readline() for _ in range(lines)]
            writer.send_signal(signal.SIGKILL)
            confirmed += writer.stdout.readlines()
        expected += [line.strip() for line in confirmed if line.endswith("\n")]
        people = trio.run(open_people, tmp_path)
        names = [group.name for group in people.groups.list() if not group.is_builtin]
        assert names[: len(expected)] == expected
        assert len(names) <= len(expected) + 1  # the last one may be written and not confirmed
        expected = names


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "half": lambda data: data[: len(data) // 2],
    "empty": lambda data: b"",
    "no object": lambda data: b"[]",
    "newer": lambda data: data.replace(b'"format": 1', b'"format": 2'),
    "unknown field": lambda data: data.replace(b'"token_epoch"', b'"token_age"'),
    "unknown privilege": lambda data: data.replace(b"Node.Audit", b"Node.Look"),
    "no superadmin": lambda data: data.replace(b'"is_superadmin":true', b'"is_superadmin":false'),
    "two superadmins": lambda data: data.replace(b'"is_superadmin":false', b'"is_superadmin":true'),
    "no hash": lambda data: data.replace(b'"password_hash":"$argon2', b'"password_hash":"","x":"'),
    "name twice": lambda data: data.replace(b'"alice"', b'"admin"'),
    "member of nothing": lambda data: re.sub(rb'"members":\["[0-9a-f]{8}', b'"members":["00000000', data),
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_file_ends_the_start_and_is_kept(people: People, tmp_path: Path, damage: str) -> None:
    alice = await people.users.create("alice", PASSWORD)
    await people.groups.add_member(people.groups.list()[0].group_id, alice.user_id)
    file = tmp_path / "people.json"
    good = file.read_bytes()
    damaged = DAMAGES[damage](good)
    assert damaged != good
    file.write_bytes(damaged)
    for login in (LOGIN, None):
        with pytest.raises(Invalid, match=r"people\.json with the users is damaged: .*put a version from"):
            await open_people(tmp_path, login)
    assert file.read_bytes() == damaged
    versions = sorted((tmp_path / VERSIONS_FOLDER).iterdir())
    file.write_bytes(versions[-1].read_bytes())  # as the message says
    assert (await open_people(tmp_path, LOGIN)).administrator.username == "boss"


async def test_a_lost_file_does_not_open_the_server(people: People, tmp_path: Path) -> None:
    await people.users.create("alice", PASSWORD)
    file = tmp_path / "people.json"
    file.rename(tmp_path / "elsewhere.json")
    with pytest.raises(Invalid, match=r"people\.json with the users is missing. Put it back; .*\.json"):
        await open_people(tmp_path)
    file.symlink_to(tmp_path / "not connected yet.json")
    with pytest.raises(Unavailable, match="a link whose target does not exist"):
        await open_people(tmp_path)
    file.unlink()
    (tmp_path / "elsewhere.json").rename(file)
    assert (await open_people(tmp_path, LOGIN)).user_named("alice") is not None


async def test_something_else_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "people.json").mkdir()
    with pytest.raises(Invalid, match="is not a regular file"):
        await open_people(tmp_path)


async def test_each_start_keeps_a_version(tmp_path: Path) -> None:
    for number in range(MAX_VERSIONS + 3):
        people = await open_people(tmp_path, LOGIN)
        await people.groups.create(f"group{number}")
        await people.groups.create(f"other{number}")
    await open_people(tmp_path, LOGIN)
    await open_people(tmp_path, LOGIN)  # nothing new
    versions = sorted((tmp_path / VERSIONS_FOLDER).iterdir())
    assert len(versions) == MAX_VERSIONS
    assert versions[-1].read_bytes() == (tmp_path / "people.json").read_bytes()
    assert len(parse_people(versions[-2].read_bytes()).groups) == 2 + 2 * (MAX_VERSIONS + 2)


def largest() -> Records:
    """As many as there may be, with texts as long as they may be: letters of four bytes."""
    first, date, wide = first_records(), "2026-11-29T21:16:38", "\N{GRINNING FACE}"

    def numbered(text: str, number: int, most: int) -> str:
        return f"{text * (most - 10)}{number}"

    users = [
        User(
            user_id=uuid4(),
            username=numbered(wide, n, 100),
            password_hash="h" * 100,
            token_epoch=2**48,
            email=f"{n}@{wide * 200}.org",
            full_name=wide * 255,
            created_at=date,
            updated_at=date,
            last_login=date,
        )
        for n in range(records.MAX_USERS - 1)
    ]
    members = [user.user_id for user in users]
    each, rest = divmod(records.MAX_MEMBERSHIPS, records.MAX_GROUPS - 2)
    groups = [
        Group(
            group_id=uuid4(),
            name=numbered(wide, n, 100),
            members=frozenset(members[: each + (rest if n == 0 else 0)]),
            created_at=date,
            updated_at=date,
        )
        for n in range(records.MAX_GROUPS - 2)
    ]
    roles = [
        Role(
            role_id=uuid4(),
            name=numbered(wide, n, 255),
            description=wide * 1000,
            privileges=frozenset(records.PRIVILEGE_IDS.values()),
            created_at=date,
            updated_at=date,
        )
        for n in range(records.MAX_ROLES - 7)
    ]
    aces = [
        Ace(
            ace_id=uuid4(),
            ace_type="user",
            user_id=members[n % len(members)],
            role_id=roles[n % len(roles)].role_id,
            path=f"/projects/{uuid4()}/nodes/{uuid4()}",
            created_at=date,
            updated_at=date,
        )
        for n in range(records.MAX_ACES)
    ]
    in_each = records.MAX_RESOURCES // records.MAX_POOLS
    pools = [
        Pool(
            pool_id=uuid4(),
            name=numbered(wide, n, 255),
            projects=frozenset(uuid4() for _ in range(in_each)),
            created_at=date,
            updated_at=date,
        )
        for n in range(records.MAX_POOLS)
    ]
    return Records(
        users={**first.users, **{user.user_id: user for user in users}},
        groups={**first.groups, **{group.group_id: group for group in groups}},
        roles={**first.roles, **{role.role_id: role for role in roles}},
        aces={ace.ace_id: ace for ace in aces},
        pools={pool.pool_id: pool for pool in pools},
    )


async def test_the_largest_file_is_read_again_and_there_can_be_no_more(tmp_path: Path) -> None:
    most = largest()
    PeopleFile(tmp_path).write(most)
    assert (tmp_path / "people.json").stat().st_size <= people_file.MAX_PEOPLE_BYTES // 2
    people = await open_people(tmp_path, LOGIN)
    before = people.records
    assert before == most
    user, project = people.users.list()[-1], uuid4()
    group, role, pool = people.groups.list()[-1], people.roles.list()[-1], people.pools.list()[-1]
    assert user.user_id not in group.members
    for function in (
        lambda: people.users.create("one more", PASSWORD),
        lambda: people.groups.create("one more"),
        lambda: people.groups.add_member(group.group_id, user.user_id),
        lambda: people.roles.create("one more"),
        lambda: people.aces.create("user", "/projects", role.role_id, user_id=user.user_id),
        lambda: people.pools.create("one more"),
        lambda: people.pools.add_project(pool.pool_id, project),
    ):
        with pytest.raises(Conflict, match="can be no more than"):
            await function()
    assert people.records is before


def test_what_is_written_is_read_again() -> None:
    before = first_records()
    user_id, role_id = next(iter(before.users)), next(iter(before.roles))
    ace = Ace(
        ace_id=UUID(int=1), ace_type="user", user_id=user_id, role_id=role_id, path="/", created_at="x", updated_at="y"
    )
    before = attrs.evolve(before, aces={ace.ace_id: ace})
    assert parse_people(format_people(before)) == before
    assert orjson.loads(format_people(before))["aces"][0]["group_id"] is None
