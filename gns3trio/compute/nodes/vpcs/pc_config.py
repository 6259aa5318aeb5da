"""The configuration of a PC as VPCS saves it: commands that make it again. Sans-IO."""

import re

from gns3trio.compute.nodes.vpcs.command import STARTUP_FILE
from gns3trio.compute.nodes.vpcs.pc_session import PcSession
from gns3trio.forwarder.pc_types import DEFAULT_MTU

# Names that stay in the node's folder, and that VPCS takes too. Hidden files are the server's.
_FILE_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")
_SUFFIX = ".vpc"


def is_file_name(name: str) -> bool:
    """Whether it is a plain name of a file that ``save`` and ``load`` may use."""
    return _FILE_NAME.fullmatch(name) is not None


def saved_name(name: str) -> str:
    """The file that ``save NAME`` writes; startup.vpc without a name."""
    return STARTUP_FILE if not name else name if "." in name else name + _SUFFIX


def loaded_names(name: str) -> tuple[str, ...]:
    """The files that ``load NAME`` tries, in this order."""
    return (STARTUP_FILE,) if not name else (name, name + _SUFFIX)


def render_config(session: PcSession) -> str:
    """The commands, which VPCS understands too."""
    state = session.pc.state()
    lines = [f"set pcname {session.name}"]
    if state.ipv4_origin == "dhcp":
        lines.append("dhcp")
    elif state.ipv4 is not None:
        gateway = f" {state.ipv4_gateway} " if state.ipv4_gateway is not None else " "
        lines.append(f"ip {state.ipv4}{gateway}{state.ipv4_prefix}")
    if state.ipv6_origin == "automatic":
        lines.append("ip auto")
    elif state.ipv6 is not None:
        gateway = f" {state.ipv6_gateway}" if state.ipv6_gateway is not None else ""
        lines.append(f"ip {state.ipv6}/{state.ipv6_prefix}{gateway}")
    if state.ipv4_origin != "dhcp":
        lines += _name_service(session)
    if state.identity.mtu != DEFAULT_MTU:
        lines.append(f"set mtu {state.identity.mtu}")
    if session.echo:
        lines.append("set echo on")
    if session.foreground:
        lines.append(" ".join(["set echo color", session.foreground, session.background or ""]).rstrip())
    return "".join(line + "\n" for line in lines)


def _name_service(session: PcSession) -> list[str]:
    identity = session.identity
    lines = [f"ip domain {identity.domain}"] if identity.domain else []
    for command, version in (("dns", 4), ("dns6", 6)):
        if servers := [str(server) for server in identity.dns if server.version == version]:
            lines.append(f"ip {command} {' '.join(servers)}")
    return lines
