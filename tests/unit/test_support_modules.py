"""What several tests need is in a support module: whoever looks for a helper finds it by its name, and a file of tests
can be renamed or split without a look at others.
"""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
MODULES = sorted(TESTS.rglob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(TESTS)))
def test_no_module_imports_a_file_of_tests(module: Path) -> None:
    for node in ast.walk(ast.parse(module.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names if alias.name.startswith("tests.")]
        elif isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").startswith("tests")):
            names = [f"{node.module or ''}.{alias.name}" for alias in node.names]
        files = {part for name in names for part in name.split(".") if part.startswith("test_")}
        assert not files, f"line {node.lineno}"
