"""ARCHITECTURE.md names files that exist."""

import re
from functools import cache
from pathlib import PurePosixPath

import pytest

from tests.docs.documents import ROOT

_FILE = re.compile(r"`([\w./*-]+\.(?:py|c|h|js|toml|json|txt))`")
# Names of files of users, of a server or of a new module, not of this repository.
_OTHERS = re.compile(r"NAME|^project-files/|^(gns3trio|people)\.json$|\.gns3")
_FOLDERS = ("gns3trio", "native", "tests", "benchmarks")


def named_files() -> list[str]:
    """The file names in ARCHITECTURE.md."""
    text = (ROOT / "ARCHITECTURE.md").read_text()
    return sorted({name for name in _FILE.findall(text) if not _OTHERS.search(name)})


@cache
def repository_files() -> list[PurePosixPath]:
    """The paths of the repository's files."""
    below = [path for folder in _FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    return [PurePosixPath(path.relative_to(ROOT)) for path in [*ROOT.glob("*.*"), *below]]


@pytest.mark.parametrize("name", named_files())
def test_a_named_file_exists(name: str) -> None:
    """Its path may be given without the first folders."""
    assert any(path.match(name) for path in repository_files()), f"ARCHITECTURE.md names {name}, which does not exist"


def test_names_are_found() -> None:
    assert {"server.py", "native/sandbox.c"} <= set(named_files())
    assert not any(path.match("no_such_file.py") for path in repository_files())
