"""Users of a running server, and how they send requests in each version."""

from typing import Any
from uuid import UUID

import attrs
import httpx

from gns3trio.controller.people.store import People
from gns3trio.server import RunningServer
from tests.support.server import Server
from tests.support.v3 import V3, logged_in

PASSWORD = "a long password"


@attrs.frozen
class Person:
    """A user of a running server, with the password PASSWORD."""

    user_id: UUID
    name: str
    server: Server

    @property
    def basic(self) -> tuple[str, str]:
        """For HTTP Basic."""
        return self.name, PASSWORD

    async def log_in(self) -> V3:
        """A client of version 3."""
        return await logged_in(self.server, *self.basic)

    async def v2(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """A request of versions 1 and 2."""
        return await self.server.http.request(method, path, json=body, auth=self.basic)


async def add_user(running: RunningServer, server: Server, name: str, **may: str) -> Person:
    """A user who ``may`` have roles on paths: the name of each role (with _ for blanks) with a path."""
    people = running.controller.people
    user = await people.users.create(name, PASSWORD)
    for role, path in may.items():
        await allow(people, user.user_id, role.replace("_", " "), path)
    return Person(user.user_id, name, server)


async def allow(people: People, user_id: UUID, role: str, path: str, **more: bool) -> UUID:
    """An access control entry for a user; returns its id."""
    role_id = next(each.role_id for each in people.roles.list() if each.name == role)
    return (await people.aces.create("user", path, role_id, user_id=user_id, **more)).ace_id
