"""Reads the properties of a Docker node, and the texts in them. Sans-IO."""

import re
import shlex
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any
from uuid import UUID

import attrs

from gns3trio.compute.local.registry import structure_properties
from gns3trio.compute.nodes.docker.settings import MAX_VARIABLE, CustomAdapter, DockerSettings
from gns3trio.compute.nodes.docker.volumes import persistent_folders
from gns3trio.compute.nodes.parts.custom_adapters import following_mac
from gns3trio.errors import Conflict, Invalid
from gns3trio.sizes import size_text

# A reference as Docker reads it (github.com/distribution/reference), without its limits on each part: host and port,
# path, tag, digest. It is also part of the path of requests.
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/+-]*+", re.ASCII)
_HOST_NAME = re.compile(r"[A-Za-z0-9_.-]{1,253}", re.ASCII)
_NAME_IN_TEXTS = "%vm-name%"


def read_settings(properties: Mapping[str, Any]) -> DockerSettings:
    """The settings in these properties; as in GNS3, null is the default. Raises Invalid with the name of the field, or
    Conflict where GNS3 does.
    """
    given = {name: value for name, value in properties.items() if value is not None}
    settings = structure_properties(given, DockerSettings)
    settings = attrs.evolve(settings, image=whole_image_name(settings.image))
    read_command(settings.start_command)
    read_environment(settings.environment, "")
    read_hosts(settings.extra_hosts)
    persistent_folders([], settings.extra_volumes)
    return settings


def as_properties(settings: DockerSettings) -> dict[str, Any]:
    """The properties in the form that is shown and saved."""
    return attrs.asdict(settings)


def whole_image_name(image: str) -> str:
    """The name of an image with its tag. Raises Invalid if it is none."""
    name = image.strip()
    if not _IMAGE.fullmatch(name) or ".." in name or "//" in name or name.endswith("/"):
        raise Invalid(f"properties.image: {image!r} is not the name of an image, such as debian:12")
    if "@" in name or ":" in name.rpartition("/")[2]:
        return name
    return f"{name}:latest"


def read_command(text: str | None) -> list[str]:
    """The words of a command as a shell would split it; empty: that of the image. Raises Invalid."""
    try:
        words = shlex.split(text or "")
    except ValueError as error:
        raise Invalid(f"properties.start_command: {error}") from None
    _refuse_null(text, "start_command")
    return words


def read_environment(text: str | None, name: str) -> list[str]:
    """The variables, one of each line that has one. ``%vm-name%`` becomes the name of the node, quoted as in GNS3.
    Raises Invalid.
    """
    _refuse_null(text, "environment")
    lines = [line.strip() for line in (text or "").replace("\r", "").split("\n")]
    variables = [line.replace(_NAME_IN_TEXTS, f'"{name}"') for line in lines if line]
    for variable in variables:
        if variable.startswith("="):
            raise Invalid(f"properties.environment: {variable[:100]!r} is not like NAME=value")
        if len(variable.encode(errors="replace")) > MAX_VARIABLE:
            raise Invalid(f"properties.environment: {variable[:100]!r}... has more than {size_text(MAX_VARIABLE)}")
    return variables


def read_hosts(text: str | None) -> list[tuple[str, str]]:
    """Names of hosts with their addresses. Raises Conflict, as GNS3 does."""
    hosts: list[tuple[str, str]] = []
    for line in (text or "").split("\n"):
        name, separator, address = line.strip().partition(":")
        if not line.strip():
            continue
        try:
            ip_address(address.strip())
        except ValueError:
            separator = ""
        if not separator or not _HOST_NAME.fullmatch(name.strip()):
            raise Conflict(
                f"properties.extra_hosts: Can't apply `ExtraHosts`, wrong format: {line.strip()[:200]} (it must be "
                "like name:192.0.2.1)"
            )
        hosts.append((name.strip(), address.strip()))
    return hosts


def _refuse_null(text: str | None, field: str) -> None:
    if text is not None and "\0" in text:
        raise Invalid(f"properties.{field}: contains a null character")


def default_mac(node_id: UUID) -> str:
    """The MAC address that GNS3 gives to the first adapter of a container."""
    digits = node_id.hex
    return f"02:42:{digits[2:4]}:{digits[4:6]}:{digits[6:8]}:00"


def adapter_macs(settings: DockerSettings, customs: Mapping[int, CustomAdapter]) -> Sequence[str]:
    """The MAC addresses of a container's adapters in order. As in GNS3, each follows that of the one before."""
    macs = []
    for number in range(settings.adapters):
        custom = customs.get(number)
        mac = (custom.mac_address if custom is not None else None) or following_mac(settings.mac_address, number)
        macs.append(mac.lower())
    return macs
