"""Who has shown who it is, until when."""

from pathlib import Path
from uuid import UUID

import attrs
import pytest

from gns3trio.controller.people import ended_tokens
from gns3trio.controller.people import logins as module
from gns3trio.controller.people.logins import FIRST_PASSWORD, Logins
from gns3trio.controller.people.records import FIRST_NAME
from gns3trio.controller.people.store import People, open_people
from gns3trio.controller.people.tokens import Tokens
from gns3trio.controller.people.users import SettingsLogin

PASSWORD = "a long password"


@attrs.define
class Clock:
    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def people(tmp_path: Path) -> People:
    return await open_people(tmp_path, SettingsLogin("boss", "of the settings"))


@pytest.fixture
def logins(tmp_path: Path, people: People, clock: Clock) -> Logins:
    return Logins(people, Tokens(tmp_path, 10, clock), "of the settings")


async def test_the_first_administrator_of_an_open_server(tmp_path: Path) -> None:
    """Has the first password until it is changed."""
    people = await open_people(tmp_path)
    logins = Logins(people, Tokens(tmp_path, 10), "")
    login = await logins.by_password(FIRST_NAME, FIRST_PASSWORD)
    assert login is not None
    for name, password in ((FIRST_NAME, ""), (FIRST_NAME, "x"), ("x", FIRST_PASSWORD), ("", "")):
        assert await logins.by_password(name, password) is None
    await people.users.update(people.administrator.user_id, password=PASSWORD)
    assert logins.user_of(login) is None
    assert await logins.by_password(FIRST_NAME, FIRST_PASSWORD) is None
    assert await logins.by_password(FIRST_NAME, PASSWORD) is not None


async def test_passwords_of_the_settings_and_of_users(people: People, logins: Logins) -> None:
    user = await people.users.create("alice", PASSWORD)
    found = {
        (name, password): await logins.by_password(name, password)
        for name in ("boss", "admin", "alice", "nobody")
        for password in ("of the settings", FIRST_PASSWORD, PASSWORD, "")
    }
    right = {pair: login.user_id for pair, login in found.items() if login is not None}
    assert right == {
        ("boss", "of the settings"): people.administrator.user_id,
        ("alice", PASSWORD): user.user_id,
    }


@pytest.mark.parametrize("change", ["password", "inactive", "renamed", "deleted", "nothing"])
async def test_a_login_ends_with_what_it_rests_on(people: People, logins: Logins, change: str) -> None:
    """A password as well as a token; of this user alone."""
    user, other = await people.users.create("alice", PASSWORD), await people.users.create("bob", PASSWORD)
    login, others = await logins.by_password("alice", PASSWORD), await logins.by_password("bob", PASSWORD)
    assert login is not None
    assert others is not None
    token = await logins.issue(login)
    by_token = await logins.by_token(token)
    assert by_token is not None
    if change == "password":
        await people.users.update(user.user_id, password="another password")
    elif change == "inactive":
        await people.users.update(user.user_id, is_active=False)
        assert await logins.by_password("alice", PASSWORD) is None
    elif change == "renamed":
        await people.users.update(user.user_id, username="alice2")
        await people.users.create("alice", PASSWORD)  # another user with the name of the token
    elif change == "deleted":
        await people.users.delete(user.user_id)
        await people.users.create("alice", PASSWORD)
    else:
        await people.users.update(user.user_id, full_name="Alice", email="alice@example.org")
    is_valid = change == "nothing"
    assert (logins.user_of(login) is not None) == is_valid
    assert (logins.user_of(by_token) is not None) == is_valid
    assert (await logins.by_token(token) is not None) == is_valid
    assert logins.user_of(others) == other


async def test_a_token_ends_with_its_time(people: People, logins: Logins, clock: Clock) -> None:
    login = await logins.by_password("boss", "of the settings")
    assert login is not None
    token = await logins.issue(login)
    by_token = await logins.by_token(token)
    assert by_token is not None
    assert logins.seconds_left(by_token) == 600
    clock.now += 600
    assert logins.user_of(by_token) is None
    assert logins.user_of(login) is not None
    assert await logins.by_token(token) is None


