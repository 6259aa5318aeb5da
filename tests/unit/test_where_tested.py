"""From a module one finds its tests: in the file of its name, or in those that one table names."""

import re
from functools import cache
from pathlib import Path

import pytest

import gns3trio
from tests.support.imports import imported_names
from tests.support.where_tested import TESTED_IN

TESTS = Path(__file__).parents[1]
PACKAGE = Path(gns3trio.__file__).parent
ALL_TESTS = set(TESTS.rglob("*.py"))
ROOMS = ["compute", "conditions", "controller", "forwarder", "layout", "traffic"]
MODULES = {
    str(path.relative_to(PACKAGE).with_suffix("")): path
    for room in ROOMS
    for path in (PACKAGE / room).rglob("*.py")
    if path.name != "__init__.py"
}


def files_of_its_name(module: str) -> list[Path]:
    path = TESTS / module
    return [*path.parent.glob(f"test_{path.name}.py")]


def file_of(tests: str) -> Path:
    folder, _, name = tests.rpartition("/")
    return TESTS / folder / f"test_{name}.py"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_has_tests_of_its_name_or_is_in_the_table(module: str) -> None:
    if files_of_its_name(module):
        assert module not in TESTED_IN, "found by its name already"
    else:
        assert TESTED_IN.get(module), "say in tests/support/where_tested.py where it is tested"


def test_the_table_names_no_module_that_is_gone() -> None:
    assert TESTED_IN.keys() <= MODULES.keys()


@cache
def imported_by(path: Path) -> frozenset[Path]:
    """The modules of the package and of the tests that a module imports."""
    found = set()
    for name in imported_names(path):
        first, *parts = name.split(".")
        top = {"gns3trio": PACKAGE, "tests": TESTS}.get(first)
        if top is not None and parts:
            place = top.joinpath(*parts)
            files = (place.with_suffix(".py"), place / "__init__.py", place.parent / "__init__.py")
            found |= {each for each in files if each.is_file()}
    if path == PACKAGE / "compute/local_compute.py":
        found |= set(PACKAGE.glob("compute/nodes/*/node.py"))  # by the name of the type
    # Tests that run in a namespace are started by their file's name.
    found |= {path.parent / name for name in re.findall(r"namespace_\w+\.py", path.read_text())} & ALL_TESTS
    return frozenset(found)


def reached_from(tests: Path) -> set[Path]:
    """The modules that a file of tests imports, by way of others too, and those of its fixtures."""
    fixtures = [folder / "conftest.py" for folder in tests.parents if TESTS in (folder, *folder.parents)]
    todo = [tests, *(path for path in fixtures if path.is_file())]
    reached: set[Path] = set()
    while todo:
        for path in imported_by(todo.pop()) - reached:
            reached.add(path)
            todo.append(path)
    return reached


@pytest.mark.parametrize("tests", sorted({each for files in TESTED_IN.values() for each in files}))
def test_the_named_tests_reach_the_module(tests: str) -> None:
    file = file_of(tests)
    assert file.is_file()
    reached = reached_from(file)
    for module, files in TESTED_IN.items():
        if tests in files:
            assert MODULES[module] in reached, module
