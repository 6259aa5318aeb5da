"""What runs in the open projects of a server, with few requests."""

from collections.abc import Sequence

import trio

from gns3trio.client.client import Client
from gns3trio.commands.lab import Json, path_of
from gns3trio.errors import LabError

_AT_ONCE = 16


async def counts_of(server: Client, projects: Sequence[Json]) -> dict[str, Json]:
    """For each open project, by its id: the numbers of its ``nodes``, of those that are ``started``, and of its
    ``links``.
    """
    opened = [each for each in projects if each["status"] == "opened"]
    if not opened:
        return {}
    nodes = await _nodes_by_project(server)
    counts: dict[str, Json] = {}
    limit = trio.CapacityLimiter(_AT_ONCE)

    async def ask(project: Json) -> None:
        async with limit:
            found = {"links": (await server.request("GET", f"{path_of(project)}/stats"))["links"]}
            if nodes is None:
                listed = await server.request("GET", f"{path_of(project)}/nodes")
                found |= {"nodes": len(listed), "started": sum(node["status"] == "started" for node in listed)}
            else:
                found |= nodes.get(project["project_id"], {"nodes": 0, "started": 0})
        counts[project["project_id"]] = found

    async with trio.open_nursery() as nursery:
        for project in opened:
            nursery.start_soon(ask, project)
    return counts


async def _nodes_by_project(server: Client) -> dict[str, Json] | None:
    """The numbers of nodes of all open projects; None if the server does not tell all of them with one request, as
    GNS3's, or the user may not see the hosts.
    """
    try:
        hosts = await server.request("GET", "/v2/hosts")
    except LabError:
        return None
    counts: dict[str, Json] = {}
    for host in hosts:
        for each in host["projects"]:
            count = counts.setdefault(each["project_id"], {"nodes": 0, "started": 0})
            count["nodes"] += each["total"]
            count["started"] += each["started"]
    return counts
