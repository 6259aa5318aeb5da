"""The server's settings: one frozen ``Config``, which is read once at the start and passed to its users.

Layers, weakest first: the defaults below, a TOML file, the environment (``GNS3TRIO_<NAME>``), the command
line. Settings that GNS3 has too have the same name and meaning here.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_origin

import attrs

from gns3trio.addresses import is_loopback, is_wildcard, parse_network, resolve_hosts
from gns3trio.classes import frozen
from gns3trio.errors import Invalid
from gns3trio.limits import MAX_PORT

ENVIRONMENT_PREFIX = "GNS3TRIO_"
_TEST_PREFIX = "GNS3TRIO_TEST_"  # read by the project's tests
CLIENT_URL_VARIABLE = "GNS3TRIO_URL"  # not settings of the server: the other commands read them
DEFAULT_FILES = (Path("/etc/gns3trio/gns3trio.toml"), Path("~/.config/gns3trio/gns3trio.toml"))

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})
_LOOPBACK = ("127.0.0.1",)
_VERSION = re.compile(r"2\.2(\.[\w.+-]+)?")
_VERSION_3 = re.compile(r"3\.0(\.[\w.+-]+)?")
_HOST_NAME = re.compile(r"[\w.-]+(:\d+)?|\[[0-9a-f:.]+\](:\d+)?", re.IGNORECASE)
_ORIGIN = re.compile(f"https?://({_HOST_NAME.pattern})", re.IGNORECASE)
# Also the name of a folder.
_COMPUTE_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_CAPABILITY = re.compile(r"[A-Z_]{1,40}", re.ASCII)
_MEMORY = re.compile(r"\d{1,4}%|\d{1,12}", re.ASCII)
_PATH_PREFIX = re.compile(r"(/[\w.~-]+)+", re.ASCII)


def _setting(default: Any, doc: str) -> Any:
    return attrs.field(default=default, metadata={"doc": doc}, converter=_absolute)


def _list(doc: str, *default: str) -> Any:
    return attrs.field(default=default, metadata={"doc": doc}, converter=_as_list)


def _absolute(value: Any) -> Any:
    return value.expanduser().absolute() if isinstance(value, Path) else value


def _as_list(value: str | Iterable[str]) -> tuple[str, ...]:
    """A list, which may be written as one text with commas; so may its items."""
    words = ",".join([value] if isinstance(value, str) else value).split(",")
    return tuple(dict.fromkeys(word.strip() for word in words if word.strip()))


@frozen(kw_only=True)
class Config:
    """Every setting of the server. Ports are TCP or UDP port numbers, ranges include both ends."""

    host: tuple[str, ...] = _list("addresses or names on which the API and the consoles listen", *_LOOPBACK)
    port: int = _setting(3080, "TCP port of the API; 0 takes a free one")
    ssl: bool = _setting(False, "serve HTTPS (needs certfile and certkey)")
    certfile: Path | None = _setting(None, "certificate chain in PEM")
    certkey: Path | None = _setting(None, "private key in PEM")
    user: str = _setting("", "user of HTTP Basic authentication; empty turns it off")
    password: str = _setting("", "password of HTTP Basic authentication")
    compute_users: tuple[str, ...] = _list(
        "users of the compute API, such as alice:secret: controllers with projects of their own, which no other user "
        "sees. Needs a password"
    )
    close_abandoned_after: float = _setting(
        0.0,
        "seconds after which the projects of another controller on this compute are closed, if it is not connected any "
        "more; 0 keeps them, as GNS3 does",
    )
    jwt_access_token_expire_minutes: int = _setting(1440, "minutes after which a user must log in again")
    allow_unauthenticated: bool = _setting(False, "allow an address other than loopback without user and password")
    console_host: tuple[str, ...] = _list(
        "addresses telnet consoles listen on, by default those of host; but 127.0.0.1 where others can reach those and "
        "a password is set, which telnet cannot ask for"
    )
    allowed_hosts: tuple[str, ...] = _list(
        "names under which browsers may address the server, besides its addresses and this machine's names; with the "
        "port if it is not the default"
    )
    allowed_origins: tuple[str, ...] = _list(
        "web pages of other servers that may use the API (CORS), such as http://localhost:4200"
    )
    trusted_proxies: tuple[str, ...] = _list(
        "addresses or networks of reverse proxies whose X-Forwarded-For header is trusted"
    )
    path_prefix: str = _setting(
        "", "path under which a reverse proxy serves this server, if the proxy does not remove it, such as /lab"
    )
    local: bool = _setting(
        False, "clients share this file system: they may choose project folders, load files and shut down the server"
    )
    projects_path: Path = _setting(Path("~/GNS3/projects"), "folder that holds the projects")
    state_path: Path | None = _setting(
        None, "folder for users, templates and computes, by default .gns3trio in projects_path"
    )
    symbols_path: Path | None = _setting(None, "folder for uploaded symbols, by default symbols in state_path")
    web_ui_path: Path | None = _setting(None, "folder with the GNS3 web UI, by default web-ui in state_path")
    configs_path: Path | None = _setting(None, "folder for base configurations, by default configs in state_path")
    appliances_path: Path | None = _setting(
        None, "folder for appliances (.gns3a files), by default appliances in state_path"
    )
    vpcs_path: str = _setting("vpcs", "VPCS program: a path or a name looked up in PATH")
    vpcs_engine: str = _setting(
        "auto",
        "what runs VPCS nodes: process (VPCS), builtin (PCs inside this server), or auto: VPCS where it is installed, "
        "else builtin",
    )
    images_path: Path | None = _setting(
        None, "folder for images of machines, by default the folder images beside projects_path"
    )
    images_limit: float = _setting(
        0.0, "most GiB that all images may take together; 0: as many as the disk has room for"
    )
    enable_hardware_acceleration: bool = _setting(True, "let QEMU machines use the host's processor itself (KVM)")
    require_hardware_acceleration: bool = _setting(
        True, "refuse to start QEMU machines that could use hardware acceleration where there is none"
    )
    allow_unsafe_options: bool = _setting(
        False, "allow all additional options of QEMU machines, also those that may reach into this host"
    )
    docker_socket: Path = _setting(
        Path("/var/run/docker.sock"),
        "unix socket of the Docker engine, or of Podman, that runs the containers of nodes",
    )
    docker_pull: bool = _setting(
        True, "let Docker nodes fetch images that the engine does not have from the registries that they name"
    )
    docker_capabilities: tuple[str, ...] = _list(
        "capabilities of Docker nodes beside those that the engine gives to all containers",
        "NET_ADMIN",
    )
    docker_privileged: bool = _setting(
        False, "run Docker nodes with all rights over this host, as GNS3 does: only for images that you trust"
    )
    require_sandbox: bool = _setting(
        False, "start nodes only where the kernel can confine their programs (Landlock and seccomp)"
    )
    forbidden_node_types: tuple[str, ...] = _list(
        "types of nodes that this server does not run, such as docker, qemu, cloud or nat; labs with such nodes open, "
        "and keep them"
    )
    max_node_memory: str = _setting(
        "90%",
        "memory that machines and containers may be configured with together, as long as they run: MiB, or with % of "
        "the memory of this host; 0 is no limit",
    )
    allow_memory_overcommit: bool = _setting(
        False, "start machines and containers also if this host has less memory available than they may take"
    )
    min_free_disk: int = _setting(
        512, "MiB that must be free on the disk of a project before a machine or container is started; 0 is no limit"
    )
    max_booting_nodes: int = _setting(
        0,
        "machines and containers that boot at the same time, while this host is busy; 0 means two per CPU, at least "
        "eight",
    )
    use_cgroups: bool = _setting(
        True, "run each node's program in a control group of its own, where the server may make some (cgroup v2)"
    )
    console_start_port_range: int = _setting(2000, "first console port")
    console_end_port_range: int = _setting(10000, "last console port")
    udp_start_port_range: int = _setting(10000, "first UDP tunnel port")
    udp_end_port_range: int = _setting(30000, "last UDP tunnel port")
    trunk_port: int = _setting(
        3080,
        "UDP port of the trunk, over which links to other hosts with this server run; it is opened when a link needs "
        "it. 0: each such link has a UDP port of its own",
    )
    nat_gateway: str = _setting(
        "auto",
        "how NAT nodes reach the Internet: bridge (of this host), user (a gateway without privileges, which needs "
        "libslirp), or auto: the bridge where it is there and may be joined, else user",
    )
    default_nat_interface: str = _setting("virbr0", "bridge of this host through which NAT nodes reach the Internet")
    libslirp_path: str = _setting(
        "libslirp.so.0", "library of NAT nodes without a bridge: a path, or a name looked up by the system's loader"
    )
    nat_host_loopback: bool = _setting(
        False,
        "let labs reach the loopback interface of this host: behind a NAT without a bridge, the address of its gateway "
        "leads there",
    )
    gns3_version: str = _setting("2.2.61", "GNS3 version reported to clients, which require their own version")
    gns3_3_version: str = _setting("3.0.6", "GNS3 version reported to clients of API version 3, likewise")
    console_websocket_auth: bool = _setting(
        True, "require the password for console websockets too (the GNS3 web UI cannot send it)"
    )
    placement: str = _setting(
        "least_loaded",
        "where nodes run for which no compute is named: least_loaded (of this server and the hosts that were added, "
        "with linked nodes together), or local (this server, if it runs their type)",
    )
    forwarder_workers: int = _setting(0, "threads that forward frames; 0 means one per CPU, at most four")
    kernel_offload: bool = _setting(
        False,
        "let the kernel itself move frames between two nodes where nothing filters or captures them "
        "(Linux 6.6, CAP_BPF and CAP_NET_ADMIN)",
    )
    stats_interval: float = _setting(1.0, "seconds between two link.stats events of a link with traffic")
    metrics_links: int = _setting(
        500,
        "the most links of open projects with metrics of their own, about 15 series each: if there are more, /metrics "
        "leaves out those of links and ports; 0 always does",
    )
    log_level: str = _setting("info", "debug, info, warning or error")

    has_password: bool = False
    """Whether the first administrator has a password of its own. It is no setting: the server reads it from the file
    with the users, where it is stored."""

    addresses: tuple[str, ...] = attrs.field(init=False, repr=False)
    """Addresses on which the API listens: ``host`` with names resolved."""
    console_addresses: tuple[str, ...] = attrs.field(init=False, repr=False)
    """Addresses on which telnet consoles listen."""

    @addresses.default
    def _find_addresses(self) -> tuple[str, ...]:
        return resolve_hosts("host", self.host)

    @console_addresses.default
    def _find_console_addresses(self) -> tuple[str, ...]:
        if self.console_host:
            return resolve_hosts("console_host", self.console_host)
        return _LOOPBACK if self.asks_for_password and not self.is_loopback else self.addresses

    def __attrs_post_init__(self) -> None:
        _check(self)

    @property
    def asks_for_password(self) -> bool:
        """Whether somebody who uses the API has to log in: with the password of the settings, or a stored one."""
        return bool(self.user) or self.has_password

    @property
    def passwords_of_compute_users(self) -> dict[str, str]:
        """The password of each user of the compute API."""
        return {name: password for name, _, password in (each.partition(":") for each in self.compute_users)}

    @property
    def state_folder(self) -> Path:
        """The folder for data that belongs to no project."""
        return self.state_path or self.projects_path / ".gns3trio"

    @property
    def images_folder(self) -> Path:
        """The folder for images, with a folder for each emulator."""
        return self.images_path or self.projects_path.parent / "images"

    @property
    def appliances_folder(self) -> Path:
        """The folder of the appliances."""
        return self.appliances_path or self.state_folder / "appliances"

    @property
    def web_ui_folder(self) -> Path:
        """The folder of the GNS3 web UI, if it is installed."""
        return self.web_ui_path or self.state_folder / "web-ui"

    @property
    def is_loopback(self) -> bool:
        """Whether the server listens on loopback addresses only."""
        return all(is_loopback(address) for address in self.addresses)

    @property
    def told_console_host(self) -> str:
        """The console host in replies. ``0.0.0.0`` and ``::`` mean the host under which the client reaches the API."""
        here = self.console_addresses
        if len(here) == 1 and is_wildcard(here[0]):
            return here[0]
        if not self.is_loopback and (len(here) > 1 or is_loopback(here[0])):
            return "0.0.0.0"
        return here[0]

    @property
    def own_address(self) -> str:
        """An address under which this machine reaches the API."""
        return "127.0.0.1" if is_wildcard(self.addresses[0]) else self.addresses[0]


SETTINGS: dict[str, "attrs.Attribute[Any]"] = {
    field.name: field for field in attrs.fields(Config) if "doc" in field.metadata
}


def _check(config: Config) -> None:
    for start, end in (
        ("console_start_port_range", "console_end_port_range"),
        ("udp_start_port_range", "udp_end_port_range"),
    ):
        first, last = getattr(config, start), getattr(config, end)
        if not 1 <= first <= last <= MAX_PORT:
            raise Invalid(f"{start} and {end}: {first}-{last} is not a range of ports from 1 to {MAX_PORT}")
    if not 0 <= config.port <= MAX_PORT:
        raise Invalid(f"port: {config.port} is not a port from 0 to {MAX_PORT}")
    if not 0 <= config.trunk_port <= MAX_PORT:
        raise Invalid(f"trunk_port: {config.trunk_port} is not a port from 0 to {MAX_PORT}")
    if bool(config.user) != bool(config.password):
        raise Invalid("user and password: give both or neither")
    if not 1 <= config.jwt_access_token_expire_minutes <= 366 * 24 * 60:
        minutes = config.jwt_access_token_expire_minutes
        raise Invalid(f"jwt_access_token_expire_minutes: {minutes} is not from 1 minute to a year")
    if config.ssl and not (config.certfile and config.certkey):
        raise Invalid("ssl: needs certfile and certkey")
    if not 0 <= config.forwarder_workers <= 64:
        raise Invalid(f"forwarder_workers: {config.forwarder_workers} is not from 0 to 64")
    if not 0.05 <= config.stats_interval <= 3600:
        raise Invalid(f"stats_interval: {config.stats_interval} is not from 0.05 to 3600 seconds")
    if not 0 <= config.metrics_links <= 10**6:
        raise Invalid(f"metrics_links: {config.metrics_links} is not from 0 to a million")
    if not 0 <= config.images_limit <= 2**30:
        raise Invalid(f"images_limit: {config.images_limit} is not from 0 to {2**30} GiB")
    if config.close_abandoned_after and not 60 <= config.close_abandoned_after <= 366 * 86400:
        raise Invalid(f"close_abandoned_after: {config.close_abandoned_after} is neither 0 nor from 60 s to a year")
    if _MEMORY.fullmatch(config.max_node_memory) is None:
        raise Invalid(f"max_node_memory: {config.max_node_memory!r} is not like 90% or 8192, which is MiB")
    if not 0 <= config.min_free_disk <= 2**40:
        raise Invalid(f"min_free_disk: {config.min_free_disk} is not from 0 to 2^40 MiB")
    if not 0 <= config.max_booting_nodes <= 10_000:
        raise Invalid(f"max_booting_nodes: {config.max_booting_nodes} is not from 0 to 10000")
    if config.log_level not in ("debug", "info", "warning", "error"):
        raise Invalid(f"log_level: {config.log_level!r} is not debug, info, warning or error")
    if config.nat_gateway not in ("auto", "bridge", "user"):
        raise Invalid(f"nat_gateway: {config.nat_gateway!r} is not auto, bridge or user")
    if config.vpcs_engine not in ("auto", "process", "builtin"):
        raise Invalid(f"vpcs_engine: {config.vpcs_engine!r} is not auto, process or builtin")
    if config.placement not in ("least_loaded", "local"):
        raise Invalid(f"placement: {config.placement!r} is not least_loaded or local")
    if not config.host:
        raise Invalid("host: there is no address in it")
    _check_lists(config)
    _check_compute_users(config)
    if _VERSION.fullmatch(config.gns3_version) is None:
        raise Invalid(f"gns3_version: {config.gns3_version!r} is none of GNS3 2.2, whose clients this server answers")
    if _VERSION_3.fullmatch(config.gns3_3_version) is None:
        raise Invalid(f"gns3_3_version: {config.gns3_3_version!r} is none of GNS3 3.0, whose clients are answered")


def require_password(config: Config) -> None:
    """Raises Invalid if others could use the server, or users of the compute API more than that, because nobody has to
    log in. Call it when it is known whether there is a stored password.
    """
    if config.asks_for_password:
        return
    if config.compute_users:
        raise Invalid("compute_users: set a password first, or everybody could use this server without being one")
    if not (config.is_loopback or config.allow_unauthenticated):
        public = ", ".join(address for address in config.addresses if not is_loopback(address))
        raise Invalid(
            f"host: {public} can be reached by others, so set user and password, or give the administrator a password: "
            "gns3trio user reset-password (or set allow_unauthenticated, which lets anybody in that network use this "
            "server)"
        )


def _check_lists(config: Config) -> None:
    for name in config.allowed_hosts:
        if _HOST_NAME.fullmatch(name) is None:
            raise Invalid(f"allowed_hosts: {name!r} is not the name of a host, with or without a port")
    for origin in config.allowed_origins:
        if _ORIGIN.fullmatch(origin) is None:
            raise Invalid(f"allowed_origins: {origin!r} is not like http://localhost:4200, without a path")
    for capability in config.docker_capabilities:
        if _CAPABILITY.fullmatch(capability) is None:
            raise Invalid(f"docker_capabilities: {capability!r} is not like NET_ADMIN")
    for proxy in config.trusted_proxies:
        if parse_network(proxy) is None:
            raise Invalid(f"trusted_proxies: {proxy!r} is not an address or network such as 10.0.0.0/8")
    if config.path_prefix and _PATH_PREFIX.fullmatch(config.path_prefix) is None:
        raise Invalid(f"path_prefix: {config.path_prefix!r} is not like /lab, without a / at its end")


def _check_compute_users(config: Config) -> None:
    names = {config.user}
    for number, each in enumerate(config.compute_users, 1):  # the message must not contain a password
        name, _, password = each.partition(":")
        if _COMPUTE_USER.fullmatch(name) is None or not password:
            raise Invalid(
                f"compute_users: number {number} is not like name:password, with a name of at most 64 letters, digits, "
                "dots, hyphens and underscores"
            )
        if name in names:
            raise Invalid(f"compute_users: {name!r} is there twice, or is the user of this server")
        names.add(name)


def parse_setting(name: str, raw: object) -> Any:
    """Parse the value of setting ``name`` from TOML, or from the text of a flag or variable.

    Raises Invalid with the setting's name if the value is invalid.
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
    if is_list(field) and isinstance(raw, list) and all(isinstance(each, str) for each in raw):
        return _as_list(raw)
    if not isinstance(raw, str):
        raise Invalid(f"{name}: expected text{' or a list of texts' if is_list(field) else ''}, got {raw!r}")
    if is_list(field):
        return _as_list(raw)
    return raw if kind is str else Path(raw)


def is_list(field: "attrs.Attribute[Any]") -> bool:
    """Whether the setting is a list."""
    return get_origin(field.type) is tuple


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

    ``arguments`` holds only the settings given on the command line. ``file`` is a TOML file that must exist; without
    it, the first existing one of ``DEFAULT_FILES`` is read. Raises Invalid.
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
    if name not in SETTINGS:  # a mistyped name of the password setting must not start a server without a password
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
