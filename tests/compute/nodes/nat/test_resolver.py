"""resolv.conf: which name server answers the labs."""

from ipaddress import IPv4Address
from pathlib import Path

import pytest

from gns3trio.compute.nodes.nat import resolver
from gns3trio.compute.nodes.nat.resolver import parse_resolver, read_resolver, resolver_version


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("nameserver 192.0.2.1\nnameserver 192.0.2.2\n", "192.0.2.1"),
        ("# nameserver 192.0.2.9\nsearch example\n\tnameserver\t127.0.0.53  # local\n", "127.0.0.53"),
        ("nameserver 2001:db8::1\nnameserver 192.0.2.2\n", "192.0.2.2"),
        ("nameserver 2001:db8::1\n", None),
        ("nameserver\nnameservers 192.0.2.1\nnameserver fe80::1%eth0\nnameserver 1.2.3\n", None),
        ("", "127.0.0.1"),
        ("options rotate\n", "127.0.0.1"),
    ],
)
def test_the_first_ipv4_name_server(text: str, found: str | None) -> None:
    assert parse_resolver(text) == (IPv4Address(found) if found else None)


def test_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "resolv.conf"
    monkeypatch.setattr(resolver, "RESOLVER_FILE", file)
    assert read_resolver() == IPv4Address("127.0.0.1")
    without = resolver_version()
    file.write_bytes(b"nameserver 192.0.2.1\n\xff\xfe\n")
    assert read_resolver() == IPv4Address("192.0.2.1")
    assert resolver_version() != without
