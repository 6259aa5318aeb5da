"""Texts in the properties of Docker nodes. ``tests/compute/test_docker.py`` has those that containers show."""

from uuid import UUID

import pytest

from gns3trio.compute.nodes.docker.plan import container_name, host_name
from gns3trio.compute.nodes.docker.properties import (
    adapter_macs,
    as_properties,
    default_mac,
    read_command,
    read_environment,
    read_hosts,
    read_settings,
    whole_image_name,
)
from gns3trio.compute.nodes.docker.settings import MAX_VARIABLE, CustomAdapter
from gns3trio.compute.nodes.parts.custom_adapters import read_custom_adapters
from gns3trio.errors import Conflict, Invalid

NODE = UUID("1c892cec-dc3b-4104-bb9b-4063720ead93")


@pytest.mark.parametrize(
    ("name", "whole"),
    [
        ("busybox", "busybox:latest"),
        (" busybox ", "busybox:latest"),
        ("frrouting/frr:v8.4", "frrouting/frr:v8.4"),
        ("localhost:5000/a", "localhost:5000/a:latest"),
        ("localhost:5000/a:1", "localhost:5000/a:1"),
        ("a@sha256:0123", "a@sha256:0123"),
    ],
)
def test_names_of_images(name: str, whole: str) -> None:
    """Without a tag, an engine would pull all tags of an image."""
    assert whole_image_name(name) == whole


@pytest.mark.parametrize(
    "name", ["", "/a", "../a", "a/../b", "a b", "a?x=1", "a//b", "a/", "a\nb", "ä", "-a", "%2e%2e"]
)
def test_what_is_no_image(name: str) -> None:
    with pytest.raises(Invalid, match=r"properties\.image"):
        whole_image_name(name)


def test_texts() -> None:
    assert read_command("sh -c 'a  b' c") == ["sh", "-c", "a  b", "c"] and read_command(None) == []
    assert read_environment("A=1\r\n\n  B=%vm-name% x \nC", "R 1") == ["A=1", 'B="R 1" x', "C"]
    assert read_hosts("a:192.0.2.1\n\nb:2001:db8::1\n") == [("a", "192.0.2.1"), ("b", "2001:db8::1")]
    for wrong in ("a", "a:b", ":192.0.2.1", "a b:192.0.2.1", "a:192.0.2.1 c"):
        with pytest.raises(Conflict, match="wrong format"):
            read_hosts(wrong)
    for field in ("environment", "start_command"):
        with pytest.raises(Invalid, match=field):
            read_settings({"image": "a", field: "x\0"})


def test_macs() -> None:
    """They are those of GNS3."""
    settings = read_settings({"image": "a", "adapters": 3, "mac_address": default_mac(NODE)})
    customs = read_custom_adapters([{"adapter_number": 1, "mac_address": "00:AA:00:00:00:01"}], list[CustomAdapter])
    assert adapter_macs(settings, customs) == ["02:42:89:2c:ec:00", "00:aa:00:00:00:01", "02:42:89:2c:ec:02"]
    for wrong in ([{"adapter_number": 100}], [{"adapter_number": 0, "mac_address": "x"}], [{"port_name": "x"}]):
        with pytest.raises(Invalid, match="custom_adapters"):
            read_custom_adapters(wrong, list[CustomAdapter])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("mac_address", "01:00:5e:00:00:01"),
        ("mac_address", "ff:ff:ff:ff:ff:ff"),
        ("mac_address", "00:00:00:00:00:00"),
        ("mac_address", "02:42:00:00:00"),
        ("console_http_path", "/\r\nX: y"),
        ("environment", "A=" + "x" * MAX_VARIABLE),
    ],
)
def test_what_no_container_can_have(field: str, value: str) -> None:
    with pytest.raises(Invalid, match=f"properties.{field}: "):
        read_settings({"image": "a", field: value})
    assert read_settings({"image": "a", "environment": "A=" + "x" * (MAX_VARIABLE - 2)})


def test_null_is_the_default() -> None:
    settings = read_settings({"image": "a", "environment": None, "adapters": None, "mac_address": None})
    assert as_properties(settings).items() >= {"image": "a:latest", "environment": None, "adapters": 1}.items()


def test_names_of_containers() -> None:
    server = "01234567-89ab-cdef-0123-456789abcdef"
    assert container_name("R 1/ä", NODE, server) == "gns3trio.R_1__.1c892cec.01234567"
    assert host_name("R 1/ä.b") == "R-1---b" and host_name("ä") == "container" and len(host_name("a" * 200)) == 63
