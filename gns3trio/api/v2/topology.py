"""``/v2/projects/{project_id}/topology`` and ``.../batch``: many changes in one request, all or
nothing; an extension.
"""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

import attrs
from starlette.responses import Response

from gns3trio import threads
from gns3trio.api.disconnects import cancelled_on_disconnect
from gns3trio.api.encoded_lists import LongReply
from gns3trio.api.identity import require_privilege
from gns3trio.api.replies import Whole, shown_as
from gns3trio.api.routing import ApiRequest, RouteTable, read_body
from gns3trio.api.v2 import replies
from gns3trio.api.v2.bodies import DrawingBody, LinkCreate, NodeCreate
from gns3trio.api.v2.from_bodies import link_record, node_record_fields
from gns3trio.api.v2.views import drawing_view, link_view, node_view
from gns3trio.classes import define
from gns3trio.compute.expressions import with_expressions
from gns3trio.controller.as_code.document import DesiredTopology, parse_document
from gns3trio.controller.as_code.export import export_document
from gns3trio.controller.as_code.reconcile import create_all, reconcile
from gns3trio.controller.people.privileges import Privilege
from gns3trio.encoding import dumps
from gns3trio.errors import Invalid
from gns3trio.json_text import read_json
from gns3trio.limits import MAX_DRAWINGS, MAX_LINKS, MAX_NODES, Bound
from gns3trio.slices import Slices, in_slices

routes = RouteTable("/v2/projects/{project_id}")

YAML = "application/yaml"  # RFC 9512
_DRY_RUN = {"": False, "false": False, "true": True}


@define(kw_only=True)
class BatchCreate:
    """The objects to create, each as in a request of its own. Links refer to nodes by ids that the
    client has chosen. With ``start``, the created nodes are started, too.
    """

    nodes: Annotated[list[NodeCreate], Bound(MAX_NODES)] = attrs.field(factory=list)
    links: Annotated[list[LinkCreate], Bound(MAX_LINKS)] = attrs.field(factory=list)
    drawings: Annotated[list[DrawingBody], Bound(MAX_DRAWINGS)] = attrs.field(factory=list)
    start: bool = False


@define(kw_only=True)
class BatchReply(Whole):
    """The created objects, in the order of the request."""

    nodes: list[replies.Node]
    links: list[replies.Link]
    drawings: list[replies.Drawing]


@define(kw_only=True)
class ChangeReply(Whole):
    """A change. ``fields`` are the changed fields by name, as ``{"from": ..., "to": ...}``."""

    action: Literal["create", "update", "delete"]
    kind: Literal["node", "link", "drawing"]
    name: str
    fields: dict[str, Any]


@define(kw_only=True)
class TopologyReply(Whole):
    """The changes that were made, or with ``dry_run`` would be made."""

    changes: list[ChangeReply]
    dry_run: bool


# The privileges on all nodes, links and drawings, on the paths where requests for single ones need them.
_Needs = tuple[tuple[Privilege, str], ...]
_NODES, _LINKS, _DRAWINGS = (f"/projects/{{project_id}}/{place}" for place in ("nodes", "links", "drawings"))
_AUDIT: _Needs = (("Node.Audit", _NODES), ("Link.Audit", _LINKS), ("Drawing.Audit", _DRAWINGS))
_ALLOCATE: _Needs = (("Node.Allocate", _NODES), ("Link.Allocate", _LINKS), ("Drawing.Allocate", _DRAWINGS))
_MODIFY: _Needs = (("Node.Modify", _NODES), ("Link.Modify", _LINKS), ("Drawing.Modify", _DRAWINGS))


@routes.route("POST", "/batch", status=201, reply=BatchReply, also=_ALLOCATE)
async def create_batch(api: ApiRequest, project_id: UUID, body: BatchCreate) -> LongReply:
    """Create nodes, links and drawings, and start the nodes if asked to, all or nothing; an extension."""
    if body.start:
        require_privilege(api.http.scope, "Node.PowerMgmt", f"/projects/{project_id}/nodes")
    project = api.controller.get_project(project_id)
    given = api.http.state.body
    nodes = await in_slices(
        node_record_fields(api, node, sent, node.engine)
        for node, sent in zip(body.nodes, given.get("nodes", ()), strict=True)
    )
    links, slices = [], Slices()
    for index, link in enumerate(body.links):
        try:
            links.append(await link_record(project_id, link))
        except Invalid as error:
            raise Invalid(f"links[{index}].{error}") from None
        await slices.pause()
    drawings = await in_slices(
        {**attrs.asdict(each), "drawing_id": each.drawing_id or uuid4()} for each in body.drawings
    )
    created = await create_all(project, nodes, links, drawings, start=body.start)
    return LongReply(
        {
            "nodes": map(node_view, created.nodes),
            "links": map(link_view, created.links),
            "drawings": (drawing_view(project_id, drawing) for drawing in created.drawings),
        }
    )


@routes.route("GET", "/topology", reply=DesiredTopology, privilege="Project.Audit", also=_AUDIT)
async def get_topology(api: ApiRequest, project_id: UUID) -> Response:
    """The project as a topology document for ``PUT``, in JSON, or in YAML if the client accepts that; an extension."""
    document = await export_document(api.controller.get_project(project_id))
    if YAML in api.http.headers.get("accept", ""):
        from gns3trio.topology_yaml import format_yaml  # imported here, so that the server starts faster

        text = await threads.parsers.run(format_yaml, document)
        return Response(text, media_type=None, headers={"content-type": YAML, "vary": "Accept"})
    # Not sorted, but in a readable order: GNS3's clients do not use this route.
    return Response(dumps(document), headers={"content-type": "application/json", "vary": "Accept"})


_QUERY = {"dry_run": "`true`: change nothing, only report what would change"}


@routes.route(
    "PUT",
    "/topology",
    raw_body=True,
    body=DesiredTopology,
    reply=TopologyReply,
    query=_QUERY,
    privilege="Project.Modify",
    also=(*_ALLOCATE, *_MODIFY),
)
async def put_topology(api: ApiRequest, project_id: UUID) -> dict[str, Any]:
    """Make a project match a topology document in JSON or YAML, all or nothing; an extension.

    Nodes are identified by their names, links by their ends.
    """
    project = api.controller.get_project(project_id)
    if unknown := sorted(api.http.query_params.keys() - _QUERY.keys()):
        raise Invalid(f"{unknown[0]}: unknown parameter; there is dry_run")
    dry_run = _DRY_RUN.get(api.http.query_params.get("dry_run", ""))
    if dry_run is None:
        raise Invalid("dry_run: is true or false")
    raw = await _read(api)
    check = partial(parse_document, raw)
    document = await cancelled_on_disconnect(api, lambda: with_expressions(check, threads.parsers))
    plan = await reconcile(project, document, dry_run=dry_run)
    return {"changes": [shown_as(ChangeReply, change) for change in plan.changes], "dry_run": dry_run}


async def _read(api: ApiRequest) -> Any:
    data = await read_body(api.http)
    if "yaml" in api.http.headers.get("content-type", ""):
        from gns3trio.topology_yaml import parse_yaml  # as above

        document = await _in_thread(parse_yaml, data)
        if document is None:
            raise Invalid("body: the document is empty; one of an empty project is {}")
        return document
    try:
        return await _in_thread(read_json, data)
    except Invalid as error:
        raise Invalid(f"{error}; YAML needs the Content-Type {YAML}") from None


async def _in_thread(read: Callable[[bytearray], Any], data: bytearray) -> Any:
    try:
        return await threads.parsers.run(read, data)
    except Invalid as error:
        raise Invalid(f"body: {error}") from None
