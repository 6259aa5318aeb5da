"""The name server of this host, which answers the labs behind user-mode gateways too.

Format of the file: resolv.conf(5). A gateway cannot read it itself, because its sandbox gives it no files.
"""

import os
from ipaddress import IPv4Address
from pathlib import Path

RESOLVER_FILE = Path("/etc/resolv.conf")
# A file of some kilobytes is large already.
_MOST_BYTES = 64 * 1024
# The name server of a host without the file, or without any in it.
_DEFAULT = IPv4Address("127.0.0.1")


def parse_resolver(text: str) -> IPv4Address | None:
    """The first name server with an IPv4 address. None if all have IPv6 addresses, which the gateways do not have."""
    servers = [words[1] for line in text.splitlines() if len(words := line.split()) > 1 and words[0] == "nameserver"]
    for server in servers:
        try:
            return IPv4Address(server)
        except ValueError:
            continue
    return None if servers else _DEFAULT


def read_resolver() -> IPv4Address | None:
    """As ``parse_resolver``, for this host. Blocks."""
    try:
        with open(RESOLVER_FILE, "rb") as file:
            return parse_resolver(file.read(_MOST_BYTES).decode(errors="replace"))
    except OSError:
        return _DEFAULT


def resolver_version() -> object:
    """A value that changes when the file does."""
    try:
        status = os.stat(RESOLVER_FILE)
    except OSError:
        return None
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns
