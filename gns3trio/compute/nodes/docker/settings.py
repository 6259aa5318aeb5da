"""The properties of Docker nodes in the API, with GNS3 2.2's names, defaults and limits. Sans-IO."""

import re
from typing import Annotated, Literal, get_args

from attrs import field

from gns3trio import field_checks as v
from gns3trio.classes import frozen
from gns3trio.compute.nodes.parts.custom_adapters import check_mac
from gns3trio.limits import MAX_FREE_TEXT, MAX_PORT, Bound

ConsoleType = Literal["telnet", "vnc", "http", "https", "none"]
CONSOLE_TYPES: tuple[str, ...] = get_args(ConsoleType)

# In the state folder: see ``ownership.py``.
ID_FILE = "docker-server-id"

# What a container is taken to need, in MiB, if nothing limits it; and how long it loads its host after its start.
EXPECTED_MEMORY = 128
BOOT_SECONDS = 0.0
# The threads and processes of a container: without a limit it could take all that the host can have.
MAX_TASKS = 8192
MAX_ADAPTERS = 99
MAX_IMAGE = 512
# Linux allows so many bytes for a variable. The next one, in characters, is for all of them.
MAX_VARIABLE = 128 * 1024 - 1
MAX_ENVIRONMENT = 256 * 1024
MAX_COMMAND = 32 * 1024
MAX_HOSTS = 64 * 1024
MAX_VOLUMES = 64
# In MiB. The engine refuses more than the host has; this only keeps numbers sensible.
MAX_MEMORY = 16 * 1024 * 1024
MAX_CPUS = 4096.0
_RESOLUTION = re.compile(r"[0-9]{1,5}x[0-9]{1,5}", re.ASCII)


def _check_mac(text: str) -> None:
    """Raises ValueError unless the text is empty or a MAC address that an interface can have."""
    if not text:
        return
    check_mac(text)
    number = int(text.replace(":", ""), 16)
    if not number or number >> 40 & 1:
        raise ValueError(f"{text!r} is no MAC address of an interface: its first byte must be even, and not all zero")


def _check_path(text: str) -> None:
    if not text.isprintable():
        raise ValueError(f"{text!r} is not the path of a page, such as /")


def _check_resolution(text: str) -> None:
    if not _RESOLUTION.fullmatch(text):
        raise ValueError(f"{text!r} is not a resolution such as 1024x768")


MacAddress = Annotated[str, Bound(17, check=_check_mac)]
HttpPath = Annotated[str, Bound(2048, check=_check_path)]
Resolution = Annotated[str, Bound(11, check=_check_resolution)]


@frozen(kw_only=True)
class DockerSettings:
    """The properties of a container.

    ``environment`` has a variable in each line, ``extra_hosts`` a ``name:address``. ``extra_volumes`` are folders whose
    contents are kept in the node's folder. The server sets ``container_id``. ``aux`` is the TCP port of the second
    console. Ours, and not GNS3's: ``memory`` in MiB and ``cpus`` limit what it may use of the host; 0 is no limit.
    """

    image: Annotated[str, Bound(MAX_IMAGE, 1)]
    usage: Annotated[str, Bound(MAX_FREE_TEXT)] = ""
    adapters: int = field(default=1, validator=v.and_(v.ge(0), v.le(MAX_ADAPTERS)))
    mac_address: MacAddress = ""
    start_command: Annotated[str, Bound(MAX_COMMAND)] | None = None
    environment: Annotated[str, Bound(MAX_ENVIRONMENT)] | None = None
    extra_hosts: Annotated[str, Bound(MAX_HOSTS)] | None = None
    extra_volumes: Annotated[list[str], Bound(MAX_VOLUMES)] = field(factory=list)
    console_resolution: Resolution = "1024x768"
    console_http_port: int = field(default=80, validator=v.and_(v.ge(1), v.le(MAX_PORT)))
    console_http_path: HttpPath = "/"
    aux: int | None = field(default=None, validator=v.optional(v.and_(v.ge(1), v.le(MAX_PORT))))
    container_id: Annotated[str, Bound(64)] | None = None
    memory: int = field(default=0, validator=v.and_(v.ge(0), v.le(MAX_MEMORY)))
    cpus: float = field(default=0.0, validator=v.and_(v.ge(0), v.le(MAX_CPUS)))


@frozen(kw_only=True)
class CustomAdapter:
    """What is particular of one adapter; None is what the others have. There is one kind of adapters."""

    adapter_number: int = field(validator=v.and_(v.ge(0), v.le(MAX_ADAPTERS)))
    port_name: str | None = None
    adapter_type: str | None = None
    mac_address: MacAddress | None = None
