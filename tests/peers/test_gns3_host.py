"""Runs the tests with gns3-server on a host of its own where namespaces can be made."""

from pathlib import Path

from tests.own_network import run_tests


def test_on_hosts() -> None:
    run_tests(Path(__file__).with_name("namespace_gns3_host.py"))
