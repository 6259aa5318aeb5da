"""``gns3trio watch``: prints the events of a server, one line of JSON each, as its websocket sends them."""

import argparse
import sys

import trio
from trio_websocket import ConnectionClosed

from gns3trio import client
from gns3trio.client import Client


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``gns3trio watch``."""
    client.add_arguments(parser)
    parser.add_argument("--project", metavar="ID", help="only the events of this project")


def run(arguments: argparse.Namespace) -> int:
    """Print events until the server closes the stream."""
    path = f"/v2/projects/{arguments.project}/notifications/ws" if arguments.project else "/notifications/ws"
    trio.run(_print_events, Client.from_arguments(arguments), path)
    return 0


async def _print_events(server: Client, path: str) -> None:
    async with server.events(path) as connection:
        try:
            while True:
                print(await connection.get_message(), flush=True)
        except ConnectionClosed:
            print("gns3trio: the server closed the stream", file=sys.stderr)
