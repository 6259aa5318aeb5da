"""The bodies of requests about users, groups, roles, access control entries and pools. They are GNS3's: where null can
be sent, it stands for nothing.
"""

from typing import Annotated, Any, ClassVar
from uuid import UUID

from gns3trio.classes import define
from gns3trio.controller.names import Name
from gns3trio.controller.people.records import (
    MAX_ACE_PATH,
    AccountName,
    AceType,
    Description,
    Email,
    FullName,
    Password,
)
from gns3trio.limits import Bound


class _Body:
    IGNORES_UNKNOWN_KEYS: ClassVar = True


@define(kw_only=True)
class UserCreate(_Body):
    """The body of ``POST /access/users``."""

    username: AccountName
    password: Password
    email: Email | None = None
    full_name: FullName | None = None
    is_active: bool = True


@define(kw_only=True)
class OwnUserUpdate(_Body):
    """The body of ``PUT /access/users/me``. An e-mail address or name that is null or empty is removed."""

    password: Password | None = None
    email: Email | None = None
    full_name: FullName | None = None


@define(kw_only=True)
class UserUpdate(OwnUserUpdate):
    """The body of ``PUT /access/users/{user_id}``."""

    username: AccountName | None = None
    is_active: bool = True


@define(kw_only=True)
class GroupCreate(_Body):
    """The body of ``POST /access/groups``."""

    name: AccountName


@define(kw_only=True)
class GroupUpdate(_Body):
    """The body of ``PUT /access/groups/{user_group_id}``."""

    name: AccountName | None = None


@define(kw_only=True)
class RoleCreate(_Body):
    """The body of ``POST /access/roles``."""

    name: Name
    description: Description | None = None


@define(kw_only=True)
class RoleUpdate(_Body):
    """The body of ``PUT /access/roles/{role_id}``. A description that is null or empty is removed."""

    name: Name | None = None
    description: Description | None = None


@define(kw_only=True)
class AceBody(_Body):
    """The body of ``POST /access/acl`` and of ``PUT /access/acl/{ace_id}``, which replaces the whole entry."""

    ace_type: AceType
    path: Annotated[str, Bound(most=MAX_ACE_PATH)]
    role_id: UUID
    user_id: UUID | None = None
    group_id: UUID | None = None
    propagate: bool | None = None
    allowed: bool | None = None


@define(kw_only=True)
class PoolBody(_Body):
    """The body of ``POST /pools`` and of ``PUT /pools/{resource_pool_id}``."""

    name: Name


def cleared(given: dict[str, Any], *names: str) -> dict[str, Any]:
    """The fields that a client sent, where null stands for an empty text in those with these names."""
    return {name: "" if value is None and name in names else value for name, value in given.items()}
