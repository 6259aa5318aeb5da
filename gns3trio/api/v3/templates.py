"""``/v3/templates``, and nodes from them."""

from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from starlette.responses import Response

from gns3trio.api.access import Access
from gns3trio.api.encoded_lists import encode_list
from gns3trio.api.etags import with_etag
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v3 import replies
from gns3trio.api.v3.bodies import TemplateQuery
from gns3trio.api.v3.template_views import template_view
from gns3trio.api.v3.views import node_view
from gns3trio.classes import define
from gns3trio.compute.host import ANY_COMPUTE_ID
from gns3trio.controller.library.template_fields import read_fields
from gns3trio.controller.names import Name
from gns3trio.controller.template_nodes import NodePlace, create_from_template
from gns3trio.controller.unused_images import images_of_template, prune_images
from gns3trio.encoding import dumps_sorted
from gns3trio.errors import Conflict, Forbidden
from gns3trio.limits import MAX_FREE_TEXT, Bound, Int32

routes = RouteTable("/v3")

TemplateType = Literal[
    "cloud",
    "nat",
    "ethernet_hub",
    "ethernet_switch",
    "frame_relay_switch",
    "atm_switch",
    "docker",
    "dynamips",
    "vpcs",
    "virtualbox",
    "vmware",
    "iou",
    "qemu",
]
# Fields that may be null. Elsewhere null means that a field stays as it is, or gets its default.
_NULLABLE = ("compute_id", "version")
# What clients send back with a whole template.
_FIXED = ("template_id", "template_type", "builtin", "created_at", "updated_at")


@define(kw_only=True)
class TemplateUpdate:
    """The body of ``PUT /templates/{template_id}``; its other fields depend on the type of the template. What is left
    out, or null, stays as it is.
    """

    name: Name | None = None
    version: str | None = None
    category: Literal["router", "switch", "guest", "firewall"] | None = None
    default_name_format: Name | None = None
    symbol: str | None = None
    template_type: TemplateType | None = None
    compute_id: str | None = None
    usage: Annotated[str, Bound(MAX_FREE_TEXT)] | None = None


@define(kw_only=True)
class TemplateCreate(TemplateUpdate):
    """The body of ``POST /templates``; its other fields depend on the type of the template."""

    template_id: UUID | None = None
    name: Name
    template_type: TemplateType


@define(kw_only=True)
class TemplateUsage:
    """The body of ``POST /projects/{project_id}/templates/{template_id}``."""

    x: Int32
    y: Int32
    name: Name | None = None
    compute_id: str | None = None


@routes.route("GET", "/templates", reply=list[dict[str, Any]], access=Access.LOGIN)
async def list_templates(api: ApiRequest) -> Response:
    """All templates, built-in and created."""
    templates, lines = api.controller.templates, api.context.template_lines
    lines.forget_all_but(templates)
    # They may change in the pauses between the slices.
    listed = [(template_id, template, templates.extras(template_id)) for template_id, template in templates.items()]
    encoded = await encode_list(lines.line(*each) for each in listed)
    return with_etag(api, encoded, {"content-type": "application/json"})


@routes.route("POST", "/templates", status=201, reply=dict[str, Any], privilege="Template.Allocate")
async def create_template(api: ApiRequest, body: TemplateCreate) -> dict[str, Any]:
    """Create a template for new nodes. Without a compute, the least loaded one runs them."""
    fields = read_fields(body.template_type, _given(api))
    template = {**fields.shared, "template_id": str(body.template_id) if body.template_id is not None else None}
    return _view(api, await api.controller.templates.create(template, fields.extras, unique_name=True))


@routes.route("GET", "/templates/{template_id}", reply=dict[str, Any], access=Access.LOGIN)
async def get_template(api: ApiRequest, template_id: UUID) -> Response:
    """One template by its id."""
    return with_etag(api, dumps_sorted(_view(api, template_id)), {"content-type": "application/json"})


@routes.route("PUT", "/templates/{template_id}", reply=dict[str, Any], privilege="Template.Modify")
async def update_template(api: ApiRequest, template_id: UUID, body: TemplateUpdate) -> dict[str, Any]:
    """Change the settings of a template, except its type."""
    templates = api.controller.templates
    template = _require_own(api, template_id)
    if body.template_type not in (None, template["template_type"]):
        raise Conflict(f"template_type: cannot be changed; it is {template['template_type']}")
    changes = _given(api)
    whole = {**template, **templates.extras(template_id), **changes}
    fields = read_fields(template["template_type"], whole).only(changes)
    await templates.update(template_id, fields.shared, fields.extras)
    return _view(api, template_id)


@routes.route(
    "DELETE",
    "/templates/{template_id}",
    status=204,
    query={"prune_images": "whether to delete its images, too, if nothing else uses them"},
    privilege="Template.Allocate",
)
async def delete_template(api: ApiRequest, template_id: UUID) -> None:
    """Delete a template. Nodes created from it stay."""
    template, prunes = _require_own(api, template_id), api.query(TemplateQuery).prune_images
    await api.controller.templates.delete(template_id)
    if prunes and (images := images_of_template(template)):
        await prune_images(api.controller, images)


@routes.route(
    "POST", "/templates/{template_id}/duplicate", status=201, reply=dict[str, Any], privilege="Template.Allocate"
)
async def duplicate_template(api: ApiRequest, template_id: UUID) -> dict[str, Any]:
    """Create a copy of a template."""
    _require_own(api, template_id)
    return _view(api, await api.controller.templates.duplicate(template_id))


@routes.route(
    "POST",
    "/projects/{project_id}/templates/{template_id}",
    status=201,
    reply=replies.Node,
    privilege="Node.Allocate",
)
async def create_node_from_template(
    api: ApiRequest, project_id: UUID, template_id: UUID, body: TemplateUsage
) -> orjson.Fragment:
    """Create a node from a template. If neither it nor the request names a compute, or the name is ``auto``, the least
    loaded one that offers the type runs the node (setting ``placement``); an extension.
    """
    if body.compute_id not in (None, ANY_COMPUTE_ID):
        api.controller.computes.state(body.compute_id)
    at = NodePlace(x=body.x, y=body.y, name=body.name, compute_id=body.compute_id)
    project = api.controller.get_project(project_id)
    return node_view(await create_from_template(api.controller, project, template_id, at))


def _given(api: ApiRequest) -> dict[str, Any]:
    """The fields that the client sent and may choose."""
    sent: dict[str, Any] = api.http.state.body
    given = {
        name: value
        for name, value in sent.items()
        if name not in _FIXED and (value is not None or name in _NULLABLE) and (name != "symbol" or value)
    }
    if "symbol" in given:
        given["symbol"] = api.controller.symbols.id_of(given["symbol"])
    return given


def _require_own(api: ApiRequest, template_id: UUID) -> dict[str, Any]:
    template = api.controller.templates[template_id]
    if template["builtin"]:
        raise Forbidden(f"Template '{template['name']}' is built in: it cannot be changed, copied or deleted")
    return template


def _view(api: ApiRequest, template_id: UUID) -> dict[str, Any]:
    templates = api.controller.templates
    return template_view(templates[template_id], templates.extras(template_id))
