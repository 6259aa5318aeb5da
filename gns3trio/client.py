"""How the commands talk to a server: its address, the credentials, requests and events."""

import argparse
import base64
import http.client
import json
import os
import ssl
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import attrs
import trio
from trio_websocket import ConnectionRejected, HandshakeError, WebSocketConnection, open_websocket_url

from gns3trio.errors import LabError, Unavailable

DEFAULT_URL = "http://127.0.0.1:3080"
_SCHEMES = {"http": "ws", "https": "wss"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that name a server. The password comes from GNS3TRIO_PASSWORD."""
    parser.add_argument("--url", default=DEFAULT_URL, help=f"the server (default: {DEFAULT_URL})")
    parser.add_argument("--user", default=os.environ.get("GNS3TRIO_USER", ""), help="user, if the server asks for one")
    parser.add_argument(
        "--insecure",
        action="store_true",
        help="accept any certificate, such as one that the server signed itself",
    )


@attrs.frozen
class Client:
    """A server and who we are there. Use ``from_arguments``."""

    scheme: str
    address: str
    credentials: str | None
    context: ssl.SSLContext

    @classmethod
    def from_arguments(cls, arguments: argparse.Namespace) -> "Client":
        """What the options say. Raises LabError for a URL that is none."""
        scheme, separator, address = arguments.url.rstrip("/").partition("://")
        if not separator or scheme not in _SCHEMES:
            raise LabError(f"--url: {arguments.url!r} does not begin with http:// or https://")
        try:
            has_host = bool(urlsplit(arguments.url).hostname and urlsplit(arguments.url).port != 0)
        except ValueError:
            has_host = False
        if not has_host:
            raise LabError(f"--url: {arguments.url!r} names no host and port")
        credentials = None
        if arguments.user:
            pair = f"{arguments.user}:{os.environ.get('GNS3TRIO_PASSWORD', '')}".encode()
            credentials = "Basic " + base64.b64encode(pair).decode()
        context = ssl.create_default_context()
        if arguments.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return cls(scheme, address, credentials, context)

    async def request(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON reply. Raises Unavailable with the server's message when it refuses or is not there."""
        return await trio.to_thread.run_sync(self._request, method, path, body, abandon_on_cancel=True)

    def _request(self, method: str, path: str, body: Any) -> Any:
        request = urllib.request.Request(f"{self.scheme}://{self.address}{path}", method=method)
        request.add_header("Content-Type", "application/json")
        if self.credentials is not None:
            request.add_header("Authorization", self.credentials)
        request.data = None if body is None else json.dumps(body).encode()
        # No proxy: the websockets know none either, and a server on this host is not behind one.
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=self.context)
        )
        try:
            with opener.open(request) as reply:
                return json.loads(reply.read() or b"null")
        except urllib.error.HTTPError as error:
            raise Unavailable(_message_of(error)) from None
        except OSError as error:
            raise Unavailable(f"{self.scheme}://{self.address}: {getattr(error, 'reason', error)}") from None
        except (ValueError, http.client.HTTPException) as error:
            raise Unavailable(f"{self.scheme}://{self.address}: is no GNS3 server: {error!r}") from None

    @asynccontextmanager
    async def events(self, path: str) -> AsyncIterator[WebSocketConnection]:
        """A notification websocket. Raises Unavailable when the server refuses or is not there."""
        url = f"{_SCHEMES[self.scheme]}://{self.address}{path}"
        headers = [] if self.credentials is None else [(b"Authorization", self.credentials.encode())]
        try:
            async with open_websocket_url(
                url, ssl_context=self.context if self.scheme == "https" else None, extra_headers=headers
            ) as connection:
                yield connection
        except ConnectionRejected as error:
            raise Unavailable(_rejection(error)) from None
        except HandshakeError as error:
            raise Unavailable(f"{url}: {error.__cause__ or 'is no GNS3 server'}") from None
        except OSError as error:
            raise Unavailable(f"{url}: {error}") from None


def _rejection(error: ConnectionRejected) -> str:
    try:
        return str(json.loads(error.body or b"")["message"])
    except (ValueError, KeyError, TypeError):
        return f"the server answered {error.status_code}"


def _message_of(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read())["message"])
    except (ValueError, KeyError, TypeError):
        return f"the server answered {error.code} {error.reason}"
