"""Settings: layers, names and refusals."""

from pathlib import Path

import pytest

from gns3trio.config import SETTINGS, Config, load_config
from gns3trio.errors import Invalid


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
    assert config.host == "127.0.0.1"
    assert (config.port, config.console_start_port_range, config.udp_start_port_range) == (3080, 2000, 10000)
    assert config.projects_path.is_absolute()


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_another_address_needs_a_password_or_an_explicit_permission(host: str) -> None:
    with pytest.raises(Invalid, match="user and password"):
        Config(host=host)
    Config(host=host, user="a", password="b")
    Config(host=host, allow_unauthenticated=True)


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
        ({"stats_interval": "0"}, "stats_interval"),
        ({"stats_interval": "nan"}, "stats_interval"),
        ({"stats_interval": "inf"}, "stats_interval"),
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
