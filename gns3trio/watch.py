"""``gns3trio watch``: prints the events of a server, one line of JSON each, as its websocket sends them."""

import argparse
import base64
import os
import ssl
import sys
from functools import partial

import trio
from trio_websocket import ConnectionClosed, HandshakeError, open_websocket_url

from gns3trio.errors import LabError, Unavailable

DEFAULT_URL = "http://127.0.0.1:3080"
_SCHEMES = {"http": "ws", "https": "wss"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``gns3trio watch``."""
    parser.add_argument("--url", default=DEFAULT_URL, help=f"the server (default: {DEFAULT_URL})")
    parser.add_argument("--project", metavar="ID", help="only the events of this project")
    parser.add_argument("--user", default=os.environ.get("GNS3TRIO_USER", ""), help="user, if the server asks for one")
    parser.add_argument(
        "--insecure",
        action="store_true",
        help="accept any certificate, such as one that the server signed itself",
    )


def run_watch(arguments: argparse.Namespace) -> int:
    """Print events until the server closes the stream. The password comes from GNS3TRIO_PASSWORD."""
    scheme, separator, address = arguments.url.rstrip("/").partition("://")
    if not separator or scheme not in _SCHEMES:
        raise LabError(f"--url: {arguments.url!r} does not begin with http:// or https://")
    path = f"/v2/projects/{arguments.project}/notifications/ws" if arguments.project else "/notifications/ws"
    headers = []
    if arguments.user:
        credentials = f"{arguments.user}:{os.environ.get('GNS3TRIO_PASSWORD', '')}".encode()
        headers.append((b"Authorization", b"Basic " + base64.b64encode(credentials)))
    context = ssl.create_default_context()
    if arguments.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    trio.run(partial(_print_events, f"{_SCHEMES[scheme]}://{address}{path}", headers, context))
    return 0


async def _print_events(url: str, headers: list[tuple[bytes, bytes]], context: ssl.SSLContext) -> None:
    try:
        async with open_websocket_url(
            url, ssl_context=context if url.startswith("wss:") else None, extra_headers=headers
        ) as connection:
            while True:
                message = await connection.get_message()
                print(message, flush=True)
    except ConnectionClosed:
        print("gns3trio: the server closed the stream", file=sys.stderr)
    except (HandshakeError, OSError) as error:
        raise Unavailable(f"{url}: cannot be watched: {error!r}") from None
