"""The names of what events are about: in events, links and projects have ids, and for people they have names."""

from typing import Any

import attrs

from gns3trio.classes import define
from gns3trio.client.client import Client
from gns3trio.commands.lab import Json, link_name, nodes_by_id, path_of
from gns3trio.errors import LabError

# The keys of a payload that identify the object for the user, the best first.
_TELLING = ("name", "link_id", "drawing_id", "snapshot_id", "node_id", "message", "compute_id", "project_id")


@define
class EventNames:
    """Names by ids, from the events themselves, and from the server for what was there before."""

    server: Client
    _names: dict[str, str] = attrs.field(factory=dict)
    _nodes: dict[str, Json] = attrs.field(factory=dict)
    _asked: set[str] = attrs.field(factory=set)  # projects whose nodes and links are known

    async def of(self, message: Json) -> str:
        """The name of what an event is about; its id if it has no name, as a drawing."""
        event = message["event"]
        await self._learn(event)
        key = next((name for name in _TELLING if event.get(name)), None)
        if key is None:
            return ""
        if key in ("message", "name"):
            return str(event[key])
        wanted = str(event[key])
        if wanted not in self._names:
            await self._ask(event.get("project_id"))
        return self._names.get(wanted, wanted)

    async def project_of(self, message: Json) -> str | None:
        """The name of the project in which it happened; None if there is none, or the event is about the project."""
        project_id = message["event"].get("project_id")
        if not isinstance(project_id, str) or message["action"].startswith("project."):
            return None
        if project_id not in self._names:
            await self._ask(project_id)
        return self._names.get(project_id, project_id)

    async def _learn(self, event: Json) -> None:
        """Remember the names that an event has."""
        if isinstance(event.get("name"), str):
            for key in ("node_id", "template_id", "compute_id", "project_id"):
                if event.get(key):
                    self._names[event[key]] = event["name"]
                    break
        if event.get("node_id") and "name" in event:
            self._nodes[event["node_id"]] = {"name": event["name"]}
        if event.get("link_id") and isinstance(event.get("nodes"), list):
            if any(end["node_id"] not in self._nodes for end in event["nodes"]):
                await self._ask(event.get("project_id"))
            self._names[event["link_id"]] = self._link(event)

    def _link(self, link: Json) -> str:
        return link_name(self._nodes, link)

    async def _ask(self, project_id: Any) -> None:
        """Ask for the names of a project, once. A project that is closed by now, or not to be seen, has none."""
        if not isinstance(project_id, str) or project_id in self._asked:
            return
        self._asked.add(project_id)
        path = path_of({"project_id": project_id})
        try:
            self._names[project_id] = (await self.server.request("GET", path))["name"]
            self._nodes |= await nodes_by_id(self.server, path)
            self._names |= {node_id: node["name"] for node_id, node in self._nodes.items()}
            for link in await self.server.request("GET", f"{path}/links"):
                self._names[link["link_id"]] = self._link(link)
        except LabError:
            return
