"""Clients of version 3 of the server that the tests of the API run."""

from typing import Any

import pytest

from tests.support.server import Server
from tests.support.v3 import V3, logged_in
from tests.support.v3_lab import V3Lab


@pytest.fixture
async def v3(server: Server) -> V3:
    """The first administrator, who has logged in."""
    return await logged_in(server)


@pytest.fixture
def path(project: dict[str, Any]) -> str:
    """The path of an open project in version 3."""
    return f"/v3/projects/{project['project_id']}"


@pytest.fixture
def lab3(v3: V3, path: str) -> V3Lab:
    """An open project without contents."""
    return V3Lab(v3, path)
