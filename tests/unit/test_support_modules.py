"""What several tests need is in a support module: whoever looks for a helper finds it by its name, and a file of tests
can be renamed or split without a look at others.
"""

from pathlib import Path

import pytest

import gns3trio
from tests.support.imports import imports_of

TESTS = Path(__file__).parents[1]
PACKAGE = Path(gns3trio.__file__).parent
MODULES = sorted(TESTS.rglob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(TESTS)))
def test_no_module_imports_a_file_of_tests(module: Path) -> None:
    for each in imports_of(module):
        if each.level or each.name.startswith("tests."):
            assert not any(part.startswith("test_") for part in each.name.split(".")), f"line {each.line}"


# Below these folders the files of tests have the places and names of the modules that they test, or a name that begins
# so. A test of several modules has the name of the one through which it comes to the others.
MIRRORS = [
    "client",
    "commands",
    "compute/local",
    "compute/nodes",
    "conditions",
    "console",
    "controller",
    "measure",
    "notifications",
]


def modules_of(path: Path) -> list[Path]:
    """The modules that a file of tests may be of: ``test_a_b.py`` is of ``a_b.py``, or of ``a.py``."""
    words = path.stem.removeprefix("test_").split("_")
    return [path.with_name("_".join(words[:count]) + ".py") for count in range(1, len(words) + 1)]


@pytest.mark.parametrize("folder", MIRRORS)
def test_tests_are_where_their_modules_are(folder: str) -> None:
    tests = {path.relative_to(TESTS) for path in (TESTS / folder).rglob("test_*.py")}
    assert tests
    assert not {str(path) for path in tests if not any((PACKAGE / module).is_file() for module in modules_of(path))}
