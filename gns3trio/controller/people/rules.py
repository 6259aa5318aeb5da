"""What changes of users, groups, roles, access control entries and pools have in common."""

from collections.abc import Iterable, Mapping
from typing import TypeVar
from uuid import UUID

import attrs

from gns3trio.controller.people.records import Group, Pool, Records, Role
from gns3trio.errors import Conflict, NotFound, Refused

_Record = TypeVar("_Record")


def require(kind: str, records: Mapping[UUID, _Record], record_id: UUID) -> _Record:
    """A record by id; ``kind`` names it in the message. Raises NotFound."""
    record = records.get(record_id)
    if record is None:
        raise NotFound(f"{kind} ID {record_id} doesn't exist")
    return record


def require_room(present: int, most: int, what: str) -> None:
    """Raises Conflict if there can be no more of ``what``."""
    if present >= most:
        raise Conflict(f"there are {present} {what}, and can be no more than {most}")


def require_unused_name(kind: str, name: str, present: Iterable[Group | Role | Pool]) -> None:
    """Raises Refused if one of those present has the name."""
    if any(each.name == name for each in present):
        raise Refused(f"name: there is a {kind} named {name!r} already")


def without(records: Mapping[UUID, _Record], record_id: UUID) -> dict[UUID, _Record]:
    """All records but one."""
    return {key: record for key, record in records.items() if key != record_id}


def without_aces_below(path: str, records: Records) -> Records:
    """The records without the access control entries on a path and on all below it. What is made later, perhaps with
    the same id, must not inherit them.
    """
    below = f"{path}/"
    left = {key: ace for key, ace in records.aces.items() if not f"{ace.path}/".startswith(below)}
    return records if len(left) == len(records.aces) else attrs.evolve(records, aces=left)
