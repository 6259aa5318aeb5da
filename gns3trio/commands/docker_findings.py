"""For ``gns3trio doctor``: what nodes in containers need of this host."""

import os
import sys
from collections.abc import Iterator
from functools import partial

import trio

from gns3trio.commands.findings import Finding
from gns3trio.compute.nodes.docker.container_files import find_busybox
from gns3trio.compute.nodes.docker.engine import Engine
from gns3trio.config import Config
from gns3trio.errors import LabError
from gns3trio.machine import has_capability
from gns3trio.printable import without_hidden

# From Linux's capability.h. The server enters the network of a container of another user, and makes its interfaces.
_NEEDED = {"CAP_NET_ADMIN": 12, "CAP_SYS_PTRACE": 19, "CAP_SYS_ADMIN": 21}
_ANSWER_SECONDS = 5.0


def docker_findings(config: Config) -> Iterator[Finding]:
    """Whether an engine answers, and what containers need besides."""
    try:
        version = trio.run(partial(_version, str(config.docker_socket)))
    except LabError as error:
        advice = (
            "needed for containers only: apt install docker.io. The server must be root, or in the group docker; for "
            "another engine there is the setting docker_socket"
        )
        yield Finding("Docker", "optional", str(error), advice)
        return
    yield Finding("Docker", "good", f"{version} at {config.docker_socket}")
    try:
        yield Finding("busybox", "good", str(find_busybox()))
    except LabError as error:
        yield Finding("busybox", "optional", "no static busybox in PATH", str(error))
    lacks = [name for name, number in _NEEDED.items() if not has_capability(number)]
    if not lacks:
        yield Finding("interfaces of containers", "good", "can be made")
    else:
        python = os.path.realpath(sys.executable)
        advice = f"needed for containers only. Run as root, or: setcap {','.join(lacks).lower()}+ep {python}"
        yield Finding("interfaces of containers", "optional", f"without {', '.join(lacks)}", advice)


async def _version(path: str) -> str:
    answer = await Engine(path).request("GET", "/version", seconds=_ANSWER_SECONDS)
    version = answer.get("Version") if isinstance(answer, dict) else None
    return without_hidden(str(version)[:100])
