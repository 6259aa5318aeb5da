"""``gns3trio version``: shows the versions of this program and of the server."""

import argparse
import platform

from gns3trio import __version__
from gns3trio.client.client import Client
from gns3trio.commands.arguments import REPORT, add_common
from gns3trio.commands.lab import run
from gns3trio.commands.output import print_facts, show
from gns3trio.errors import LabError

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``gns3trio version`` to its parser."""
    add_common(parser, _version, outputs=REPORT)


async def _version(server: Client, arguments: argparse.Namespace) -> int:
    """Show both versions; without a server, that of this program and why there is none, and fail."""
    client = {"version": __version__, "python": platform.python_version()}
    told, problem = None, None
    try:
        told = await server.request("GET", "/v2/version")
    except LabError as error:
        problem = str(error)

    def tell() -> None:
        facts = {"client": f"gns3trio {__version__} on Python {client['python']}"}
        if told is None:
            facts["server"] = f"none: {problem}"
        elif told.get("gns3trio_version"):
            facts["server"] = f"gns3trio {told['gns3trio_version']} (as GNS3 {told['version']}) at {server.base}"
        else:
            facts["server"] = f"gns3-server {told['version']} at {server.base}"
        print_facts(facts)

    show(arguments, {"client": client, "server": told, "problem": problem}, tell)
    return 0 if told is not None else 1
