"""The file with all users, groups, roles, access control entries and pools, in the folder for the server's state.

It is written atomically, and only the server's user can read it. A file that cannot be used ends the start of the
server: without its users, everybody would be the administrator. So does a file that has vanished, which its kept
versions tell. There is none before the first change.
"""

import logging
from pathlib import Path
from typing import Annotated, Any, Literal

import attrs
import orjson

from gns3trio.classes import frozen
from gns3trio.controller.people import records as limits
from gns3trio.controller.people.records import Ace, Group, Pool, Records, Role, User, check_records
from gns3trio.controller.storage.files import NO_PLAIN_FILE, read_plain, write_atomic
from gns3trio.controller.storage.kept_versions import VERSIONS_FOLDER, keep_version, kept_names
from gns3trio.convert import make_strict_converter, structure
from gns3trio.errors import Conflict, Invalid, Unavailable
from gns3trio.limits import Bound
from gns3trio.project_layout import PEOPLE_FILE
from gns3trio.sizes import size_text

log = logging.getLogger(__name__)

# The largest file, which is read into memory. All that there may be takes less.
MAX_PEOPLE_BYTES = 64 << 20

_converter = make_strict_converter(forbid_extra_keys=True)


@frozen(kw_only=True)
class _Document:
    format: Literal[1]
    users: Annotated[list[User], Bound(limits.MAX_USERS)]
    groups: Annotated[list[Group], Bound(limits.MAX_GROUPS)]
    roles: Annotated[list[Role], Bound(limits.MAX_ROLES)]
    aces: Annotated[list[Ace], Bound(limits.MAX_ACES)]
    pools: Annotated[list[Pool], Bound(limits.MAX_POOLS)]


class PeopleFile:
    """The file ``people.json`` in ``folder``. Its methods wait for the disk, so they are called in threads."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / PEOPLE_FILE
        self._is_kept = False

    def read(self) -> Records | None:
        """Read the file, and keep it as a version; None if there has never been one.

        Raises Invalid if it is damaged or was removed, Unavailable if the disk reports an error. Nothing is changed
        then.
        """
        try:
            data = read_plain(self.path, MAX_PEOPLE_BYTES)
        except FileNotFoundError:
            if self.path.is_symlink():  # the target's disk may be connected later
                raise Unavailable(f"{self.path} cannot be read: it is a link whose target does not exist") from None
            self._require_new()
            return None
        except OSError as error:
            if error.errno in NO_PLAIN_FILE:
                raise Invalid(self._refusal(f"it {error.strerror}")) from None
            raise Unavailable(f"{self.path} cannot be read: {error.strerror}") from None
        try:
            records = parse_people(data)
        except Invalid as error:
            raise Invalid(self._refusal(str(error))) from None
        self._keep(data)
        return records

    def _require_new(self) -> None:
        try:
            names = kept_names(self.path)
        except OSError as error:
            raise Unavailable(f"{self.path.parent / VERSIONS_FOLDER} cannot be read: {error.strerror}") from None
        if names:
            raise Invalid(
                f"{self.path} with the users is missing. Put it back; the last version that was kept is "
                f"{self.path.parent / VERSIONS_FOLDER / names[-1]}. To begin without users, remove the versions too"
            )

    def _refusal(self, reason: str) -> str:
        return (
            f"{self.path} with the users is damaged: {reason}. The server does not start without them. Mend the file, "
            f"or put a version from {self.path.parent / VERSIONS_FOLDER} in its place"
        )

    def _keep(self, data: bytes) -> None:
        keep_version(self.path, data, private=True)
        self._is_kept = True

    def write(self, records: Records) -> None:
        """Replace the file. Raises Conflict if it would be too large, Unavailable if the disk reports an error; nothing
        is changed then.
        """
        data = format_people(records)
        if len(data) > MAX_PEOPLE_BYTES:
            raise Conflict(f"users and what belongs to them would take more than {size_text(MAX_PEOPLE_BYTES)}")
        folder = self.path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
        except OSError as error:
            raise Unavailable(f"{folder} cannot be used: {error.strerror}") from None
        write_atomic(self.path, data, private=True)
        if not self._is_kept:  # the first file: from now on it is noticed if it vanishes
            self._keep(data)


def format_people(records: Records) -> bytes:
    """The contents of the file: JSON with a line for each record. Each is encoded by itself, so that other threads
    run meanwhile.
    """
    tables = []
    for field in attrs.fields(Records):
        lines = [_encoded(each) for each in getattr(records, field.name).values()]
        tables.append(b'"%s": [\n%s\n]' % (field.name.encode(), b",\n".join(lines)))
    return b'{"format": 1,\n%s}\n' % b",\n".join(tables)


def _encoded(record: Any) -> bytes:
    values = {field.name: getattr(record, field.name) for field in attrs.fields(type(record))}
    return orjson.dumps(values, default=_as_sorted_list)


def _as_sorted_list(value: Any) -> list[Any]:
    if not isinstance(value, frozenset):
        raise TypeError(f"{value!r} has no place in the file")
    return sorted(value)


def parse_people(data: bytes) -> Records:
    """The records in the contents of the file. Raises Invalid, with the place, if they are not of our making."""
    try:
        values = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Invalid(f"it is not JSON: {error}") from None
    document = structure(_converter, values, _Document)
    records = Records(
        users={user.user_id: user for user in document.users},
        groups={group.group_id: group for group in document.groups},
        roles={role.role_id: role for role in document.roles},
        aces={ace.ace_id: ace for ace in document.aces},
        pools={pool.pool_id: pool for pool in document.pools},
    )
    for field in attrs.fields(Records):
        if len(getattr(records, field.name)) < len(getattr(document, field.name)):
            raise Invalid(f"{field.name}: two of them have the same id")
    check_records(records)
    return records
