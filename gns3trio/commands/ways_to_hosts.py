"""For ``gns3trio doctor``: the ways to the hosts that the server uses. Is WireGuard on it, and which frames pass whole?

Trunks and plain tunnels to a host have the same address, that under which it was registered, so they go the same way.
"""

import socket
from collections.abc import Iterator
from typing import Any

import orjson

from gns3trio.commands.findings import Finding
from gns3trio.compute.local.ways import Way, way_to
from gns3trio.config import Config
from gns3trio.printable import without_hidden
from gns3trio.project_layout import STATE_FILE

# Before a frame: the headers of IP, UDP, and of a trunk (VXLAN).
_OVERHEAD = {socket.AF_INET: 20 + 8 + 8, socket.AF_INET6: 40 + 8 + 8}
# An Ethernet frame with the usual 1500 bytes, and a VLAN tag.
_LARGEST_FRAME = 1518
_ADVICE = (
    "whoever is on the way can read and change the frames of links to this host. If that matters, join the hosts by "
    "WireGuard, and add the host by its address in WireGuard: docs/how-to/encrypt-links-between-hosts.md"
)


def ways_to_hosts(config: Config) -> Iterator[Finding]:
    """A finding for each registered compute."""
    file = config.state_folder / STATE_FILE
    try:
        state = orjson.loads(file.read_bytes())
    except FileNotFoundError:
        return
    except OSError as error:
        advice = "run this as the user of the server"
        yield Finding("other hosts", "optional", f"{file}: {error.strerror}", advice)
        return
    except ValueError:
        advice = "the server renames a damaged file when it starts, and begins without it"
        yield Finding("other hosts", "optional", f"{file} is damaged", advice)
        return
    computes = state.get("computes") if isinstance(state, dict) else None
    for compute in computes if isinstance(computes, list) else []:
        if isinstance(compute, dict) and isinstance(host := compute.get("host"), str):
            yield _way(f"way to {without_hidden(str(compute.get('name', host)))}", host, compute.get("protocol"))


def _way(what: str, host: str, protocol: Any) -> Finding:
    shown = without_hidden(host)
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)
        addresses = [str(each[4][0]) for each in found]
        # Tunnels need IPv4.
        way = way_to(next((address for address in addresses if ":" not in address), addresses[0]))
    except (OSError, UnicodeError) as error:
        return Finding(what, "optional", f"{shown}: {getattr(error, 'strerror', None) or error}", "check its address")
    name = way.address if way.address == shown else f"{shown} ({way.address})"
    if way.is_here:
        return Finding(what, "good", f"{name} is this machine")
    sizes = _sizes(way)
    if way.is_wireguard:
        return Finding(what, "good", f"{name} through WireGuard ({way.interface}); {sizes}")
    http = " With http, the password can be read too." if protocol == "http" else ""
    return Finding(what, "optional", f"{name} through {way.interface}, not encrypted; {sizes}", _ADVICE + "." + http)


def _sizes(way: Way) -> str:
    family = socket.AF_INET6 if ":" in way.address else socket.AF_INET
    whole = way.mtu - _OVERHEAD[family]
    return f"MTU {way.mtu}" + (f", larger frames than {whole} bytes go in pieces" if whole < _LARGEST_FRAME else "")
