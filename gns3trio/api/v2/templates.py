"""``/v2/templates``, base configurations, and creating nodes from templates."""

from typing import Annotated, Any, ClassVar
from uuid import UUID

import orjson
from starlette.responses import Response

from gns3trio.api.access import Access
from gns3trio.api.etags import with_etag
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2 import library_replies, replies
from gns3trio.api.v2.bodies import refuse_other
from gns3trio.api.v2.views import node_view
from gns3trio.classes import define
from gns3trio.controller.library.templates import FIXED
from gns3trio.controller.names import Name
from gns3trio.controller.template_nodes import NodePlace, create_from_template
from gns3trio.encoding import dumps_sorted
from gns3trio.limits import MAX_BASE_CONFIG, Bound, Int32

routes = RouteTable("/v2")


@define(kw_only=True)
class TemplateBody:
    """The body of ``POST /templates`` and ``PUT /templates/{template_id}``. Its fields depend on the type of the
    template.
    """

    IGNORES_UNKNOWN_KEYS: ClassVar = True


@define(kw_only=True)
class TemplateUse:
    """The body of ``POST /projects/{project_id}/templates/{template_id}``."""

    x: Int32
    y: Int32
    name: Name | None = None
    compute_id: str | None = None


@define(kw_only=True)
class BaseConfig:
    """The body of ``PUT /templates/{template_id}/base-config/{filename}``."""

    content: Annotated[str, Bound(MAX_BASE_CONFIG)]
    filename: str | None = None


@routes.route("GET", "/templates", reply=list[dict[str, Any]], access=Access.LOGIN)
async def list_templates(api: ApiRequest) -> Response:
    """All templates, built-in and created."""
    return with_etag(api, dumps_sorted(list(api.controller.templates.values())), {"content-type": "application/json"})


@routes.route("POST", "/templates", status=201, reply=dict[str, Any], privilege="Template.Allocate")
async def create_template(api: ApiRequest, body: TemplateBody) -> dict[str, Any]:
    """Create a template for new nodes."""
    templates = api.controller.templates
    return templates[await templates.create(api.http.state.body)]


@routes.route("GET", "/templates/base-configs", reply=list[library_replies.BaseConfigName], privilege="Template.Audit")
async def list_base_configs(api: ApiRequest) -> list[dict[str, str]]:
    """The names of all base configurations."""
    return [{"filename": name} for name in await api.controller.base_configs.names()]


@routes.route("GET", "/templates/{template_id}", reply=dict[str, Any], access=Access.LOGIN)
async def get_template(api: ApiRequest, template_id: UUID) -> Response:
    """One template by its id."""
    return with_etag(api, dumps_sorted(api.controller.templates[template_id]), {"content-type": "application/json"})


@routes.route("PUT", "/templates/{template_id}", reply=dict[str, Any], privilege="Template.Modify")
async def update_template(api: ApiRequest, template_id: UUID, body: TemplateBody) -> dict[str, Any]:
    """Change the settings of a template."""
    templates = api.controller.templates
    refuse_other(api.http.state.body, **{name: templates[template_id][name] for name in FIXED})
    await templates.update(template_id, api.http.state.body)
    return templates[template_id]


@routes.route("DELETE", "/templates/{template_id}", status=204, privilege="Template.Allocate")
async def delete_template(api: ApiRequest, template_id: UUID) -> None:
    """Delete a template. Nodes created from it stay."""
    await api.controller.templates.delete(template_id)


@routes.route(
    "POST", "/templates/{template_id}/duplicate", status=201, reply=dict[str, Any], privilege="Template.Allocate"
)
async def duplicate_template(api: ApiRequest, template_id: UUID) -> dict[str, Any]:
    """Create a copy of a template."""
    templates = api.controller.templates
    return templates[await templates.duplicate(template_id)]


@routes.route(
    "GET",
    "/templates/{template_id}/base-config/{filename}",
    reply=library_replies.BaseConfigText,
    privilege="Template.Audit",
)
async def get_base_config(api: ApiRequest, template_id: UUID, filename: str) -> dict[str, str]:
    """The text of a base configuration."""
    _ = api.controller.templates[template_id]
    content = await api.controller.base_configs.read(filename)
    return {"content": content, "filename": filename, "template_id": str(template_id)}


@routes.route(
    "PUT",
    "/templates/{template_id}/base-config/{filename}",
    reply=library_replies.BaseConfigText,
    privilege="Template.Modify",
)
async def put_base_config(api: ApiRequest, template_id: UUID, filename: str, body: BaseConfig) -> dict[str, str]:
    """Replace the text of a base configuration."""
    _ = api.controller.templates[template_id]
    refuse_other(api.given(body), filename=filename)
    await api.controller.base_configs.write(filename, body.content)
    return {"content": body.content, "filename": filename, "template_id": str(template_id)}


@routes.route(
    "POST", "/projects/{project_id}/templates/{template_id}", status=201, reply=replies.Node, privilege="Node.Allocate"
)
async def create_node_from_template(
    api: ApiRequest, project_id: UUID, template_id: UUID, body: TemplateUse
) -> orjson.Fragment:
    """Create a node from a template. If neither it nor the request names a compute, or the name is ``auto``, the least
    loaded one that offers the type runs the node (setting ``placement``); an extension.
    """
    at = NodePlace(x=body.x, y=body.y, name=body.name, compute_id=body.compute_id)
    project = api.controller.get_project(project_id)
    return node_view(await create_from_template(api.controller, project, template_id, at))