async def test_other_settings_end_the_tokens_of_their_user(tmp_path: Path, people: People, logins: Logins) -> None:
    login = await logins.by_password("boss", "of the settings")
    assert login is not None
    token = await logins.issue(login)
    for name, password in (("boss", "other"), ("chief", "of the settings")):
        started = await open_people(tmp_path, SettingsLogin(name, password))
        assert await Logins(started, Tokens(tmp_path, 10), password).by_token(token) is None
    started = await open_people(tmp_path, SettingsLogin("boss", "of the settings"))
    assert await Logins(started, Tokens(tmp_path, 10), "of the settings").by_token(token) is not None


async def test_the_time_does_not_tell_who_exists(
    people: People, logins: Logins, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each wrong password is checked against a hash: of the user, or of nobody."""
    await people.users.create("alice", PASSWORD)
    checked = 0

    async def check(text: str, hashed: str | None) -> bool:
        nonlocal checked
        checked += 1
        return False

    monkeypatch.setattr(module, "check_password", check)
    for name in ("alice", "boss", "admin", "nobody", ""):
        assert await logins.by_password(name, "wrong") is None
    assert checked == 5


async def test_a_user_who_changes_during_the_check(
    people: People, logins: Logins, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = await people.users.create("alice", PASSWORD)

    async def check(text: str, hashed: str | None) -> bool:
        await people.users.update(user.user_id, is_active=False)
        return True

    monkeypatch.setattr(module, "check_password", check)
    assert await logins.by_password("alice", PASSWORD) is None


@pytest.mark.parametrize("there_and_back", ["inactive and active", "renamed and back", "in a group and out"])
async def test_a_token_that_has_ended_stays_so(people: People, logins: Logins, there_and_back: str) -> None:
    """A change that is undone revives no token; one that ends none does not matter."""
    user = await people.users.create("alice", PASSWORD)
    login = await logins.by_password("alice", PASSWORD)
    assert login is not None
    token = await logins.issue(login)
    if there_and_back == "inactive and active":
        for is_active in (False, True):
            await people.users.update(user.user_id, is_active=is_active)
    elif there_and_back == "renamed and back":
        for name in ("alice2", "alice"):
            await people.users.update(user.user_id, username=name)
    else:
        group = await people.groups.create("class")
        await people.groups.add_member(group.group_id, user.user_id)
        await people.groups.remove_member(group.group_id, user.user_id)
    is_valid = there_and_back == "in a group and out"
    assert (await logins.by_token(token) is not None) == is_valid
    assert await logins.by_password("alice", PASSWORD) is not None


async def test_who_logs_out_ends_one_token(
    tmp_path: Path, people: People, logins: Logins, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others go on. It stays so when the server starts again, and if no more of such tokens are remembered."""
    by_password = await logins.by_password("boss", "of the settings")
    assert by_password is not None
    here, there, third = [await logins.issue(by_password) for _ in range(3)]
    login, other = await logins.by_token(here), await logins.by_token(there)
    assert login is not None
    assert other is not None
    revision = people.revision
    await logins.end(login)
    assert people.revision > revision  # who waits for it is told
    assert logins.user_of(login) is None
    assert await logins.by_token(here) is None
    assert logins.user_of(other) is not None
    started = Logins(people, Tokens(tmp_path, 10, clock), "of the settings")
    assert await started.by_token(here) is None
    assert await started.by_token(there) is not None
    monkeypatch.setattr(ended_tokens, "MAX_ENDED", 1)
    await logins.end(other)
    assert [await logins.by_token(token) for token in (here, there, third)] == [None] * 3
    assert logins.user_of(by_password) is None  # whoever sends the password again is let in
    assert await logins.by_password("boss", "of the settings") is not None


async def test_passwords_with_each_request_are_noted_from_time_to_time(
    tmp_path: Path, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(0.0)
    logins = Logins(people, Tokens(tmp_path, 10), "of the settings", clock)
    user = await people.users.create("alice", PASSWORD)
    login = await logins.by_password("alice", PASSWORD)
    assert login is not None
    noted = []

    async def note(user_id: UUID) -> None:
        noted.append((user_id, clock.now))

    await logins.note_use(login)
    assert people.users.require(user.user_id).last_login is not None
    monkeypatch.setattr(people.users, "note_login", note)
    for clock.now in (10.0, 3599.0, 3600.0, 3700.0):
        await logins.note_use(login)
    assert noted == [(user.user_id, 3600.0)]
