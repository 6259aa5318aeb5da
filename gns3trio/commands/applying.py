"""Makes a project match a topology document, for ``topology apply`` and ``topology import --apply``."""

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gns3trio.classes import frozen
from gns3trio.client.client import Client
from gns3trio.commands.finding import open_path
from gns3trio.commands.lab import Json, path_of
from gns3trio.commands.questions import confirm, is_asked
from gns3trio.counts import listed
from gns3trio.errors import LabError, NotFound
from gns3trio.natural_order import natural_key

_YAML = "application/yaml"


@frozen
class Target:
    """A project that is to match a document."""

    path: str
    is_new: bool


@asynccontextmanager
async def target_project(server: Client, arguments: argparse.Namespace) -> AsyncIterator[Target]:
    """The project that the arguments name, opened, or created with ``--create``. If what is done with a created one
    fails, it is deleted again.
    """
    try:
        target = Target(await open_path(server, arguments.project), False)
    except NotFound:
        if not arguments.create:
            raise
        target = Target(path_of(await server.request("POST", "/v2/projects", {"name": arguments.project})), True)
    try:
        yield target
    except LabError:
        if target.is_new:  # all or nothing
            await server.request("DELETE", target.path)
        raise


async def compare(server: Client, path: str, document: bytes) -> Json:
    """What applying the document would change."""
    reply: Json = await server.send("PUT", f"{path}/topology?dry_run=true", document, _YAML)
    return reply


async def apply_document(
    server: Client,
    arguments: argparse.Namespace,
    target: Target,
    document: bytes,
    *,
    otherwise: str,
    scripts_need_yes: bool,
) -> Json:
    """Make a project match a document; ask before something is deleted (see ``confirm``)."""
    if not target.is_new and is_asked(arguments, scripts_need_yes=scripts_need_yes):
        changes = (await compare(server, target.path, document))["changes"]
        deleted = [each for each in changes if each["action"] == "delete"]
        if deleted:
            names = listed(sorted((f"{each['kind']} {each['name']}" for each in deleted), key=natural_key))
            what = ", with all links and files" if any(each["kind"] == "node" for each in deleted) else ""
            question = f"Not in the file: {names}. Delete from {arguments.project!r}{what}?"
            confirm(arguments, question, otherwise=otherwise, scripts_need_yes=scripts_need_yes)
    reply: Json = await server.send("PUT", f"{target.path}/topology", document, _YAML)
    return reply
