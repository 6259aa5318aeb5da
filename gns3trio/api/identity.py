"""Who makes a request, and what that user sees. ``auth`` finds it out and records it; handlers ask here.

Lists and streams that have more than one project show each user those that the user may see, whatever the version: they
ask ``sees_project``.
"""

import math
from collections.abc import Awaitable, Callable, Iterable, Sequence
from uuid import UUID

import trio
from starlette.types import Scope

from gns3trio.api.latest import Latest
from gns3trio.classes import define
from gns3trio.controller.people.logins import Login, Logins
from gns3trio.controller.people.permits import Permits
from gns3trio.controller.people.privileges import Privilege, refusal
from gns3trio.controller.people.records import User
from gns3trio.controller.people.store import People
from gns3trio.controller.project.project import Project
from gns3trio.errors import Forbidden
from gns3trio.notifications.events import Event
from gns3trio.notifications.topics import Topic

_VISIT = "gns3trio.visit"
_MAX_DELETED = 256

# Privileges, of which one is enough, and a path for which it is required.
Place = tuple[Sequence[Privilege], str]


class Gate:
    """Decides whether users may do what they ask for."""

    def __init__(self, people: People, logins: Logins, permits: Permits) -> None:
        self.people = people
        self.permits = permits
        self._logins = logins

    def user_of(self, login: Login | None) -> User | None:
        """The user of a login, as long as it is valid. Without one it is the first administrator, as long as the server
        is open to everybody.
        """
        if login is not None:
            return self._logins.user_of(login)
        return self.people.administrator if self.people.is_open else None

    def seconds_left(self, login: Login | None) -> float:
        """How long a login is valid, if nothing changes."""
        return self._logins.seconds_left(login) if login is not None else math.inf

    def missing(self, user: User, places: Sequence[Place]) -> Place | None:
        """The first of these privileges that the user does not have there; None if there is none."""
        for privileges, path in places:
            if not any(self.permits.permits(user, privilege, path) for privilege in privileges):
                return privileges, path
        return None


@define
class Visit:
    """A request that was let in: of whom, by which login, and what privileges it requires where."""

    gate: Gate
    user: User
    login: Login | None
    places: Sequence[Place]

    def is_welcome(self) -> bool:
        """Whether it would still be let in."""
        user = self.gate.user_of(self.login)
        return user is not None and self.gate.missing(user, self.places) is None

    async def until_unwelcome(self) -> None:
        """Wait until it would not be let in any more."""
        while self.is_welcome():
            with trio.move_on_after(self.gate.seconds_left(self.login)):
                await self.gate.people.changed()


def tell_visit(scope: Scope, visit: Visit) -> None:
    """Record who makes a request."""
    scope[_VISIT] = visit


def user_of(scope: Scope) -> User:
    """The user who makes a request. Every route has one that not everybody may use, except those of the compute API,
    whose users are of another kind (``compute_client``).
    """
    visit: Visit = scope[_VISIT]
    return visit.user


def login_of(scope: Scope) -> Login | None:
    """The login of the user who makes a request; None if nobody has to log in."""
    visit: Visit = scope[_VISIT]
    return visit.login


def sees_project(scope: Scope, project_id: UUID) -> bool:
    """Whether the user who makes a request is told of a project."""
    visit: Visit | None = scope.get(_VISIT)
    return visit is not None and visit.gate.permits.sees_project(visit.user, project_id)


def has_privilege(scope: Scope, privilege: Privilege, path: str) -> bool:
    """Whether the user has a privilege on a canonical path."""
    visit: Visit | None = scope.get(_VISIT)
    return visit is not None and visit.gate.permits.permits(visit.user, privilege, path)


def require_privilege(scope: Scope, privilege: Privilege, path: str) -> None:
    """Raises Forbidden unless the user has a privilege on a canonical path. For what is not in the path of a route. A
    stream or websocket ends when the user loses it.
    """
    if not has_privilege(scope, privilege, path):
        raise Forbidden(refusal(path, privilege))
    visit: Visit = scope[_VISIT]
    visit.places = [*visit.places, ((privilege,), path)]


def require_may_change(scope: Scope, *subjects: UUID) -> None:
    """Raises Forbidden if one of these users or groups may give rights that the user who makes the request may not."""
    visit: Visit = scope[_VISIT]
    visit.gate.permits.require_may_change(visit.user, subjects)


def visible_projects(scope: Scope, projects: Iterable[Project]) -> list[Project]:
    """Those projects of which the user is told."""
    return [project for project in projects if sees_project(scope, project.project_id)]


def visible_events(scope: Scope, topic: Topic) -> Topic:
    """The events of a topic, without those of projects of which the user is not told."""
    visit: Visit | None = scope.get(_VISIT)
    if visit is not None and visit.user.is_superadmin:
        return topic
    return Topic(topic.name, _VisibleEvents(visit, topic.wants))


class _VisibleEvents:
    """Whether a user gets an event. Streams ask it when the event happens, and some again when they send it."""

    def __init__(self, visit: Visit | None, wants: Callable[[Event], bool]) -> None:
        self._visit = visit
        self._wants = wants
        # Projects that the user saw when they were deleted. Soon nobody is told of them, except that they are gone.
        self._deleted: Latest[UUID, None] = Latest(_MAX_DELETED)

    def __call__(self, event: Event) -> bool:
        if not self._wants(event):
            return False
        project_id = event.project_id or event.about
        if project_id is None:
            return True
        sees = self._visit is not None and self._visit.gate.permits.sees_project(self._visit.user, project_id)
        if event.action == "project.deleted":
            if sees:
                self._deleted.put(project_id, None)
            return project_id in self._deleted
        return sees


async def while_welcome(scope: Scope, serve: Callable[[], Awaitable[None]]) -> bool:
    """Serve a stream or websocket until it ends, or its user loses the right to it; returns whether that ended it."""
    visit: Visit | None = scope.get(_VISIT)
    if visit is None:
        await serve()
        return False
    is_over, failure = False, None

    async def watch() -> None:
        nonlocal is_over
        await visit.until_unwelcome()
        is_over = True
        nursery.cancel_scope.cancel()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(watch)
        try:
            await serve()
        except Exception as error:  # not in a group, as it would be from the nursery
            failure = error
        nursery.cancel_scope.cancel()
    if failure is not None:
        raise failure
    return is_over
