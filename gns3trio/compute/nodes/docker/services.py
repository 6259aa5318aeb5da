"""What nodes of the type ``docker`` use of the compute."""

import os
from collections.abc import Sequence

import trio

from gns3trio.classes import define
from gns3trio.compute.local.admission import Admission
from gns3trio.compute.local.leases import ConsolePorts
from gns3trio.compute.local.link_ends import LinkEnds
from gns3trio.compute.local.programs import RunningPrograms
from gns3trio.compute.nodes.docker.containers import Containers
from gns3trio.compute.nodes.docker.engine import Engine
from gns3trio.compute.nodes.docker.ownership import Ownership
from gns3trio.compute.nodes.docker.pulls import Pulls
from gns3trio.compute.nodes.parts.local_services import LocalServices
from gns3trio.console.acceptor import ConsoleAcceptor
from gns3trio.forwarder.forwarder import Forwarder

_SYSCTL = "/proc/sys"
# The engine's own list of what is read-only in a container, but for the settings of its network.
_READ_ONLY = ("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sysrq-trigger")


@define(kw_only=True)
class DockerServices:
    """Nodes run in ``nursery``. ``capabilities`` and ``privileged`` are settings of the server."""

    nursery: trio.Nursery
    forwarder: Forwarder
    running: RunningPrograms
    admission: Admission
    link_ends: LinkEnds
    console_ports: ConsolePorts
    console_acceptor: ConsoleAcceptor
    containers: Containers
    pulls: Pulls
    ownership: Ownership
    capabilities: Sequence[str]
    privileged: bool


def open_docker_services(services: LocalServices) -> DockerServices:
    """What nodes of this type use of this compute."""
    config, builtin = services.config, services.builtin
    containers = Containers(Engine(str(config.docker_socket)))
    return DockerServices(
        nursery=builtin.nursery,
        forwarder=builtin.forwarder,
        running=builtin.running,
        admission=builtin.admission,
        link_ends=builtin.link_ends,
        console_ports=builtin.console_ports,
        console_acceptor=builtin.console_acceptor,
        containers=containers,
        pulls=Pulls(containers.engine, builtin.nursery, are_allowed=config.docker_pull),
        ownership=Ownership(containers, config.state_folder),
        capabilities=config.docker_capabilities,
        privileged=config.docker_privileged,
    )


def read_only_paths() -> list[str]:
    """The paths that a container may not change: all settings of the kernel but those of its own network. Blocks."""
    try:
        settings = sorted(name for name in os.listdir(_SYSCTL) if name != "net")
    except OSError:
        return [*_READ_ONLY, _SYSCTL]
    return [*_READ_ONLY, *(f"{_SYSCTL}/{name}" for name in settings)]
