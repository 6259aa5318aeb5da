"""Settings: layers, names and refusals."""

from pathlib import Path

import attrs
import pytest

from gns3trio.cli import make_parser
from gns3trio.config import SETTINGS, Config, load_config, require_password
from gns3trio.errors import Invalid

NO_FILE = Path("/dev/null")
PASSWORD = {"user": "a", "password": "b"}


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    file = tmp_path / "gns3trio.toml"
    file.write_text('port = 4000\nconsole_start_port_range = 3000\nprojects_path = "/srv/labs"\n')
    return file


def test_each_layer_is_stronger_than_the_one_before(toml: Path) -> None:
    assert load_config({}, {}, toml).port == 4000
    assert load_config({}, {"GNS3TRIO_PORT": "4001"}, toml).port == 4001
    config = load_config({"port": "4002"}, {"GNS3TRIO_PORT": "4001"}, toml)
    assert config.port == 4002
    assert config.console_start_port_range == 3000
    assert config.projects_path == Path("/srv/labs")


def test_a_first_start_serves_this_machine_only_and_uses_the_ports_of_the_document() -> None:
    config = Config()
    assert config.host == config.console_addresses == ("127.0.0.1",)
    assert (config.port, config.console_start_port_range, config.udp_start_port_range) == (3080, 2000, 10000)
    assert config.projects_path.is_absolute()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "[2001:db8::1]", "127.0.0.1,192.0.2.1"])
def test_another_address_needs_a_password_or_an_explicit_permission(host: str) -> None:
    config = load_config({"host": host}, {}, NO_FILE)
    with pytest.raises(Invalid, match=r"can be reached by others, so set user and password.*reset-password"):
        require_password(config)
    require_password(attrs.evolve(config, has_password=True))
    require_password(load_config({"host": host, "user": "a", "password": "b"}, {}, NO_FILE))
    require_password(load_config({"host": host, "allow_unauthenticated": "yes"}, {}, NO_FILE))


def test_a_stored_password_counts_as_that_of_the_settings() -> None:
    """For consoles, which cannot ask for it, and for users of the compute API."""
    config = load_config({"host": "0.0.0.0", "allow_unauthenticated": "yes"}, {}, NO_FILE)
    assert attrs.evolve(config, has_password=True).console_addresses == ("127.0.0.1",)
    of_controllers = load_config({"compute_users": "alice:secret"}, {}, NO_FILE)
    with pytest.raises(Invalid, match="compute_users: set a password"):
        require_password(of_controllers)
    require_password(attrs.evolve(of_controllers, has_password=True))
    assert "has_password" not in SETTINGS


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "[::1]", "localhost", "127.0.0.1, ::1"])
def test_loopback_needs_none(host: str) -> None:
    assert load_config({"host": host}, {}, NO_FILE).is_loopback


@pytest.mark.parametrize("host", ["no.such.host.invalid", "x" * 300, "127.0.0.1,no.such.host.invalid"])
def test_a_name_that_nobody_knows_is_told_as_such(host: str) -> None:
    with pytest.raises(Invalid, match=r"host: '.*' is no address and no known name"):
        load_config({"host": host}, {}, NO_FILE)


def test_several_hosts(tmp_path: Path) -> None:
    """On the command line with a flag or comma each, in a file as a list."""
    both = ("127.0.0.1", "::1")
    file = tmp_path / "gns3trio.toml"
    file.write_text('host = ["127.0.0.1", "::1"]')
    assert load_config({}, {}, file).addresses == both
    assert load_config({}, {"GNS3TRIO_HOST": "127.0.0.1,::1"}, NO_FILE).addresses == both
    arguments = vars(make_parser(["serve"]).parse_args(["serve", "--host", "127.0.0.1", "--host", "[::1]"]))
    assert load_config({"host": arguments["host"]}, {}, NO_FILE).addresses == both
    with pytest.raises(Invalid, match="host: there is no address in it"):
        load_config({"host": ","}, {}, NO_FILE)
    file.write_text("host = [1]")
    with pytest.raises(Invalid, match="host: expected text or a list of texts"):
        load_config({}, {}, file)


