"""Ports on TAP devices and packet sockets: ``namespace_devices.py`` in a network of its own."""

from pathlib import Path

from tests.own_network import run_tests


def test_real_devices() -> None:
    run_tests(Path(__file__).with_name("namespace_devices.py"))
