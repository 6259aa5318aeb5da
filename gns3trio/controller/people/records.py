"""Users, groups, roles, access control entries and pools, as values. Nothing here does I/O.

Names, meanings and dates are those of GNS3 3. Dates are texts such as ``2026-11-29T21:16:38``, in UTC.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Literal, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

import attrs

from gns3trio.classes import frozen
from gns3trio.controller.names import Name, is_visible
from gns3trio.controller.people.privileges import BUILT_IN_ROLES, PRIVILEGES, Privilege
from gns3trio.convert import make_strict_converter, structure
from gns3trio.dates import now_text
from gns3trio.errors import Invalid
from gns3trio.limits import Bound
from gns3trio.printable import hidden_character

# A university has so many. All that there may be takes some 20 MB, and a change of it some 0.1 s in a thread.
MAX_USERS = 5_000
MAX_GROUPS = 1_000
MAX_ROLES = 500
MAX_ACES = 20_000
MAX_POOLS = 2_000
# Of all groups and of all pools together.
MAX_MEMBERSHIPS = 40_000
MAX_RESOURCES = 40_000

MIN_PASSWORD, MAX_PASSWORD = 8, 100
# Of an address (RFC 5321, 4.5.3.1.3).
MAX_EMAIL = 254
MAX_ACE_PATH = 1024

_NAME_END = re.compile(r"[a-zA-Z0-9_-]\Z")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")


def _check_account_name(name: str) -> None:
    """The rule of GNS3 for names of users and groups, and that they can be seen and sent as HTTP Basic (RFC 7617)."""
    if (character := hidden_character(name)) is not None:
        raise ValueError(f"{name!r} has the character U+{ord(character):04X}, which no name may have")
    if ":" in name:
        raise ValueError(f"{name!r} has a colon, which ends the name where it is sent with a password")
    if name[0].isspace():
        raise ValueError(f"{name!r} begins with a blank")
    if _NAME_END.search(name) is None:
        raise ValueError(f"{name!r} does not end with a letter from a to z, a digit, _ or -")


def _check_email(email: str) -> None:
    if email and (hidden_character(email) is not None or _EMAIL.fullmatch(email) is None):
        raise ValueError(f"{email!r} is not an e-mail address")


def _check_shown(text: str) -> None:
    if (character := hidden_character(text.replace("\n", " "))) is not None:
        raise ValueError(f"has the character U+{ord(character):04X}")
    if text and not is_visible(text):
        raise ValueError("has nothing that can be seen")


def _check_ace_path(path: str) -> None:
    if path == "/":
        return
    if not path.startswith("/") or path.endswith("/") or "//" in path or hidden_character(path) is not None:
        raise ValueError(f"{path!r} is not like /projects, a path below the version of the API")


AccountName = Annotated[str, Bound(most=100, least=3, check=_check_account_name)]
Password = Annotated[str, Bound(most=MAX_PASSWORD, least=MIN_PASSWORD)]
# Empty if the user has none.
Email = Annotated[str, Bound(most=MAX_EMAIL, check=_check_email)]
FullName = Annotated[str, Bound(most=255, check=_check_shown)]
Description = Annotated[str, Bound(most=1000, check=_check_shown)]
AcePath = Annotated[str, Bound(most=MAX_ACE_PATH, least=1, check=_check_ace_path)]
AceType = Literal["user", "group"]


@frozen(kw_only=True)
class User:
    """Somebody who may log in. ``password_hash`` is empty only for the first administrator, as long as the password is
    that of the settings or of a new server. ``token_epoch`` changes with what ends all tokens of the user; that of
    another user with the same name is another one.
    """

    user_id: UUID
    username: AccountName
    password_hash: Annotated[str, Bound(most=500)]
    token_epoch: int
    email: Email = ""
    full_name: FullName = ""
    is_active: bool = True
    is_superadmin: bool = False
    created_at: str
    updated_at: str
    last_login: str | None = None


@frozen(kw_only=True)
class Group:
    """Users that access control entries name together. ``members`` are ids of users."""

    group_id: UUID
    name: AccountName
    is_builtin: bool = False
    members: frozenset[UUID] = frozenset()
    created_at: str
    updated_at: str


@frozen(kw_only=True)
class Role:
    """A set of privileges with a name."""

    role_id: UUID
    name: Name
    description: Description = ""
    is_builtin: bool = False
    privileges: frozenset[Privilege] = frozenset()
    created_at: str
    updated_at: str


@frozen(kw_only=True)
class Ace:
    """An access control entry: it allows or denies what a role contains to a user or group, on a path and, if it
    propagates, on all paths below. Either ``user_id`` or ``group_id`` is given, as ``ace_type`` says.
    """

    ace_id: UUID
    ace_type: AceType
    user_id: UUID | None = None
    group_id: UUID | None = None
    role_id: UUID
    path: AcePath
    propagate: bool = True
    allowed: bool = True
    created_at: str
    updated_at: str


@frozen(kw_only=True)
class Pool:
    """Projects that access control entries name together. ``projects`` are their ids."""

    pool_id: UUID
    name: Name
    projects: frozenset[UUID] = frozenset()
    created_at: str
    updated_at: str


@frozen(kw_only=True)
class Records:
    """All of them by id. Replaced by each change, never changed in place."""

    users: Mapping[UUID, User]
    groups: Mapping[UUID, Group]
    roles: Mapping[UUID, Role]
    aces: Mapping[UUID, Ace]
    pools: Mapping[UUID, Pool]


_converter = make_strict_converter(forbid_extra_keys=True)
_Record = TypeVar("_Record", User, Group, Role, Ace, Pool)


def checked(record: _Record) -> _Record:
    """The record itself. Raises Invalid, with the name of the field, if the file could not be read with it."""
    plain = {field.name: getattr(record, field.name) for field in attrs.fields(type(record))}
    structure(
        _converter, {name: str(each) if isinstance(each, UUID) else each for name, each in plain.items()}, type(record)
    )
    return record


BUILT_IN_GROUPS = ("Administrators", "Users")
FIRST_NAME = "admin"

_ROLE_DESCRIPTIONS: Mapping[str, str] = {
    "Administrator": "All privileges",
    "User": "Use of labs: projects, nodes, links, drawings and snapshots",
    "Auditor": "Reading of labs and of what they are made from",
    "Template manager": "Templates, symbols, images and appliances",
    "User manager": "Users and groups",
    "ACL manager": "Roles and access control entries",
    "No Access": "No privilege",
}


def id_of(kind: Literal["user", "group", "role", "privilege"], name: str) -> UUID:
    """The id of what every server has from its first start: the same on each, so it needs no file."""
    return uuid5(NAMESPACE_URL, f"gns3trio:{kind}:{name}")


PRIVILEGE_IDS: Mapping[UUID, Privilege] = {id_of("privilege", name): name for name in PRIVILEGES}


def first_records() -> Records:
    """What a new server has: the first administrator without a password of its own, the built-in groups and roles."""
    made = now_text()
    administrator = User(
        user_id=id_of("user", FIRST_NAME),
        username=FIRST_NAME,
        password_hash="",
        token_epoch=0,
        full_name="Super Administrator",
        is_superadmin=True,
        created_at=made,
        updated_at=made,
    )
    groups = [
        Group(group_id=id_of("group", name), name=name, is_builtin=True, created_at=made, updated_at=made)
        for name in BUILT_IN_GROUPS
    ]
    roles = [
        Role(
            role_id=id_of("role", name),
            name=name,
            description=_ROLE_DESCRIPTIONS[name],
            is_builtin=True,
            privileges=privileges,
            created_at=made,
            updated_at=made,
        )
        for name, privileges in BUILT_IN_ROLES.items()
    ]
    return Records(
        users={administrator.user_id: administrator},
        groups={group.group_id: group for group in groups},
        roles={role.role_id: role for role in roles},
        aces={},
        pools={},
    )


def check_records(records: Records) -> None:
    """Raises Invalid, with the place, if the parts do not fit together."""
    superadmins = [user for user in records.users.values() if user.is_superadmin]
    if len(superadmins) != 1:
        raise Invalid(f"users: {len(superadmins)} of them have is_superadmin, and one must")
    for user in records.users.values():
        if not (user.password_hash or user.is_superadmin):
            raise Invalid(f"users: {user.username!r} has no password_hash")
    _check_unique("users", "username", (user.username for user in records.users.values()))
    _check_unique("users", "email", (user.email.casefold() for user in records.users.values() if user.email))
    for kind in ("groups", "roles", "pools"):
        _check_unique(kind, "name", (each.name for each in getattr(records, kind).values()))
    for group in records.groups.values():
        for user_id in group.members:
            _check_known(f"groups: members of {group.name!r}", user_id, records.users)
    for ace in records.aces.values():
        place = f"aces: {ace.ace_id}"
        if objection := wrong_subject(ace.ace_type, ace.user_id, ace.group_id):
            raise Invalid(f"{place}: {objection}")
        _check_known(place, ace.role_id, records.roles)
        if ace.user_id is not None:
            _check_known(place, ace.user_id, records.users)
        if ace.group_id is not None:
            _check_known(place, ace.group_id, records.groups)


def wrong_subject(ace_type: AceType, user_id: UUID | None, group_id: UUID | None) -> str | None:
    """What is wrong with the ids of an access control entry; None if the one that ``ace_type`` names is given, and no
    other.
    """
    for kind, given in (("user", user_id), ("group", group_id)):
        if kind == ace_type and given is None:
            return f"{kind}_id: an entry with the ace_type {ace_type!r} needs it"
        if kind != ace_type and given is not None:
            return f"{kind}_id: an entry with the ace_type {ace_type!r} must not have it"
    return None


def _check_unique(kind: str, field: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise Invalid(f"{kind}: two of them have the {field} {value!r}")
        seen.add(value)


def _check_known(place: str, wanted: UUID, known: Mapping[UUID, object]) -> None:
    if wanted not in known:
        raise Invalid(f"{place}: there is nothing with the id {wanted}")
