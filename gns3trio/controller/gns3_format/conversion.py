"""Converts project files of older GNS3 versions to the present form. Sans-IO.

Revisions 5 to 8 (GNS3 2.0 to the betas of 2.2) have the structure of revision 9, but other node properties. Older
revisions are GNS3 1.x (see ``generation1``). The conversions were measured with gns3-server 2.2.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from gns3trio.controller.gns3_format.converted import Conversion
from gns3trio.controller.gns3_format.fields import Findings
from gns3trio.controller.gns3_format.node_properties import NodeFile, of_present
from gns3trio.controller.gns3_format.revisions import GNS3_2, GNS3_3, from_gns3_3
from gns3trio.convert import as_uuid
from gns3trio.errors import Conflict

REVISION = GNS3_2
_FIRST_OF_GENERATION_2 = 5


def check_revision(document: Mapping[str, Any]) -> int:
    """The revision of a file; 0 if it has none. Raises Conflict for a revision that this server does not support."""
    revision = document.get("revision", 0)
    if type(revision) is not int or not 0 <= revision <= GNS3_3:
        newer = ": it was made by a newer GNS3" if type(revision) is int and revision > GNS3_3 else ""
        raise Conflict(f"the project file has revision {revision}, this server reads revisions up to {GNS3_3}{newer}")
    return revision


def convert(document: dict[str, Any], project_id: UUID) -> tuple[Conversion, Findings]:
    """Convert a document to the present revision; also returns the parts that could not be kept. A document of GNS3 3.0
    gets the same form, with the fields that only revision 10 has (see ``revisions``).

    Raises Conflict for a newer revision, and for a document with the structure of another revision.
    """
    revision = check_revision(document)
    findings = Findings()
    if revision < _FIRST_OF_GENERATION_2:
        if _is_generation_2(document):
            guess = (
                "has no revision, and is taken for one of GNS3 1.x" if "revision" not in document else "is of GNS3 1.x"
            )
            raise Conflict(f"the project file {guess}, but has the nodes of GNS3 2")
        from gns3trio.controller.gns3_format.generation1 import Generation1  # here, so that the server starts faster

        return Generation1(document, project_id, findings).convert(), findings
    if revision == GNS3_3:
        return Conversion(_of_gns3_3(document), []), findings
    return _convert_properties(document, is_old=revision < REVISION), findings


def _is_generation_2(document: dict[str, Any]) -> bool:
    nodes = document["topology"].get("nodes")
    return isinstance(nodes, list) and any(isinstance(node, dict) and "node_type" in node for node in nodes)


def _of_gns3_3(document: dict[str, Any]) -> dict[str, Any]:
    inner = document["topology"]
    nodes = inner.get("nodes")
    if not isinstance(nodes, list):
        return document
    nodes = [from_gns3_3(node) if isinstance(node, dict) else node for node in nodes]
    return {**document, "topology": {**inner, "nodes": nodes}}


def _convert_properties(document: dict[str, Any], *, is_old: bool) -> Conversion:
    """Convert node properties of a GNS3 2 file, even of the present revision: earlier versions of this server saved old
    properties in it."""
    inner = document["topology"]
    nodes = inner.get("nodes")
    files: list[NodeFile] = []
    if isinstance(nodes, list):
        nodes = [_convert_node(node, files, is_old) if isinstance(node, dict) else node for node in nodes]
    topology = {**inner, "nodes": nodes} if "nodes" in inner else inner
    converted = {**document, "revision": REVISION, "topology": topology}
    return Conversion(converted, files, is_repaired=not is_old and converted != document)


def _convert_node(node: dict[str, Any], files: list[NodeFile], is_old: bool) -> dict[str, Any]:
    node_type, properties = node.get("node_type"), node.get("properties")
    if not isinstance(node_type, str) or not isinstance(properties, dict):
        return node
    present, made = of_present(node_type, properties, as_uuid(node.get("node_id")), is_old=is_old)
    files += made
    return {**node, "properties": present}
