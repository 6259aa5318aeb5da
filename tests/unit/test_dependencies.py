"""What is imported is declared in pyproject.toml: what others bring along may be gone with their next version."""

import re
import sys
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.support.imports import imports_of

ROOT = Path(__file__).parent.parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
OURS = {"gns3trio", "tests", "benchmarks", "conftest"} | {file.stem for file in ROOT.glob("*.py")}
# These run in the environments of other programs, which ./dev makes.
ELSEWHERE = {
    "tests/fuzz/pcap_reader.py",
    "tests/peers/any_compute.py",
    "tests/peers/gui_session.py",
    "tests/peers/gui_session_3.py",
}
# The compiled core needs it; no line of Python names it.
OF_THE_CORE = {"cffi"}
# Parts of the standard library of Python 3.14; before, a declared backport stands in.
STANDARD_LATER = {"compression"}


def normal(name: str) -> str:
    """The name of a distribution as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(requirements: Iterable[str]) -> set[str]:
    names = (re.match(r"[\w.-]+", requirement) for requirement in requirements)
    return {normal(name[0]) for name in names if name is not None}


def modules(file: Path) -> Iterator[str]:
    """What a file imports, but for what is beside it."""
    return (each.name for each in imports_of(file) if each.module != "")


def imported(*folders: str) -> dict[str, str]:
    """The distributions that the files in these folders import, each with one of the files."""
    distributions = packages_distributions()
    found = {}
    for file in (file for folder in folders for file in (ROOT / folder).rglob("*.py")):
        name = str(file.relative_to(ROOT))
        tops = {module.partition(".")[0] for module in modules(file)} - OURS - sys.stdlib_module_names - STANDARD_LATER
        if name not in ELSEWHERE:
            found |= {normal(distributions.get(top, [top])[0]): name for top in tops}
    return found


RUNTIME = declared(PYPROJECT["project"]["dependencies"])


def test_what_the_package_imports_is_what_it_declares() -> None:
    found = imported("gns3trio")
    assert {name: file for name, file in found.items() if name not in RUNTIME} == {}
    assert RUNTIME - OF_THE_CORE - found.keys() == set(), "declared, but not imported"


def test_what_tests_and_benchmarks_import_is_declared() -> None:
    groups = PYPROJECT["dependency-groups"].values()  # whose items are requirements, or name another group
    known = RUNTIME | declared([each for group in groups for each in group if isinstance(each, str)])
    assert {name: file for name, file in imported("tests", "benchmarks").items() if name not in known} == {}


def test_http_to_others_is_spoken_by_one_library() -> None:
    blocking = ("http.client", "urllib.request")
    users = [
        str(file.relative_to(ROOT))
        for file in (ROOT / "gns3trio").rglob("*.py")
        if any(module.startswith(blocking) for module in modules(file))
    ]
    assert users == []
