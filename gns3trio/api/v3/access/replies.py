"""The shapes of users, groups, roles, access control entries and pools in version 3, for OpenAPI. They are GNS3's."""

from typing import Literal

from gns3trio.api.replies import Whole, reply_shape

# Of what has no role of its own, but can be named by an entry.
EndpointType = Literal["root", "project", "node", "link", "user", "group", "role", "image", "template", "pool"]


@reply_shape
class Dated(Whole):
    """When it was created and changed, such as ``2026-11-29T21:16:38`` (UTC); null if that is not known."""

    created_at: str | None
    updated_at: str | None


@reply_shape
class User(Dated):
    """A user. A missing ``email`` or ``full_name`` is an empty text: the GNS3 web UI cannot search for null."""

    user_id: str
    username: str
    email: str
    full_name: str
    is_active: bool
    is_superadmin: bool
    last_login: str | None


@reply_shape
class UserGroup(Dated):
    """A group of users."""

    user_group_id: str
    name: str
    is_builtin: bool


@reply_shape
class Privilege(Dated):
    """A privilege, which a role may contain."""

    privilege_id: str
    name: str
    description: str


@reply_shape
class Role(Dated):
    """A role with its privileges."""

    role_id: str
    name: str
    description: str
    is_builtin: bool
    privileges: list[Privilege]


@reply_shape
class Ace(Dated):
    """An access control entry."""

    ace_id: str
    ace_type: Literal["user", "group"]
    user_id: str | None
    group_id: str | None
    role_id: str
    path: str
    propagate: bool
    allowed: bool


@reply_shape
class Endpoint(Whole):
    """A path that an access control entry can name, and what is there."""

    endpoint: str
    name: str
    endpoint_type: EndpointType


@reply_shape
class ResourcePool(Dated):
    """A pool of resources."""

    resource_pool_id: str
    name: str


@reply_shape
class Resource(Dated):
    """What is in a pool: a project. The name of one that is not there now is empty."""

    resource_id: str
    resource_type: Literal["project"]
    name: str
