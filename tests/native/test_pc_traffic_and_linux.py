"""Generated traffic and the kernel's own stack: ``namespace_pc_traffic.py`` in a network of its own."""

from pathlib import Path

from tests.own_network import run_tests


def test_real_udp() -> None:
    run_tests(Path(__file__).with_name("namespace_pc_traffic.py"))
