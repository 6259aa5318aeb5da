"""The server's settings: one frozen ``Config``, read once at start and passed to whoever needs it.

Layers, weakest first: the defaults below, a TOML file, the environment (``GNS3TRIO_<NAME>``), the command
line. Where GNS3's own configuration has a setting, ours has the same name and meaning.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import attrs

from gns3trio.errors import Invalid

ENVIRONMENT_PREFIX = "GNS3TRIO_"
_TEST_PREFIX = "GNS3TRIO_TEST_"  # what the project's tests read
CLIENT_URL_VARIABLE = "GNS3TRIO_URL"  # no setting of the server: where the other commands look for it
DEFAULT_FILES = (Path("/etc/gns3trio/gns3trio.toml"), Path("~/.config/gns3trio/gns3trio.toml"))

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})
_LOOPBACK_HOSTS = frozenset({"localhost", "::1"})


def _setting(default: Any, doc: str) -> Any:
    return attrs.field(default=default, metadata={"doc": doc}, converter=_absolute)


def _absolute(value: Any) -> Any:
    return value.expanduser().absolute() if isinstance(value, Path) else value


@attrs.frozen(kw_only=True)
class Config:
    """Every setting of the server. Ports are TCP or UDP port numbers, ranges include both ends."""

    host: str = _setting("127.0.0.1", "address the API and the consoles listen on")
    port: int = _setting(3080, "TCP port of the API; 0 takes a free one")
    ssl: bool = _setting(False, "serve HTTPS (needs certfile and certkey)")
    certfile: Path | None = _setting(None, "certificate chain in PEM")
    certkey: Path | None = _setting(None, "private key in PEM")
    user: str = _setting("", "user of HTTP Basic authentication; empty turns it off")
    password: str = _setting("", "password of HTTP Basic authentication")
    allow_unauthenticated: bool = _setting(False, "serve an address other than loopback without user and password")
    local: bool = _setting(False, "clients share this file system: own project folders, load and shutdown")
    projects_path: Path = _setting(Path("~/GNS3/projects"), "folder that holds the projects")
    state_path: Path | None = _setting(None, "folder for templates and computes, by default .gns3trio in projects_path")
    symbols_path: Path | None = _setting(None, "folder for uploaded symbols, by default symbols in state_path")
    web_ui_path: Path | None = _setting(None, "folder with the GNS3 web UI, by default web-ui in state_path")
    configs_path: Path | None = _setting(None, "folder for base configurations, by default configs in state_path")
    vpcs_path: str = _setting("vpcs", "VPCS program: a path or a name looked up in PATH")
    console_start_port_range: int = _setting(2000, "first console port")
    console_end_port_range: int = _setting(10000, "last console port")
    udp_start_port_range: int = _setting(10000, "first UDP tunnel port")
    udp_end_port_range: int = _setting(30000, "last UDP tunnel port")
    default_nat_interface: str = _setting("virbr0", "bridge of this host that NAT nodes reach the Internet through")
    gns3_version: str = _setting("2.2.61", "GNS3 version told to clients, which insist on their own")
    console_websocket_auth: bool = _setting(
        True, "ask for the password on console websockets too (the GNS3 web UI cannot send one)"
    )
    forwarder_workers: int = _setting(0, "threads that move frames; 0 takes one for each CPU, four at most")
    kernel_offload: bool = _setting(
        False,
        "let the kernel itself move frames between two nodes where nothing filters or captures them "
        "(Linux 6.6, CAP_BPF and CAP_NET_ADMIN)",
    )
    stats_interval: float = _setting(1.0, "seconds between two link.stats events of a busy link")
    log_level: str = _setting("info", "debug, info, warning or error")

    def __attrs_post_init__(self) -> None:
        _check(self)

    @property
    def state_folder(self) -> Path:
        """Where the server keeps what belongs to no project."""
        return self.state_path or self.projects_path / ".gns3trio"

    @property
    def web_ui_folder(self) -> Path:
        """Where the GNS3 web UI is, if it is installed."""
        return self.web_ui_path or self.state_folder / "web-ui"

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return self.host in _LOOPBACK_HOSTS or self.host.startswith("127.")


SETTINGS: dict[str, "attrs.Attribute[Any]"] = {field.name: field for field in attrs.fields(Config)}


def _check(config: Config) -> None:
    for start, end in (
        ("console_start_port_range", "console_end_port_range"),
        ("udp_start_port_range", "udp_end_port_range"),
    ):
        first, last = getattr(config, start), getattr(config, end)
        if not 1 <= first <= last <= 65535:
            raise Invalid(f"{start} and {end}: {first}-{last} is not a range of ports from 1 to 65535")
    if not 0 <= config.port <= 65535:
        raise Invalid(f"port: {config.port} is not a port from 0 to 65535")
    if bool(config.user) != bool(config.password):
        raise Invalid("user and password: give both or neither")
    if config.ssl and not (config.certfile and config.certkey):
        raise Invalid("ssl: needs certfile and certkey")
    if not 0 <= config.forwarder_workers <= 64:
        raise Invalid(f"forwarder_workers: {config.forwarder_workers} is not from 0 to 64")
    if not 0.05 <= config.stats_interval <= 3600:
        raise Invalid(f"stats_interval: {config.stats_interval} is not from 0.05 to 3600 seconds")
    if config.log_level not in ("debug", "info", "warning", "error"):
        raise Invalid(f"log_level: {config.log_level!r} is not debug, info, warning or error")
    if not (config.is_loopback or config.user or config.allow_unauthenticated):
        raise Invalid(
            f"host: {config.host} can be reached by others, so set user and password "
            "(or allow_unauthenticated, which lets anybody in that network run programs here)"
        )


def parse_setting(name: str, raw: object) -> Any:
    """The value of setting ``name`` from a TOML value or from the text of a flag or variable.

    Raises Invalid with the setting's name when it does not fit.
    """
    field = SETTINGS.get(name)
    if field is None:
        raise Invalid(f"{name}: there is no such setting")
    kind: Any = field.type
    if kind is bool:
        return _parse_bool(name, raw)
    if kind is int or kind is float:
        if isinstance(raw, bool) or not isinstance(raw, int | float | str):
            raise Invalid(f"{name}: expected a number, got {raw!r}")
        try:
            return kind(raw)
        except ValueError:
            raise Invalid(f"{name}: {raw!r} is not a number") from None
    if not isinstance(raw, str):
        raise Invalid(f"{name}: expected text, got {raw!r}")
    return raw if kind is str else Path(raw)


def _parse_bool(name: str, raw: object) -> bool:
    if isinstance(raw, bool):
        return raw
    text = str(raw).strip().lower()
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise Invalid(f"{name}: {raw!r} is not true or false")


def load_config(arguments: Mapping[str, object], environ: Mapping[str, str], file: Path | None = None) -> Config:
    """The Config that results from all layers.

    ``arguments`` holds the settings given on the command line only; ``file`` is a TOML file that must
    exist, without it the first of ``DEFAULT_FILES`` that exists is read. Raises Invalid.
    """
    values: dict[str, Any] = {}
    if file is None:
        file = next((path for path in (p.expanduser() for p in reversed(DEFAULT_FILES)) if path.exists()), None)
    if file is not None:
        values.update(_read_file(file))
    for variable, raw in environ.items():
        if variable == CLIENT_URL_VARIABLE or variable.startswith(_TEST_PREFIX):
            continue
        if variable.startswith(ENVIRONMENT_PREFIX):
            values[_setting_of(variable)] = parse_setting(_setting_of(variable), raw)
    values.update({name: parse_setting(name, raw) for name, raw in arguments.items()})
    return Config(**values)


def _setting_of(variable: str) -> str:
    name = variable.removeprefix(ENVIRONMENT_PREFIX).lower()
    if name not in SETTINGS:  # a mistyped password must not mean a server without one
        raise Invalid(f"{variable}: there is no such setting")
    return name


def _read_file(file: Path) -> dict[str, Any]:
    try:
        with open(file, "rb") as stream:
            table = tomllib.load(stream)
    except OSError as error:
        raise Invalid(f"{file}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Invalid(f"{file}: is not TOML: {error}") from None
    try:
        return {name: parse_setting(name, raw) for name, raw in table.items()}
    except Invalid as error:
        raise Invalid(f"{file}: {error}") from None


def environment_name(name: str) -> str:
    """The environment variable of a setting."""
    return ENVIRONMENT_PREFIX + name.upper()
