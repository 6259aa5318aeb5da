"""A server that has no privileges at all, whoever starts it: ``python unprivileged_server.py RESOLVER_FILE [OPTIONS]``.

It belongs to nobody where that is possible.
"""

import ctypes
import os
import struct
import sys
from contextlib import suppress
from pathlib import Path

from gns3trio import cli
from gns3trio.compute.nodes.nat import resolver

NOBODY = 65534
_LINUX_CAPABILITY_VERSION_3 = 0x20080522


def give_up_privileges() -> None:
    """Become nobody, if this user may and nobody can read Python's files, and lose all capabilities."""
    folders = [*Path(os.__file__).resolve().parents, *Path(cli.__file__).resolve().parents]
    if all(folder.stat().st_mode & 0o001 for folder in folders):
        with suppress(OSError):  # in a namespace of users there is nobody else
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
    libc = ctypes.CDLL(None, use_errno=True)
    header = struct.pack("Ii", _LINUX_CAPABILITY_VERSION_3, 0)
    assert libc.capset(header, bytes(24)) == 0, os.strerror(ctypes.get_errno())


if __name__ == "__main__":
    resolver.RESOLVER_FILE = Path(sys.argv[1])
    folder = Path(os.environ["GNS3TRIO_PROJECTS_PATH"])
    folder.mkdir(mode=0o777)
    folder.chmod(0o777)
    give_up_privileges()
    sys.exit(cli.main(["serve", *sys.argv[2:]]))
