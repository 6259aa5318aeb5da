"""What differs between the two revisions in which a project is saved: 9 of GNS3 2.2, and 10 of GNS3 3.0. Sans-IO.

A project keeps the revision of its file, unless a user converts it. In memory all projects look alike; only the text of
the file differs. Measured with gns3-server 3.0.6:

- GNS3 2.2 refuses a file of revision 10. GNS3 3.0 opens one of revision 9, and only changes its number.
- In revision 10, a node has ``aux`` and ``aux_type``, also a container, whose port of that kind is a property in
  revision 9.
- Some properties exist only there (``gns3_3.ADDED_PROPERTIES``). GNS3 2.2 refuses to create a node that has one of
  them, so with revision 9 they are kept beside the file (see ``own_fields``).
- GNS3 3.0 has no nodes of the type traceng, and takes only whole URLs for that of the supplier.
"""

from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from gns3trio.classes import frozen
from gns3trio.compute.gns3_3 import ADDED_PROPERTIES
from gns3trio.controller.gns3_format.node_properties import DYNAMIPS_PROPERTIES

GNS3_2 = 9
GNS3_3 = 10
Gns3Name = Literal["2.2", "3.0"]
# The versions of GNS3 that save in these revisions, as users know them.
NAMES: Mapping[int, Gns3Name] = {GNS3_2: "2.2", GNS3_3: "3.0"}

# Properties of all nodes that GNS3 3.0 copies from requests by mistake.
COPIED = frozenset({"builtin", "compute_id"})
# Ours in revision 9 (``NodeTraits.own_properties``), and GNS3's in revision 10.
SHARED: Mapping[str, frozenset[str]] = {"docker": frozenset({"memory", "cpus"})}
_REMOVED_TYPES = frozenset({"traceng"})


@frozen
class FileVersions:
    """The versions of GNS3 that are named in files of the two revisions."""

    gns3_2: str
    gns3_3: str

    def of(self, revision: int) -> str:
        """The version that a file of this revision names."""
        return self.gns3_3 if revision == GNS3_3 else self.gns3_2


def revision_named(name: Gns3Name) -> int:
    """The revision in which a version of GNS3 saves."""
    return {shown: revision for revision, shown in NAMES.items()}[name]


def split_properties(node_type: str, properties: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The properties of a node that both revisions have, and the others."""
    only = COPIED | ADDED_PROPERTIES.get(node_type, frozenset())
    shared: dict[str, Any] = {}
    added: dict[str, Any] = {}
    for name, value in properties.items():
        is_added = name in only or (node_type == "dynamips" and name not in DYNAMIPS_PROPERTIES)
        (added if is_added else shared)[name] = value
    return shared, added


def from_gns3_3(node: dict[str, Any]) -> dict[str, Any]:
    """A node of a file of revision 10 in the form of revision 9, which keeps ``aux`` and ``aux_type``."""
    aux, properties = node.get("aux"), node.get("properties")
    if node.get("node_type") != "docker" or aux is None or not isinstance(properties, dict):
        return node
    return {**{key: value for key, value in node.items() if key != "aux"}, "properties": {**properties, "aux": aux}}


def to_gns3_3(node: dict[str, Any]) -> dict[str, Any]:
    """The opposite of ``from_gns3_3``. Every port of a switch has an ethertype there."""
    properties = node["properties"]
    if node["node_type"] == "ethernet_switch" and isinstance(ports := properties.get("ports_mapping"), list):
        return {**node, "properties": {**properties, "ports_mapping": list(map(_with_ethertype, ports))}}
    if node["node_type"] != "docker" or "aux" not in properties:
        return node
    others = {name: value for name, value in properties.items() if name != "aux"}
    aux = properties["aux"]
    aux_type = node["aux_type"] or ("telnet" if aux is not None else None)
    return {**node, "properties": others, "aux": aux, "aux_type": aux_type}


def _with_ethertype(port: Any) -> Any:
    return {**port, "ethertype": port.get("ethertype") or "0x8100"} if isinstance(port, dict) else port


def why_not_gns3_3(node_types: Mapping[str, str], supplier: Mapping[str, Any] | None) -> list[str]:
    """Why GNS3 3.0 would refuse a project in revision 10: its nodes (the type by the name), and its supplier."""
    reasons = [
        f"node {name!r} has the type {node_type}, which GNS3 3.0 does not have"
        for name, node_type in node_types.items()
        if node_type in _REMOVED_TYPES
    ]
    url = (supplier or {}).get("url")
    if url is not None and not _is_whole_url(url):
        reasons.append(f"supplier.url: {str(url)[:60]!r} is no whole URL, which GNS3 3.0 insists on")
    return reasons


def _is_whole_url(url: object) -> bool:
    try:
        parts = urlsplit(str(url))
    except ValueError:
        return False
    return bool(parts.scheme) and (bool(parts.netloc) or parts.scheme not in ("http", "https", "ftp"))
