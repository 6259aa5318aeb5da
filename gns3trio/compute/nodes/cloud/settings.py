"""The properties of clouds in the API. Sans-IO."""

from typing import Any, Literal

import attrs

from gns3trio import field_checks as v
from gns3trio.classes import frozen


@frozen(kw_only=True)
class CloudPort:
    """A port in the API. The types ``ethernet`` and ``tap`` have an ``interface``; ``udp`` has ``lport``, ``rhost`` (an
    IPv4 address) and ``rport``.
    """

    name: str = attrs.field(validator=v.min_len(1))
    port_number: int = attrs.field(validator=v.ge(0))
    type: Literal["ethernet", "tap", "udp"]
    interface: str | None = None
    lport: int | None = attrs.field(default=None, validator=v.optional(v.PORT))
    rhost: str | None = None
    rport: int | None = attrs.field(default=None, validator=v.optional(v.PORT))

    def view(self) -> dict[str, Any]:
        """The port as in the API, with the keys of its type."""
        return {name: value for name, value in attrs.asdict(self).items() if value is not None}


@frozen(kw_only=True)
class CloudSettings:
    """The properties of a cloud in the API. ``interfaces`` are those of this host; the value from a
    client is ignored.
    """

    ports_mapping: list[CloudPort] | None = None
    interfaces: list[dict[str, Any]] = attrs.field(factory=list)
    remote_console_host: str = ""
    remote_console_port: int = attrs.field(default=23, validator=v.PORT)
    remote_console_type: Literal["telnet", "vnc", "spice", "http", "https", "none"] = "none"
    remote_console_http_path: str = "/"
