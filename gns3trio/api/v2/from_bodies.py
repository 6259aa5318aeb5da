"""Converts the bodies of requests to the controller's data types."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID, uuid4

from gns3trio.api.replies import keys_of
from gns3trio.api.routing import ApiRequest
from gns3trio.api.v2.bodies import LinkCreate, NodeSettings, refuse_other
from gns3trio.api.v2.replies import SavedNode
from gns3trio.api.v2.shapes import Label
from gns3trio.controller.gns3_format.records import LinkEndRecord, LinkRecord
from gns3trio.controller.links.ends import require_two_ends
from gns3trio.controller.links.filters import checked_filters
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.project.project import Project
from gns3trio.errors import Forbidden

_RECORD_FIELDS = frozenset(keys_of(SavedNode))
# A client that sends a whole node object back also sends these. They are not changed.
_CHANGEABLE_FIELDS = _RECORD_FIELDS - {"node_id", "node_type", "compute_id", "template_id"}


def project_changes(project: Project, given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that a client changes. Raises Forbidden if it would change the folder, too."""
    changes = dict(given)
    if changes.pop("path", None) not in (None, str(project.folder)):
        raise Forbidden("path: the folder of a project cannot be changed")
    return changes


def drawing_fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a drawing that a client sent."""
    return {name: value for name, value in given.items() if name not in ("drawing_id", "project_id")}


def node_record_fields(
    api: ApiRequest, body: NodeSettings, sent: Mapping[str, Any], engine: str | None
) -> dict[str, Any]:
    """The NodeRecord fields that a client ``sent``, plus an id, the size of a chosen symbol, and the engine."""
    fields = {name: _for_record(getattr(body, name)) for name in _RECORD_FIELDS & sent.keys()}
    if engine is not None:
        fields["engine"] = engine
    if fields.get("node_id") is None:
        fields["node_id"] = uuid4()
    if fields.get("symbol") and "width" not in fields and "height" not in fields:
        fields["width"], fields["height"] = api.controller.symbols.size(fields["symbol"])
    return fields


def record_changes(api: ApiRequest, body: Any) -> dict[str, Any]:
    """The fields that the client sent and is allowed to change."""
    return {name: _for_record(value) for name, value in api.given(body).items() if name in _CHANGEABLE_FIELDS}


def _for_record(value: Any) -> Any:
    return value.record() if isinstance(value, Label) else value


def refuse_other_identity(api: ApiRequest, node: Node, given: Mapping[str, Any]) -> None:
    """Raises Conflict if the request would change the node's identity, NotFound for an unknown compute.

    A client that has not noticed that the node was moved sends its former compute: this changes nothing.
    """
    record = node.record
    if given.get("compute_id") in node.former_computes:
        given = {**given, "compute_id": record.compute_id}
    if given.get("compute_id", record.compute_id) != record.compute_id:
        api.controller.computes.state(given["compute_id"])
    refuse_other(
        given,
        node_id=record.node_id,
        project_id=node.project_id,
        node_type=record.node_type,
        compute_id=record.compute_id,
        template_id=record.template_id,
    )


async def link_record(project_id: UUID, body: LinkCreate) -> LinkRecord:
    """The record of a new link. Raises Invalid, or Conflict for a link that this server does not support."""
    refuse_other(
        {"project_id": body.project_id, "link_type": body.link_type}, project_id=project_id, link_type="ethernet"
    )
    return await new_link_record(body)


class LinkEndBody(Protocol):
    """One end of a new link."""

    def record(self) -> LinkEndRecord:
        """Convert it to the controller's record."""


class LinkBody(Protocol):
    """What the versions have in common of the body of a new link."""

    link_id: UUID | None
    filters: dict[str, Any]
    link_style: dict[str, Any]
    suspend: bool

    @property
    def nodes(self) -> Sequence[LinkEndBody]:
        """Its ends."""


async def new_link_record(body: LinkBody) -> LinkRecord:
    """The record of a new link. Raises Invalid."""
    require_two_ends(body.nodes)
    return LinkRecord(
        link_id=body.link_id or uuid4(),
        nodes=[end.record() for end in body.nodes],
        filters=await checked_filters(body.filters),
        link_style=body.link_style,
        suspend=body.suspend,
    )
