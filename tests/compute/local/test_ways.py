"""The way to an address. Ways through other interfaces are in ``tests/hosts``."""

import socket
import struct
from pathlib import Path

import pytest

from gns3trio.compute.local import ways
from gns3trio.compute.local.ways import Way, way_to


def test_the_way_to_this_machine() -> None:
    way = way_to("127.0.0.1")
    assert (way.interface, way.is_here, way.is_wireguard) == ("lo", True, False)
    assert way.mtu > 1500


def test_what_is_no_address() -> None:
    for address in ("", "host", "1.2.3", "::g"):
        with pytest.raises(OSError):
            way_to(address)


def test_wireguard_in_user_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "_USER_SPACE_SOCKETS", tmp_path)
    way = Way("192.0.2.1", "wg0", "tun", 1420, False)
    assert not way.is_wireguard
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "wg0.sock"))
        assert way.is_wireguard
        assert not Way("192.0.2.1", "eth0", "", 1500, False).is_wireguard
    assert Way("192.0.2.1", "wg1", "wireguard", 1420, False).is_wireguard


def test_attributes_that_are_cut_off_end() -> None:
    whole = struct.pack("HHI", 8, 3, 7)
    for data in (b"", whole[:3], struct.pack("HH", 0, 3), whole + struct.pack("HH", 2, 1)):
        assert len(list(ways._attributes(data))) <= 1
    assert list(ways._attributes(whole)) == [(3, struct.pack("I", 7))]
