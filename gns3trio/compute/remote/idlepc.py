"""Looks for an Idle-PC value of an image of a router, on a compute that runs Dynamips.

GNS3's compute finds it with a router of that image that runs. Here it is one that exists only for this, in a project of
its own.
"""

import logging
from typing import Any
from uuid import uuid4

import trio

from gns3trio.compute.remote.http import ACTION_SECONDS, CREATE_SECONDS, ComputeHttp
from gns3trio.errors import LabError

log = logging.getLogger(__name__)

# Dynamips counts for a minute, perhaps several times.
_SEARCH_SECONDS = 600.0
_REMOVE_SECONDS = 30.0


async def find_idlepc(http: ComputeHttp, platform: str, image: str, ram: int) -> dict[str, Any]:
    """The answer of the compute, ``{"idlepc": "0x..."}``. Nothing is left there. Raises what the compute says."""
    project_id, node_id = str(uuid4()), str(uuid4())
    project, nodes = f"projects/{project_id}", f"projects/{project_id}/dynamips/nodes"
    await http.request("POST", "projects", {"name": "idle-pc", "project_id": project_id})
    try:
        router = {"name": "idle-pc", "node_id": node_id, "platform": platform, "image": image, "ram": ram}
        await http.request("POST", nodes, {**router, "dynamips_id": 1}, seconds=CREATE_SECONDS)
        await http.request("POST", f"{nodes}/{node_id}/start", seconds=ACTION_SECONDS)
        found = await http.request("GET", f"{nodes}/{node_id}/auto_idlepc", seconds=_SEARCH_SECONDS)
        return found if isinstance(found, dict) else {}
    finally:
        with trio.move_on_after(_REMOVE_SECONDS, shield=True):
            try:
                await http.request("DELETE", project)
            except LabError as error:
                log.warning("the project of the search for an Idle-PC value is not deleted: %s", error)
