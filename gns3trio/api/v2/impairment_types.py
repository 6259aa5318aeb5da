"""``/v2/impairment_types``; an extension: describes our own link filters, so that clients need no list of their own."""

from typing import Any

from gns3trio.api.access import Access
from gns3trio.api.routing import ApiRequest, RouteTable
from gns3trio.api.v2 import replies
from gns3trio.conditions.impairments import IMPAIRMENT_TYPES, ImpairmentType
from gns3trio.conditions.parameters import Parameter

routes = RouteTable("/v2")

_KINDS = {float: "number", int: "integer", str: "text"}


@routes.route("GET", "/impairment_types", reply=list[replies.ImpairmentType], access=Access.LOGIN)
async def list_impairment_types(api: ApiRequest) -> list[dict[str, Any]]:
    """All types of impairments, with what each does and has; an extension."""
    return [impairment_type_view(kind) for kind in IMPAIRMENT_TYPES.values()]


def impairment_type_view(kind: ImpairmentType) -> dict[str, Any]:
    """A type of impairment with everything that a client needs to offer and check it."""
    return {
        "effect": kind.effect,
        "gns3_filter": kind.gns3_filter,
        "parameters": [
            *(_parameter_view(parameter, required=True) for parameter in kind.needed),
            *(_parameter_view(parameter, required=False) for parameter in kind.possible),
        ],
        "title": kind.title,
        "type": kind.name,
    }


def _parameter_view(parameter: Parameter, *, required: bool) -> dict[str, Any]:
    is_text = isinstance(parameter.default, str)
    slider = None
    if parameter.usual is not None:
        slider = {
            "factor": parameter.shown_factor,
            "maximum": parameter.usual / parameter.shown_factor,
            "unit": parameter.shown_unit or parameter.unit,
        }
    return {
        "default": None if required else parameter.default,
        "description": parameter.description,
        "is_told": parameter.is_told,
        "kind": _KINDS[type(parameter.default)],
        "max_length": parameter.most if is_text else None,
        "maximum": None if is_text else parameter.most,
        "minimum": None if is_text else parameter.least,
        "name": parameter.name,
        "required": required,
        "slider": slider,
        "suggested": parameter.suggested,
        "unit": parameter.unit,
    }
