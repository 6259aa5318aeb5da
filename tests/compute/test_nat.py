"""NAT in user mode: what any machine can show, and the tests of ``namespace_nat.py`` where namespaces can be made."""

from pathlib import Path

import pytest

from tests.own_network import run_tests


@pytest.mark.parametrize("file", ["namespace_nat.py", "namespace_nat_server.py"])
def test_the_gateway_in_front_of_a_small_internet(file: str) -> None:
    run_tests(Path(__file__).with_name(file))
