"""Chooses the console host in replies.

GNS3 sends every client the value from its settings, even ``0.0.0.0``, and its own clients replace that by the host
under which they reach the server. Scripts do not, so a reply contains an address that its client can use. Events are
the same for all clients and contain ``Config.told_console_host``.
"""

import re

import orjson
from starlette.types import Scope

from gns3trio.addresses import is_loopback, is_wildcard, parse_address
from gns3trio.config import Config

_KEY = b'"console_host":'
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.-]+)(:\d+)?", re.ASCII)


def tell_console_host(body: bytes, scope: Scope, config: Config) -> bytes:
    """Insert the console host for this client into a reply, which is JSON as orjson writes it."""
    if _KEY not in body:
        return body
    told, own = config.told_console_host, console_host_for(scope, config)
    return body if told == own else body.replace(_KEY + orjson.dumps(told), _KEY + orjson.dumps(own))


def console_host_for(scope: Scope, config: Config) -> str:
    """The console host for the client of a request. A loopback address is sent only to clients on this machine."""
    consoles = config.console_addresses
    client, server = (str((scope.get(end) or ("",))[0]) for end in ("client", "server"))
    only_here = all(is_loopback(address) for address in consoles)
    if only_here and (is_loopback(client) or client == server):
        return consoles[0]
    if only_here or any(is_wildcard(address) for address in consoles):
        return _asked_host(scope) or server
    return server if server in consoles else consoles[0]


def _asked_host(scope: Scope) -> str:
    """The name or address in the request's Host header, if there is one."""
    header = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1")
    found = _HOST.fullmatch(header)
    if found is None:
        return ""
    address = parse_address(found[1])
    return found[1] if address is None else str(address)
