"""The people of a server with a password, in a file of their own."""

from pathlib import Path

import pytest

from gns3trio.controller.people.store import People, open_people
from gns3trio.controller.people.users import SettingsLogin

LOGIN = SettingsLogin("boss", "boss's password")
PASSWORD = "a password"


@pytest.fixture
async def people(tmp_path: Path) -> People:
    return await open_people(tmp_path, LOGIN)