@pytest.mark.parametrize(
    ("arguments", "consoles", "told"),
    [
        ({"host": "::1"}, ("::1",), "::1"),
        ({"host": "0.0.0.0", "allow_unauthenticated": "yes"}, ("0.0.0.0",), "0.0.0.0"),
        ({"host": "192.0.2.1", "allow_unauthenticated": "yes"}, ("192.0.2.1",), "192.0.2.1"),
        ({"host": "0.0.0.0", **PASSWORD}, ("127.0.0.1",), "0.0.0.0"),
        ({"host": "127.0.0.1,192.0.2.1", **PASSWORD}, ("127.0.0.1",), "0.0.0.0"),
        ({"host": "127.0.0.1", **PASSWORD}, ("127.0.0.1",), "127.0.0.1"),
        ({"host": "0.0.0.0", "console_host": "0.0.0.0", **PASSWORD}, ("0.0.0.0",), "0.0.0.0"),
        ({"host": "0.0.0.0", "console_host": "192.0.2.1", **PASSWORD}, ("192.0.2.1",), "192.0.2.1"),
    ],
)
def test_consoles_are_not_open_to_others_beside_a_password(
    arguments: dict[str, str], consoles: tuple[str, ...], told: str
) -> None:
    config = load_config(arguments, {}, NO_FILE)
    assert (config.console_addresses, config.told_console_host) == (consoles, told)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ({"port": "http"}, "port: 'http' is not a number"),
        ({"port": "70000"}, "port: 70000"),
        ({"ssl": "perhaps"}, "ssl: 'perhaps' is not true or false"),
        ({"ssl": "yes"}, "ssl: needs certfile and certkey"),
        ({"user": "admin"}, "user and password"),
        ({"console_start_port_range": "9000", "console_end_port_range": "8000"}, "console_start_port_range"),
        ({"udp_end_port_range": "70000"}, "udp_start_port_range"),
        ({"log_level": "loud"}, "log_level"),
        ({"jwt_access_token_expire_minutes": "0"}, "jwt_access_token_expire_minutes"),
        ({"stats_interval": "0"}, "stats_interval"),
        ({"stats_interval": "nan"}, "stats_interval"),
        ({"stats_interval": "inf"}, "stats_interval"),
        ({"gns3_version": "3.0.6"}, "gns3_version: '3.0.6' is none of GNS3 2.2"),
        ({"gns3_version": "2.20.1"}, "gns3_version"),
        ({"allowed_hosts": "https://lab.example"}, "allowed_hosts: 'https://lab.example' is not the name of a host"),
        ({"allowed_hosts": "lab.example/x"}, "allowed_hosts"),
        ({"allowed_origins": "lab.example"}, "allowed_origins: 'lab.example' is not like"),
        ({"allowed_origins": "https://lab.example/"}, "allowed_origins"),
        ({"allowed_origins": "*"}, "allowed_origins"),
        ({"trusted_proxies": "proxy.example"}, "trusted_proxies: 'proxy.example' is not an address or network"),
        ({"path_prefix": "lab"}, "path_prefix: 'lab' is not like /lab"),
        ({"path_prefix": "/lab/"}, "path_prefix"),
        ({"path_prefix": "/lab//x"}, "path_prefix"),
        ({"no_such_thing": "1"}, "no_such_thing"),
    ],
)
def test_a_wrong_value_is_refused_by_name(arguments: dict[str, object], complaint: str) -> None:
    with pytest.raises(Invalid, match=complaint):
        load_config(arguments, {}, Path("/dev/null"))


def test_a_wrong_file_is_refused_with_its_name(tmp_path: Path) -> None:
    file = tmp_path / "broken.toml"
    with pytest.raises(Invalid, match=r"broken\.toml: cannot be read"):
        load_config({}, {}, file)
    file.write_text("port =")
    with pytest.raises(Invalid, match=r"broken\.toml: is not TOML"):
        load_config({}, {}, file)
    file.write_text("prot = 1")
    with pytest.raises(Invalid, match=r"broken\.toml: prot: there is no such setting"):
        load_config({}, {}, file)
    file.write_text("port = [1]")
    with pytest.raises(Invalid, match=r"port: expected a number"):
        load_config({}, {}, file)


def test_a_mistyped_variable_is_refused() -> None:
    with pytest.raises(Invalid, match="GNS3TRIO_PASWORD: there is no such setting"):
        load_config({}, {"GNS3TRIO_PASWORD": "secret"}, Path("/dev/null"))


def test_every_setting_says_what_it_is() -> None:
    assert all(field.metadata["doc"] for field in SETTINGS.values())
