"""Runs the tests on hosts where namespaces can be made."""

from pathlib import Path

import pytest

from tests.own_network import run_tests

FILES = sorted(Path(__file__).parent.glob("namespace_*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_on_hosts(file: Path) -> None:
    run_tests(file)
