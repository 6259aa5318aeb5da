"""What ``gns3trio doctor`` tells of the ways to other hosts. Those of real networks are in ``tests/hosts``."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from gns3trio.commands import ways_to_hosts as module
from gns3trio.commands.findings import Finding
from gns3trio.commands.ways_to_hosts import ways_to_hosts
from gns3trio.compute.local.ways import Way
from gns3trio.config import Config


def found(folder: Path, *computes: Any) -> list[Finding]:
    config = Config(projects_path=folder)
    config.state_folder.mkdir(exist_ok=True)
    (config.state_folder / "controller.json").write_text(json.dumps({"computes": computes}))
    return list(ways_to_hosts(config))


def test_without_other_hosts_there_is_nothing_to_tell(tmp_path: Path) -> None:
    assert list(ways_to_hosts(Config(projects_path=tmp_path))) == []
    assert found(tmp_path) == []
    assert found(tmp_path, 7, None, {}, {"name": "x", "host": 3}) == []


def test_a_host_that_is_this_machine(tmp_path: Path) -> None:
    (one, named) = found(tmp_path, {"name": "a", "host": "127.0.0.1"}, {"name": "b\x1b[2J", "host": "localhost"})
    assert (one.what, one.verdict, one.tells) == ("way to a", "good", "127.0.0.1 is this machine")
    assert named.tells == "localhost (127.0.0.1) is this machine" and "\x1b" not in named.what


@pytest.mark.parametrize("host", ["", "nobody.invalid", "x" * 300, "\x00", "\udcff", "é" * 70])
def test_a_host_that_nobody_knows(host: str, tmp_path: Path) -> None:
    for each in found(tmp_path, {"name": "a", "host": host}):
        assert each.verdict != "missing" and each.tells


@pytest.mark.parametrize(
    ("address", "mtu", "whole"),
    [("192.0.2.1", 1500, 1464), ("192.0.2.1", 1554, None), ("192.0.2.1", 1553, 1517), ("2001:db8::1", 1500, 1444)],
)
def test_which_frames_pass_whole(
    address: str, mtu: int, whole: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "way_to", lambda host: Way(host, "eth0", "wireguard", mtu, False))
    (each,) = found(tmp_path, {"name": "a", "host": address, "protocol": "https"})
    assert each.tells.startswith(f"{address} through WireGuard (eth0); MTU {mtu}")
    assert each.tells.endswith(f"larger frames than {whole} bytes go in pieces" if whole else f"MTU {mtu}")


def test_a_password_in_clear_text_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "way_to", lambda host: Way(host, "eth0", "", 1500, False))
    for protocol, is_told in (("http", True), ("https", False)):
        (each,) = found(tmp_path, {"name": "a", "host": "192.0.2.1", "protocol": protocol})
        assert each.verdict == "optional" and "not encrypted" in each.tells
        assert ("password" in each.advice) is is_told


def test_a_state_that_cannot_be_read(tmp_path: Path) -> None:
    config = Config(projects_path=tmp_path)
    config.state_folder.mkdir()
    file = config.state_folder / "controller.json"
    file.write_bytes(b"{")
    (damaged,) = ways_to_hosts(config)
    assert "is damaged" in damaged.tells
    file.unlink()
    os.mkdir(file)
    (unreadable,) = ways_to_hosts(config)
    assert "directory" in unreadable.tells
