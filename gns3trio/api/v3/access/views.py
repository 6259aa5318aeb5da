"""The JSON of users, groups, roles, access control entries and pools in version 3."""

from collections.abc import Iterator
from typing import Any

from gns3trio.controller.people.privileges import PRIVILEGES, Privilege
from gns3trio.controller.people.records import PRIVILEGE_IDS, Ace, Group, Pool, Role, User, id_of


def user_view(user: User) -> dict[str, Any]:
    """A user, without the hash of the password."""
    return {
        "user_id": str(user.user_id),
        "username": user.username,
        "email": user.email,
        "full_name": user.full_name,
        "is_active": user.is_active,
        "is_superadmin": user.is_superadmin,
        "last_login": user.last_login,
        "created_at": user.created_at,
        "updated_at": user.updated_at,
    }


def group_view(group: Group) -> dict[str, Any]:
    """A group, without its members."""
    return {
        "user_group_id": str(group.group_id),
        "name": group.name,
        "is_builtin": group.is_builtin,
        "created_at": group.created_at,
        "updated_at": group.updated_at,
    }


def privilege_view(name: Privilege, since: str) -> dict[str, Any]:
    """A privilege, which is there since the first start of the server."""
    return {
        "privilege_id": str(id_of("privilege", name)),
        "name": name,
        "description": PRIVILEGES[name],
        "created_at": since,
        "updated_at": since,
    }


def privilege_views(role: Role) -> Iterator[dict[str, Any]]:
    """The privileges of a role, in the order in which all are listed."""
    return (privilege_view(name, role.created_at) for name in PRIVILEGE_IDS.values() if name in role.privileges)


def role_view(role: Role) -> dict[str, Any]:
    """A role with its privileges."""
    return {
        "role_id": str(role.role_id),
        "name": role.name,
        "description": role.description,
        "is_builtin": role.is_builtin,
        "privileges": list(privilege_views(role)),
        "created_at": role.created_at,
        "updated_at": role.updated_at,
    }


def ace_view(ace: Ace) -> dict[str, Any]:
    """An access control entry."""
    return {
        "ace_id": str(ace.ace_id),
        "ace_type": ace.ace_type,
        "user_id": None if ace.user_id is None else str(ace.user_id),
        "group_id": None if ace.group_id is None else str(ace.group_id),
        "role_id": str(ace.role_id),
        "path": ace.path,
        "propagate": ace.propagate,
        "allowed": ace.allowed,
        "created_at": ace.created_at,
        "updated_at": ace.updated_at,
    }


def pool_view(pool: Pool) -> dict[str, Any]:
    """A pool, without its resources."""
    return {
        "resource_pool_id": str(pool.pool_id),
        "name": pool.name,
        "created_at": pool.created_at,
        "updated_at": pool.updated_at,
    }
