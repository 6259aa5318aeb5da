"""The traits of Docker nodes. Sans-IO."""

from typing import Annotated, Any

import attrs
from attrs import field

from gns3trio import field_checks as v
from gns3trio.classes import define
from gns3trio.compute.node_traits import NodeTraits
from gns3trio.compute.nodes.docker.form import FORM
from gns3trio.compute.nodes.docker.settings import (
    BOOT_SECONDS,
    CONSOLE_TYPES,
    EXPECTED_MEMORY,
    MAX_ADAPTERS,
    MAX_COMMAND,
    MAX_ENVIRONMENT,
    MAX_HOSTS,
    MAX_IMAGE,
    MAX_VOLUMES,
    ConsoleType,
    CustomAdapter,
    DockerSettings,
    HttpPath,
    MacAddress,
    Resolution,
)
from gns3trio.convert import make_strict_converter, structure
from gns3trio.errors import Invalid
from gns3trio.limits import MAX_FREE_TEXT, MAX_PORT, Bound

_converter = make_strict_converter(forbid_extra_keys=True)


def check_adapters(template: object, attribute: "attrs.Attribute[Any]", value: list[dict[str, Any]]) -> None:
    """An attrs validator: raises ValueError for ``custom_adapters`` that no container can have."""
    try:
        structure(_converter, value, list[CustomAdapter])
    except Invalid as error:
        raise ValueError(f"{attribute.name}{'' if str(error).startswith('[') else ': '}{error}") from None


@define(kw_only=True, slots=False)
class DockerTemplate:
    """GNS3's fields and defaults. The other properties of a node are those of ``DockerSettings``."""

    image: Annotated[str, Bound(MAX_IMAGE, 1)]
    usage: Annotated[str, Bound(MAX_FREE_TEXT)] = ""
    adapters: int = field(default=1, validator=v.and_(v.ge(0), v.le(MAX_ADAPTERS)))
    mac_address: MacAddress | None = ""
    start_command: Annotated[str, Bound(MAX_COMMAND)] = ""
    environment: Annotated[str, Bound(MAX_ENVIRONMENT)] = ""
    console_type: ConsoleType = "telnet"
    console_auto_start: bool = False
    console_http_port: int = field(default=80, validator=v.and_(v.ge(1), v.le(MAX_PORT)))
    console_http_path: HttpPath = field(default="/", validator=v.min_len(1))
    console_resolution: Resolution = "1024x768"
    extra_hosts: Annotated[str, Bound(MAX_HOSTS)] = ""
    extra_volumes: Annotated[list[str], Bound(MAX_VOLUMES)] = field(factory=list)
    custom_adapters: list[dict[str, Any]] = field(factory=list, validator=check_adapters)


@define(kw_only=True)
class DockerExtras:
    """What GNS3 3 has in addition. ``memory``, in MB, and ``cpus`` limit a node; 0 is no limit."""

    aux_type: ConsoleType = "none"
    memory: int = field(default=0, validator=v.ge(0))
    cpus: float = field(default=0.0, validator=v.ge(0))


TRAITS = NodeTraits(
    name="docker",
    title="Docker",
    label="container",
    name_format="{name}-{0}",
    category="guest",
    symbol="docker_guest",
    template_settings=DockerTemplate,
    template_extras=DockerExtras,
    console_types=CONSOLE_TYPES,
    can_suspend=True,
    emulator="Docker",
    has_images=True,
    image_property="image",
    memory_mib=EXPECTED_MEMORY,
    boot_seconds=BOOT_SECONDS,
    own_properties=frozenset({"memory", "cpus"}),
    omits_defaults=True,
    settings=DockerSettings,
    form=FORM,
)
