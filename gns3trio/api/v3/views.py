"""Formats projects and their contents for version 3 of the API, for replies and events. What is not here is as in
version 2.
"""

from typing import Any

import orjson

from gns3trio.api.node_views import NodeViews
from gns3trio.api.replies import shown_as
from gns3trio.api.v2 import views as v2
from gns3trio.api.v3 import replies
from gns3trio.controller.archives.snapshots import Snapshot
from gns3trio.controller.gns3_format.records import NodeRecord
from gns3trio.controller.gns3_format.revisions import to_gns3_3
from gns3trio.controller.library.templates import template_id_in_3
from gns3trio.controller.links.host_ports import HostPort
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.project.project import Project

link_view, saved_link_view, drawing_view = v2.link_view, v2.saved_link_view, v2.drawing_view

_NO_ADAPTER = {"adapter_type": None, "mac_address": None}


def project_view(project: Project) -> dict[str, Any]:
    """A project. ``error`` is present only if its file is unreadable."""
    view = v2.project_view(project)
    del view["temporary"]
    return view


def _as_in_3(fields: dict[str, Any], record: NodeRecord) -> dict[str, Any]:
    """A node of version 2 with what version 3 adds, and without the script: clients send all properties back, and what
    they got may be older than the file.
    """
    properties = {"usage": None, **record.properties_of_3, **record.properties}
    properties.pop("startup_script", None)
    template_id = template_id_in_3(record.template_id)
    more = {
        "aux": record.aux,
        "aux_type": record.aux_type,
        "properties": properties,
        "template_id": str(template_id) if template_id is not None else None,
    }
    return to_gns3_3({**fields, **more})


def record_view(record: NodeRecord) -> dict[str, Any]:
    """A node of a closed project, from its file. Encode it at once, because it shares parts of the record."""
    return _as_in_3(v2.record_view(record), record)


def _node_fields(node: Node) -> dict[str, Any]:
    fields = _as_in_3(v2.node_fields(node), node.record)
    fields["ports"] = [{**_NO_ADAPTER, **port} for port in fields["ports"]]
    return fields


_views = NodeViews(_node_fields)


def node_view(node: Node) -> orjson.Fragment:
    """A node of an opened project as JSON."""
    return _views.of(node)


async def node_list_view(project: Project) -> orjson.Fragment:
    """The nodes of an opened project as JSON."""
    return await _views.of_all(project)


def snapshot_view(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot in the list of a project."""
    ids = {"snapshot_id": str(snapshot.snapshot_id), "project_id": str(snapshot.project_id)}
    return {**shown_as(replies.Snapshot, snapshot), **ids}


def host_port_view(port: HostPort) -> dict[str, Any]:
    """What a link reaches of a host, with the keys of its type."""
    view = shown_as(replies.HostPort, port)
    return {**{name: value for name, value in view.items() if value is not None}, "node_id": str(port.node_id)}
