"""Formats templates for version 3 of the API, for replies and events."""

from collections.abc import Mapping
from typing import Any

from gns3trio.controller.library.template_fields import default_extras
from gns3trio.controller.library.templates import id_in_3

_BUILTIN = ("name", "category", "default_name_format", "symbol", "template_type", "compute_id", "builtin")
_NO_DATES = {"created_at": None, "updated_at": None}
# Fields that GNS3 3 does not have.
_GONE = ("legacy_networking", "properties", "engine")
_ETHERTYPE = "0x8100"


def template_view(template: Mapping[str, Any], extras: Mapping[str, Any]) -> dict[str, Any]:
    """A template; ``extras`` are the fields that only GNS3 3 has. A built-in one has another id than in version 2."""
    template_type = template["template_type"]
    if template["builtin"]:
        view = {name: template[name] for name in _BUILTIN} | dict(template.get("properties", {}))
        view["template_id"] = str(id_in_3(template_type))
        if "console_type" in template:
            view["console_type"] = template["console_type"]
        return view
    own = {name: value for name, value in template.items() if name not in _GONE}
    view = {"usage": "", **_NO_DATES, **default_extras(template_type), **extras, **own}
    if template_type == "ethernet_switch":
        ports = own["ports_mapping"]
        view["ports_mapping"] = [{**port, "ethertype": port["ethertype"] or _ETHERTYPE} for port in ports]
    return view
