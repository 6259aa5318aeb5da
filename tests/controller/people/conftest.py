"""The people of a server with a password, in a file of their own."""

from pathlib import Path

import pytest

from gns3trio.controller.people.store import People, open_people
from gns3trio.controller.people.users import SettingsLogin
from tests.support.quick_passwords import quick_passwords as quick_passwords

LOGIN = SettingsLogin("boss", "boss's password")
PASSWORD = "a password"


@pytest.fixture
async def people(tmp_path: Path) -> People:
    return await open_people(tmp_path, LOGIN)


@pytest.fixture(autouse=True)
def quick(request: pytest.FixtureRequest) -> None:
    """Many passwords are set and checked. What it costs to check one is shown by the tests of that."""
    if request.path.stem != "test_passwords":
        request.getfixturevalue("quick_passwords")
