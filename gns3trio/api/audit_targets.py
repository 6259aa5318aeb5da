"""What a request changes, for the audit trail: its kind and its name at that time. The path names it by an id; what is
made is named by the reply.
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import orjson

from gns3trio.controller.controller import Controller
from gns3trio.controller.links.link import Link
from gns3trio.controller.people.records import PRIVILEGE_IDS, Ace
from gns3trio.controller.project.project import Project
from gns3trio.convert import as_uuid

MAX_NAME = 200
# Longer replies are those of lists, which make nothing.
MAX_REPLY_BYTES = 64 * 1024

# The name of what has an id; ``values`` are the parameters of the path, or what the reply says. None if nothing has it.
_Namer = Callable[[Controller, UUID, Mapping[str, Any]], str | None]


def _project_of(controller: Controller, values: Mapping[str, Any]) -> Project | None:
    project_id = as_uuid(str(values.get("project_id", "")))
    return None if project_id is None else controller.projects.get(project_id)


def _project(controller: Controller, project_id: UUID, _values: Mapping[str, Any]) -> str | None:
    project = controller.projects.get(project_id)
    return None if project is None else project.settings.name


def _node(controller: Controller, node_id: UUID, values: Mapping[str, Any]) -> str | None:
    project = _project_of(controller, values)
    node = None if project is None else project.nodes.get(node_id)
    return None if node is None else node.name


def _link(controller: Controller, link_id: UUID, values: Mapping[str, Any]) -> str | None:
    project = _project_of(controller, values)
    link: Link | None = None if project is None else project.links.get(link_id)
    if project is None or link is None:
        return None
    return "-".join(project.nodes.name_of(end.node_id) for end in link.record.nodes)


def _template(controller: Controller, template_id: UUID, _values: Mapping[str, Any]) -> str | None:
    return str(controller.templates[template_id]["name"]) if template_id in controller.templates else None


def _user(controller: Controller, user_id: UUID, _values: Mapping[str, Any]) -> str | None:
    known = user_id in controller.people.records.users
    return controller.people.users.require(user_id).username if known else None


def _group(controller: Controller, group_id: UUID, _values: Mapping[str, Any]) -> str | None:
    group = controller.people.records.groups.get(group_id)
    return None if group is None else group.name


def _role(controller: Controller, role_id: UUID, _values: Mapping[str, Any]) -> str | None:
    role = controller.people.records.roles.get(role_id)
    return None if role is None else role.name


def _pool(controller: Controller, pool_id: UUID, _values: Mapping[str, Any]) -> str | None:
    pool = controller.people.records.pools.get(pool_id)
    return None if pool is None else pool.name


def _entry(controller: Controller, ace_id: UUID, _values: Mapping[str, Any]) -> str | None:
    ace = controller.people.records.aces.get(ace_id)
    return None if ace is None else entry_name(controller, ace)


def entry_name(controller: Controller, ace: Ace) -> str:
    """What an access control entry says: who has which role where."""
    subject = ace.user_id or ace.group_id
    assert subject is not None
    who = f"{ace.ace_type} {(_user if ace.user_id else _group)(controller, subject, {}) or subject}"
    role = _role(controller, ace.role_id, {}) or str(ace.role_id)
    denied = "" if ace.allowed else "not "
    here = "" if ace.propagate else " only"
    return f"{who}: {denied}{role} on {_place_name(controller, ace.path)}{here}"


def _place_name(controller: Controller, path: str) -> str:
    """A path of an entry, with the name of the project or pool if it ends there."""
    for prefix, kind, namer in (("/projects/", "project", _project), ("/pools/", "pool", _pool)):
        place_id = as_uuid(path.removeprefix(prefix)) if path.startswith(prefix) else None
        if place_id is not None and (name := namer(controller, place_id, {})) is not None:
            return f"{kind} {name}"
    return path


# By the name of the parameter or of the field in a reply. A reply that has several of them is about the first one.
_KINDS: Mapping[str, tuple[str, _Namer | None]] = {
    "ace_id": ("permission", _entry),
    "node_id": ("node", _node),
    "vm_id": ("node", _node),
    "link_id": ("link", _link),
    "drawing_id": ("drawing", None),
    "snapshot_id": ("snapshot", None),
    "template_id": ("template", _template),
    "project_id": ("project", _project),
    "user_id": ("user", _user),
    "user_group_id": ("group", _group),
    "role_id": ("role", _role),
    "privilege_id": ("privilege", lambda _controller, privilege_id, _values: PRIVILEGE_IDS.get(privilege_id)),
    "resource_pool_id": ("pool", _pool),
    "resource_id": ("project", _project),
    "compute_id": ("host", None),
    "appliance_id": ("appliance", None),
    "symbol_id": ("symbol", None),
    "filename": ("file", None),
    "image_path": ("image", None),
    "path": ("file", None),
    "disk_name": ("disk", None),
}


def target_of(controller: Controller, parameters: Mapping[str, Any]) -> dict[str, str] | None:
    """What a request with these parameters in its path is about: the last thing in the path, and ``of`` what it is
    part. None if the path names nothing.
    """
    named = [name for name in parameters if name in _KINDS]
    if not named:
        return None
    kind, name = _named(controller, named[-1], parameters)
    target = {"kind": kind, "name": name}
    if len(named) > 1:
        target["of"] = " ".join(_named(controller, named[-2], parameters))
    return target


def made_by(controller: Controller, parameters: Mapping[str, Any], reply: bytes) -> dict[str, str] | None:
    """What the reply of a request tells that was made; None if that is nothing new."""
    if len(reply) > MAX_REPLY_BYTES:
        return None
    try:
        made = orjson.loads(reply)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(made, dict):
        return None
    given = {str(value) for value in parameters.values()}
    # What is in a project tells on which host it runs, too.
    fields = [
        name for name in _KINDS if name.endswith("_id") and (name != "compute_id" or "project_id" not in parameters)
    ]
    field = next((name for name in fields if isinstance(made.get(name), str) and made[name] not in given), None)
    if field is None:
        return None
    own = made.get("username") or made.get("name")
    kind, name = _named(controller, field, made)
    target = {"kind": kind, "name": own[:MAX_NAME] if isinstance(own, str) and own else name}
    if "project_id" in parameters:
        target["of"] = " ".join(_named(controller, "project_id", parameters))
    return target


def _named(controller: Controller, field: str, values: Mapping[str, Any]) -> tuple[str, str]:
    kind, namer = _KINDS[field]
    text = str(values[field])
    if kind == "host":
        return kind, controller.computes.name_of(text)[:MAX_NAME]
    thing_id = as_uuid(text)
    name = None if namer is None or thing_id is None else namer(controller, thing_id, values)
    return kind, (name or text)[:MAX_NAME]
