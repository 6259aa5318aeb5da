"""Hosts that commands of a built-in PC name. Sans-IO."""

import re

from gns3trio.compute.nodes.vpcs.pc_session import PcSession, parse_address
from gns3trio.compute.nodes.vpcs.pc_steps import CommandError, Part, finish, say
from gns3trio.forwarder.pc_types import Address, Resolve, Resolved

# RFC 1035, 2.3.4. Underscores are usual in labs.
MAX_NAME = 253
_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})(\.[A-Za-z0-9_-]{1,63})*\.?")


def find_host(session: PcSession, host: str) -> Part[Address]:
    """The address of a host, which is asked for if it is a name; shows what was found. Raises CommandError."""
    address = parse_address(host)
    if address is None:
        address = yield from _resolve(session, host)
    elif address.is_unspecified or str(address) == "255.255.255.255":
        raise CommandError(f"Cannot resolve {host}")
    return address


def _resolve(session: PcSession, host: str) -> Part[Address]:
    is_name = len(host) <= MAX_NAME and _NAME.fullmatch(host) and not host.replace(".", "").isdigit()
    identity = session.identity
    if not is_name or not identity.dns:
        raise CommandError(f"Cannot resolve {host}")
    full = f"{host}.{identity.domain}" if "." not in host and identity.domain else host
    for family in (4, 6) if session.pc.state().ipv4 is not None else (6, 4):
        events, _ = yield from finish(Resolve(name=full, family=4 if family == 4 else 6))
        for event in events:
            if isinstance(event, Resolved):
                found = f"{full}({event.address})" if full != host else str(event.address)
                yield from say(f"{host} resolved to {found}")
                return event.address
    raise CommandError(f"Cannot resolve {host}")
