"""Stops the nodes of a project before it is copied: a copy needs files that nobody writes."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from gns3trio.client.client import Client
from gns3trio.commands.lab import Json, path_of
from gns3trio.commands.output import note
from gns3trio.counts import listed
from gns3trio.errors import LabError
from gns3trio.natural_order import natural_key


def add_stop(parser: argparse.ArgumentParser) -> None:
    """Add the option ``--stop``."""
    parser.add_argument("--stop", action="store_true", help="stop the nodes that run first; they stay stopped")


async def stop_if_asked(server: Client, arguments: argparse.Namespace, project: Json) -> None:
    """With ``--stop``, stop the nodes of an open project, and tell which."""
    if not arguments.stop or project["status"] != "opened":
        return
    path = f"{path_of(project)}/nodes"
    before = {node["node_id"] for node in await server.request("GET", path) if node["status"] != "stopped"}
    await server.request("POST", f"{path}/stop", {})
    nodes = await server.request("GET", path)
    stopped = [node["name"] for node in nodes if node["node_id"] in before and node["status"] == "stopped"]
    if stopped:
        names = listed(sorted(stopped, key=natural_key))
        note(f"stopped: {names}; to start them again: gns3trio node start '{project['name']}' --all")


@contextmanager
def telling_how_to_stop(project: Json) -> Iterator[None]:
    """Add the commands that help to the refusal of a project with running nodes."""
    try:
        yield
    except LabError as error:
        if not str(error).endswith((" stop it first", " stop them first")):
            raise
        raise type(error)(f"{error}, with --stop or by gns3trio node stop '{project['name']}' --all") from None
