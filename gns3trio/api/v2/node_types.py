"""``/v2/node_types`` and ``/v2/template_types``; extensions: they describe all types, so that clients need no list of
their own.
"""

from typing import Any

from gns3trio.api.access import Access
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2 import form_replies
from gns3trio.api.v2.form_replies import field_view, placed_field_view
from gns3trio.compute.node_traits import NodeTraits
from gns3trio.compute.node_types import node_types
from gns3trio.controller.library.type_forms import node_form, template_form

routes = RouteTable("/v2")


@routes.route("GET", "/node_types", reply=list[form_replies.NodeType], access=Access.LOGIN)
async def list_node_types(api: ApiRequest) -> list[dict[str, Any]]:
    """All node types, first those that this server runs, with the fields of forms for their nodes; an extension."""
    own = api.controller.computes.own
    return [node_type_view(traits, own.runs(traits.name)) for traits in node_types.values()]


@routes.route("GET", "/template_types", reply=list[form_replies.TemplateType], access=Access.LOGIN)
async def list_template_types(api: ApiRequest) -> list[dict[str, Any]]:
    """The types of templates that can be made, with the fields of forms for them; an extension."""
    return [
        {
            "template_type": traits.name,
            "title": traits.title,
            "fields": [field_view(each.field) for each in form],
        }
        for traits in node_types.values()
        if (form := template_form(traits.name)) is not None
    ]


def node_type_view(traits: NodeTraits, runs_here: bool) -> dict[str, Any]:
    """A node type with everything that a client needs to offer, create and show its nodes."""
    return {
        "abilities": sorted(traits.abilities),
        "always_runs": traits.always_runs,
        "can_be_duplicated": traits.can_be_duplicated,
        "image_property": traits.image_property,
        "can_suspend": traits.can_suspend,
        "category": traits.category,
        "console_types": list(traits.console_types),
        "default_script": traits.script.default if traits.script is not None else None,
        "emulator": traits.emulator,
        "engines": list(traits.engines),
        "name_format": traits.name_format.replace("{name}", traits.title),
        "node_type": traits.name,
        "properties": [placed_field_view(field) for field in node_form(traits.name)],
        "reaches_host": traits.reaches_host,
        "runs_here": runs_here,
        "script_file": traits.script.file_name if traits.script is not None else None,
        "symbol": f":/symbols/{traits.symbol}.svg",
        "title": traits.title,
    }
