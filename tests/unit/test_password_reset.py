"""The way back in for whoever has the files of a server, and no password."""

import json
import os
from pathlib import Path

import attrs
import pytest

from gns3trio.config import Config
from gns3trio.controller.people.audit_trail import AUDIT_FILE
from gns3trio.controller.people.logins import Logins
from gns3trio.controller.people.store import open_people
from gns3trio.controller.people.tokens import Tokens
from gns3trio.controller.people.users import SettingsLogin
from gns3trio.controller.storage.server_folders import locked_folders
from gns3trio.errors import Invalid, NotFound, Unavailable
from gns3trio.password_reset import reset_password

OLD, NEW = "forgotten secret", "a new secret"


@pytest.fixture
async def config(tmp_path: Path) -> Config:
    """Of a server whose administrator has set a password, and added a user."""
    config = Config(projects_path=tmp_path / "projects")
    config.projects_path.mkdir()
    people = await open_people(config.state_folder)
    await people.users.update(people.administrator.user_id, password=OLD)
    await people.users.create("alice", OLD)
    return config


async def logins_of(config: Config) -> Logins:
    return Logins(await open_people(config.state_folder), Tokens(config.state_folder, 10), "")


@pytest.mark.parametrize(("name", "whose"), [(None, "admin"), ("admin", "admin"), ("alice", "alice")])
async def test_it_replaces_the_stored_password(config: Config, name: str | None, whose: str) -> None:
    before = await logins_of(config)
    login = await before.by_password(whose, OLD)
    assert login is not None
    token = await before.issue(login)
    assert await reset_password(config, name, NEW) == whose
    logins = await logins_of(config)
    assert await logins.by_password(whose, OLD) is None
    assert await logins.by_password(whose, NEW) is not None
    assert await logins.by_token(token) is None
    other = "alice" if whose == "admin" else "admin"
    assert await logins.by_password(other, OLD) is not None
    entry = json.loads((config.state_folder / AUDIT_FILE).read_text())
    assert (entry["action"], entry["target"]) == ("reset password", {"kind": "user", "name": whose})
    assert NEW not in str(entry)


async def test_the_password_of_the_settings_does_not_come_back(config: Config) -> None:
    """It is used while it is set; then the stored one is valid, which can be replaced meanwhile of others only."""
    with_settings = attrs.evolve(config, user="boss", password="of the settings")
    for name in (None, "boss", "admin"):
        with pytest.raises(Invalid, match="setting 'password'"):
            await reset_password(with_settings, name, NEW)
    await reset_password(with_settings, "alice", NEW)
    await reset_password(config, None, NEW)
    logins = await logins_of(config)
    assert await logins.by_password("admin", NEW) is not None
    assert await logins.by_password("admin", OLD) is None


async def test_users_without_an_administrator_s_password(tmp_path: Path) -> None:
    """Such as after the settings user and password have been lost: the server does not start before."""
    config = Config(projects_path=tmp_path)
    people = await open_people(config.state_folder, SettingsLogin("boss", OLD))
    await people.users.create("alice", OLD)
    with pytest.raises(Invalid, match="reset-password"):
        await open_people(config.state_folder)
    await reset_password(config, None, NEW)
    assert await (await logins_of(config)).by_password("admin", NEW) is not None


async def test_the_first_password_of_a_new_server(tmp_path: Path) -> None:
    config = Config(projects_path=tmp_path)
    assert await reset_password(config, None, NEW) == "admin"
    people = await open_people(config.state_folder)
    assert not people.is_open


async def test_what_is_refused(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is changed then."""
    before = {path: path.read_bytes() for path in config.state_folder.iterdir() if path.is_file()}
    with pytest.raises(NotFound, match="there are: admin, alice"):
        await reset_password(config, "bob", NEW)
    with pytest.raises(Invalid, match="8 to 100"):
        await reset_password(config, None, "short")
    with locked_folders(config), pytest.raises(Unavailable, match="Stop it first"):
        await reset_password(config, None, NEW)
    with pytest.raises(Invalid, match="--projects-path"):
        await reset_password(attrs.evolve(config, projects_path=config.projects_path / "none"), None, NEW)
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(Invalid, match="belongs to"):
        await reset_password(config, None, NEW)
    assert {path: path.read_bytes() for path in before} == before
