"""The shapes of replies that belong to no version of the API, or to several, for their description in OpenAPI.

A test compares them with what the server really sends.
"""

from typing import Any, ClassVar, Literal

import attrs


class Whole:
    """A reply that has all keys of its class, whatever their defaults."""

    HAS_ALL_KEYS: ClassVar = True


@attrs.define(kw_only=True)
class Error:
    """What is wrong. A 400 adds the request that was refused."""

    message: str
    status: int
    method: str = ""
    path: str = ""
    request: Any = None


@attrs.define(kw_only=True)
class Health(Whole):
    """Whether the server can do what it is for; what is wrong is told in ``problems``."""

    status: Literal["ok", "failing"]
    problems: list[str]
    gns3trio_version: str


@attrs.define(kw_only=True)
class Gns3Version(Whole):
    """``version`` is that of GNS3 whose API is answered; ``local``: the server allows what only its own user may do."""

    version: str
    local: bool


@attrs.define(kw_only=True)
class Version3(Gns3Version):
    """The same in version 3 of the API. ``controller_host`` is an address of the server."""

    controller_host: str


@attrs.define(kw_only=True)
class Capabilities(Whole):
    """What nodes a compute can run, and the GNS3 version that it speaks."""

    node_types: list[str]
    platform: str
    version: str


@attrs.define(kw_only=True)
class UdpPort(Whole):
    """A leased UDP port."""

    udp_port: int
