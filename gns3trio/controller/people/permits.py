"""What users may do: GNS3 3's rule for access control entries.

A user needs the privilege P on the path R. Those entries count that name the user, or a group of the user, and a role
that contains P. From R upwards to ``/``, the first path that has such entries decides:

- one of them denies: no;
- the path is above R, and none of them propagates: no;
- else: yes.

If no path has one: no. So the most specific path wins over its parents, a denial wins on the same path, and a role
without P says nothing. A project is also in its pools: entries on ``/pools/{id}`` count like entries on a folder of the
projects in it, after those on the paths of the project itself and before those on ``/projects``.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Protocol
from uuid import UUID

from gns3trio.classes import define, frozen
from gns3trio.controller.people.privileges import Privilege
from gns3trio.controller.people.records import MAX_ACE_PATH, Ace, Records, User
from gns3trio.convert import as_uuid
from gns3trio.errors import Forbidden

_PROJECTS = "/projects/"
# No entry has a longer path, but for the slash that ends this one.
_LONGEST = MAX_ACE_PATH + 1
# Who has one of these can give every privilege to anybody.
_GIVING: Sequence[Privilege] = ("ACE.Allocate", "ACE.Modify", "Role.Modify")


class HasRecords(Protocol):
    """Has users, groups, roles, entries and pools, and a number that increases with each change of them."""

    @property
    def revision(self) -> int: ...

    @property
    def records(self) -> Records: ...


@frozen
class _Entry:
    privileges: frozenset[Privilege]
    allowed: bool
    propagates: bool


@define
class _Index:
    """What one revision says. ``of_user`` is filled as users come."""

    revision: int
    records: Records
    of_subject: dict[UUID, list[Ace]]  # entries by the user or group that they name
    groups_of: dict[UUID, list[UUID]]  # by user
    pools_of: dict[str, list[str]]  # paths of pools, by the path of a project
    of_user: dict[UUID, dict[str, list[_Entry]]]  # by user, then by path


class Permits:
    """Answers whether a user may do something. What it makes of the records is kept until they change."""

    def __init__(self, people: HasRecords) -> None:
        self._people = people
        self._index: _Index | None = None

    def permits(self, user: User, privilege: Privilege, path: str) -> bool:
        """Whether an active ``user`` has a privilege on a path of the API without its version, in canonical form."""
        if user.is_superadmin:
            return True
        index = self._current()
        entries = self._entries(index, user)
        if not entries:
            return False
        place = path if len(path) < _LONGEST else path[:_LONGEST].rpartition("/")[0] or "/"
        while True:
            if (answer := _answer(entries.get(place, ()), privilege, is_above=place != path)) is not None:
                return answer
            if place in index.pools_of:
                of_pools = [entry for pool in index.pools_of[place] for entry in entries.get(pool, ())]
                if (answer := _answer(of_pools, privilege, is_above=True)) is not None:
                    return answer
            if place == "/":
                return False
            place = place.rpartition("/")[0] or "/"

    def permitted_below(self, user: User, path: str) -> frozenset[Privilege]:
        """The privileges that entries give a user on paths below a canonical ``path``."""
        above = path.rstrip("/") + "/"
        entries = self._entries(self._current(), user)
        return frozenset(
            privilege
            for place, of_place in entries.items()
            if place.startswith(above) and place != path
            for entry in of_place
            if entry.allowed
            for privilege in entry.privileges
        )

    def sees_project(self, user: User, project_id: UUID) -> bool:
        """Whether a project is among those of which the user is told."""
        return self.permits(user, "Project.Audit", f"{_PROJECTS}{project_id}")

    def require_may_change(self, user: User, subjects: Iterable[UUID]) -> None:
        """Raises Forbidden if one of these users and groups may give rights that ``user`` may not give: who changes its
        password or its members could take them.
        """
        index = self._current()
        for subject in subjects:
            for each in (subject, *index.groups_of.get(subject, ())):
                for ace in index.of_subject.get(each, ()):
                    role = index.records.roles.get(ace.role_id)
                    given = () if role is None or not ace.allowed else [p for p in _GIVING if p in role.privileges]
                    for privilege in given:
                        if not self.permits(user, privilege, canonical_path(ace.path)):
                            raise Forbidden(f"Forbidden: {privilege} is required for {ace.path}, to change who has it")

    def _entries(self, index: _Index, user: User) -> dict[str, list[_Entry]]:
        """The entries that name a user or a group of the user, by path."""
        entries = index.of_user.get(user.user_id)
        if entries is None:
            entries = index.of_user[user.user_id] = _entries_of(index, user.user_id)
        return entries

    def _current(self) -> _Index:
        revision = self._people.revision
        if self._index is None or self._index.revision != revision:
            self._index = _index_of(revision, self._people.records)
        return self._index


def canonical_path(path: str) -> str:
    """A path in which every id has one form, however it was written, and which has no slash at its end."""
    return "/".join(_canonical_part(part) for part in path.rstrip("/").split("/")) or "/"


def _canonical_part(part: str) -> str:
    parsed = as_uuid(part) if len(part) == 36 else None
    return part if parsed is None else str(parsed)


def _answer(entries: Sequence[_Entry], privilege: Privilege, *, is_above: bool) -> bool | None:
    """What the entries of one path say; None if they do not speak of the privilege."""
    candidates = [entry for entry in entries if privilege in entry.privileges]
    if not candidates:
        return None
    if not all(entry.allowed for entry in candidates):
        return False
    return not is_above or any(entry.propagates for entry in candidates)


def _index_of(revision: int, records: Records) -> _Index:
    of_subject: defaultdict[UUID, list[Ace]] = defaultdict(list)
    for ace in records.aces.values():
        subject = ace.user_id if ace.ace_type == "user" else ace.group_id
        if subject is not None:
            of_subject[subject].append(ace)
    groups_of: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for group in records.groups.values():
        if group.group_id in of_subject:
            for member in group.members:
                groups_of[member].append(group.group_id)
    pools_of: defaultdict[str, list[str]] = defaultdict(list)
    for pool in records.pools.values():
        for project_id in pool.projects:
            pools_of[f"{_PROJECTS}{project_id}"].append(f"/pools/{pool.pool_id}")
    return _Index(revision, records, of_subject, groups_of, pools_of, {})


def _entries_of(index: _Index, user_id: UUID) -> dict[str, list[_Entry]]:
    entries: defaultdict[str, list[_Entry]] = defaultdict(list)
    subjects: Iterable[UUID] = (user_id, *index.groups_of.get(user_id, ()))
    for subject in subjects:
        for ace in index.of_subject.get(subject, ()):
            role = index.records.roles.get(ace.role_id)
            if role is not None:
                entries[canonical_path(ace.path)].append(_Entry(role.privileges, ace.allowed, ace.propagate))
    return dict(entries)
