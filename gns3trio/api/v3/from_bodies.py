"""Converts the bodies of version 3 requests to the controller's data types."""

from collections.abc import Mapping
from typing import Any

from gns3trio.compute.node_types import node_types
from gns3trio.controller.gns3_format.revisions import COPIED, from_gns3_3, split_properties
from gns3trio.errors import Invalid


def as_record_fields(
    node_type: str, fields: Mapping[str, Any], given: Mapping[str, Any], added_before: Mapping[str, Any]
) -> dict[str, Any]:
    """The record's fields of a node: ``fields`` are those that a client of version 2 could send too, ``given`` all that
    were sent, and ``added_before`` the present properties that only GNS3 3 has.

    Properties that the type does not have are ignored. Raises Invalid for a wrong one of those of GNS3 3.
    """
    properties, added = split_properties(node_type, fields.get("properties") or {})
    made = {**fields, **{name: given[name] for name in ("aux", "aux_type") if name in given}, "node_type": node_type}
    made["properties"] = _known(node_type, properties)
    made = from_gns3_3(made)
    if not made["properties"] and "properties" not in fields:
        del made["properties"]
    added = {name: value for name, value in added.items() if name not in COPIED and value is not None}
    for name, value in added.items():
        if not isinstance(value, str if name == "usage" else str | int):
            raise Invalid(f"properties.{name}: expected text")
    if added:
        made["properties_of_3"] = {**added_before, **added}
    return {name: value for name, value in made.items() if name != "node_type" or name in fields}


def _known(node_type: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that nodes of a type have."""
    traits = node_types.get(node_type)
    names = traits.property_names if traits is not None else None
    kept = {name: value for name, value in properties.items() if names is None or name in names}
    if node_type == "ethernet_switch" and isinstance(ports := kept.get("ports_mapping"), list):
        kept["ports_mapping"] = list(map(_switch_port, ports))
    return kept


def _switch_port(port: Any) -> Any:
    """A port as switches have it: only one of QinQ has an ethertype, and version 3 tells one of each."""
    if not isinstance(port, dict) or port.get("type") == "qinq":
        return port
    return {name: value for name, value in port.items() if name != "ethertype"}
