"""Where a client is told to find telnet consoles.

GNS3 tells every client what its settings say, ``0.0.0.0`` too, and its own clients put the host there by which they
reach the server. Scripts do not, so a reply names an address that this client can use. Events go to all clients alike:
they tell ``Config.told_console_host``.
"""

import re

import orjson
from starlette.types import Scope

from gns3trio.addresses import is_loopback, is_wildcard, parse_address
from gns3trio.config import Config

_KEY = b'"console_host":'
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[\w.-]+)(:\d+)?", re.ASCII)


def tell_console_host(body: bytes, scope: Scope, config: Config) -> bytes:
    """A reply, JSON as orjson writes it, with the console host for the client that asked."""
    if _KEY not in body:
        return body
    told, own = config.told_console_host, console_host_for(scope, config)
    return body if told == own else body.replace(_KEY + orjson.dumps(told), _KEY + orjson.dumps(own))


def console_host_for(scope: Scope, config: Config) -> str:
    """Where the client of a request finds consoles. What only this machine reaches is told to clients on it."""
    consoles = config.console_addresses
    client, server = (str((scope.get(end) or ("",))[0]) for end in ("client", "server"))
    only_here = all(is_loopback(address) for address in consoles)
    if only_here and (is_loopback(client) or client == server):
        return consoles[0]
    if only_here or any(is_wildcard(address) for address in consoles):
        return _asked_host(scope) or server
    return server if server in consoles else consoles[0]


def _asked_host(scope: Scope) -> str:
    """The name or address by which the client reached the server, if it says one."""
    header = next((value for name, value in scope["headers"] if name == b"host"), b"").decode("latin-1")
    found = _HOST.fullmatch(header)
    if found is None:
        return ""
    address = parse_address(found[1])
    return found[1] if address is None else str(address)
