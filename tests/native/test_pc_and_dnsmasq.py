"""Built-in PCs and dnsmasq: ``namespace_dnsmasq.py`` in a network of its own."""

from pathlib import Path

from tests.own_network import run_tests


def test_real_dnsmasq() -> None:
    run_tests(Path(__file__).with_name("namespace_dnsmasq.py"))
