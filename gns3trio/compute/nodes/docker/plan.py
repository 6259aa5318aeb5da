"""What the container of a node is made of."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol
from uuid import UUID

from gns3trio.classes import frozen
from gns3trio.compute.nodes.docker.container_files import INIT, container_environment, prepare_folders
from gns3trio.compute.nodes.docker.containers import ContainerSpec, Image
from gns3trio.compute.nodes.docker.ownership import SERVER_LABEL
from gns3trio.compute.nodes.docker.properties import read_command, read_environment, read_hosts
from gns3trio.compute.nodes.docker.services import DockerServices, read_only_paths
from gns3trio.compute.nodes.docker.settings import DockerSettings
from gns3trio.compute.nodes.docker.volumes import persistent_folders

# Docker allows these in the name of a container, and the kernel in that of a host.
_NOT_IN_NAMES = re.compile(r"[^A-Za-z0-9_.-]", re.ASCII)
_NOT_IN_HOST_NAMES = re.compile(r"[^A-Za-z0-9-]", re.ASCII)
_MAX_HOST_NAME = 63


class PlannedNode(Protocol):
    """A node, as far as its container depends on it."""

    node_id: UUID
    name: str
    directory: Path


@frozen
class Plan:
    """A container, and which of its folders are kept in the node's."""

    spec: ContainerSpec
    volumes: Sequence[str]


def plan_container(
    services: DockerServices,
    settings: DockerSettings,
    image: Image,
    labels: Mapping[str, str],
    node: PlannedNode,
) -> Plan:
    """The container of a node. Makes its persistent folders. Call it in a thread. Raises Conflict if the node's folder
    cannot be used, or this host lacks a busybox.
    """
    volumes = persistent_folders(image.volumes, settings.extra_volumes)
    spec = ContainerSpec(
        name=container_name(node.name, node.node_id, labels[SERVER_LABEL]),
        host_name=host_name(node.name),
        image=settings.image,
        labels=labels,
        entrypoint=[*INIT, *image.entrypoint],
        command=read_command(settings.start_command) or image.command or ["/bin/sh"],
        # Of two variables with one name the last one counts.
        environment=[
            *read_environment(settings.environment, node.name),
            *container_environment(volumes, settings.adapters, image.user),
        ],
        mounts=prepare_folders(node.directory, volumes),
        hosts=read_hosts(settings.extra_hosts),
        capabilities=services.capabilities,
        read_only=read_only_paths(),
        privileged=services.privileged,
        user="0",
        memory=settings.memory,
        cpus=settings.cpus,
    )
    return Plan(spec, volumes)


def container_name(name: str, node_id: UUID, server_id: str) -> str:
    """The name of a node's container: that of the node, and what tells it from others of the same name."""
    return f"gns3trio.{_NOT_IN_NAMES.sub('_', name)[:60]}.{node_id.hex[:8]}.{server_id[:8]}"


def host_name(name: str) -> str:
    """The host name of a container, as near to the name of its node as the kernel allows."""
    return _NOT_IN_HOST_NAMES.sub("-", name).strip("-")[:_MAX_HOST_NAME] or "container"
