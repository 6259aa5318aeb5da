"""Clients of version 3 of the server that the tests of the API run."""

from typing import Any

import pytest

from tests.support.server import Server
from tests.support.v3 import V3, logged_in


@pytest.fixture
async def v3(server: Server) -> V3:
    """The first administrator, who has logged in."""
    return await logged_in(server)


@pytest.fixture
def path(project: dict[str, Any]) -> str:
    """The path of an open project in version 3."""
    return f"/v3/projects/{project['project_id']}"
