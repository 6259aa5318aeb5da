"""The JSON of nodes in the shape of one version of the API. A node is encoded once per change, however often it is
requested, and the list of a project's nodes only after one of them was changed, created or deleted.
"""

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import orjson

from gns3trio.classes import frozen
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.project.project import Project
from gns3trio.encoding import dumps_to_keep
from gns3trio.slices import in_slices


@frozen
class _EncodedList:
    revisions: list[object]
    json: orjson.Fragment


class NodeViews:
    """The nodes in one shape. ``fields_of`` returns the object that clients get for a node."""

    def __init__(self, fields_of: Callable[[Node], dict[str, Any]]) -> None:
        self._fields_of = fields_of
        self._lists: WeakKeyDictionary[Project, _EncodedList] = WeakKeyDictionary()

    def of(self, node: Node) -> orjson.Fragment:
        """A node as JSON."""
        revision = node.revision
        for shape, json in revision.shown:
            if shape is self:
                return orjson.Fragment(json)
        json = dumps_to_keep(self._fields_of(node), orjson.OPT_SORT_KEYS)
        revision.shown = (*revision.shown, (self, json))
        return orjson.Fragment(json)

    async def of_all(self, project: Project) -> orjson.Fragment:
        """The nodes of an opened project as JSON."""
        nodes = list(project.nodes.values())
        known = self._lists.get(project)
        if known is None or [node.revision for node in nodes] != known.revisions:
            # Nodes may change in the pauses between the slices.
            views = await in_slices((node.revision, self.of(node)) for node in nodes)
            json = orjson.Fragment(dumps_to_keep([view for _, view in views]))
            known = self._lists[project] = _EncodedList([revision for revision, _ in views], json)
        return known.json
