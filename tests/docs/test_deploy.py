"""The files of docs/deploy fit the program. Their own tools check them in tests/deploy."""

import re
from pathlib import Path

import pytest

from gns3trio.config import CLIENT_URL_VARIABLE, ENVIRONMENT_PREFIX, SETTINGS
from tests.docs.documents import DEPLOYMENT, ROOT

DEPLOY = ROOT / "docs" / "deploy"
FILES = sorted(
    path for path in DEPLOY.rglob("*") if path.suffix in (".service", ".conf", ".yaml", ".yml", ".ini", ".j2", "")
)
# Variables of the recipes themselves, which do not reach the server.
OF_THE_RECIPES = {"GNS3TRIO_IMAGE"}


@pytest.mark.parametrize("file", [path for path in FILES if path.is_file()], ids=lambda path: path.name)
def test_named_settings_exist(file: Path) -> None:
    """The server rejects unknown ones, and would not start."""
    known = {ENVIRONMENT_PREFIX + name.upper() for name in SETTINGS} | {CLIENT_URL_VARIABLE} | OF_THE_RECIPES
    assert set(re.findall(r"GNS3TRIO_[A-Z_]*[A-Z]", file.read_text())) <= known


def test_settings_of_the_playbook_exist() -> None:
    text = (DEPLOY / "ansible" / "gns3trio.toml.j2").read_text()
    assert set(re.findall(r"^(\w+) =", text, re.MULTILINE)) <= SETTINGS.keys()


def test_the_image_gets_the_versions_that_are_tested() -> None:
    assert pins(DEPLOY / "container" / "requirements.lock") <= pins(ROOT / "requirements.lock")


def pins(lock: Path) -> set[str]:
    """The pinned versions in a lock file."""
    return set(re.findall(r"^[\w.-]+==[\w.]+", lock.read_text(), re.MULTILINE))


def test_named_files_exist() -> None:
    named = set(re.findall(r"docs/deploy/[\w./-]*\w", DEPLOYMENT.read_text()))
    assert len(named) > 5
    made = {"docs/deploy/ansible/gns3trio.tar.gz", "docs/deploy/ansible/secret.yml"}
    assert not [name for name in named - made if not (ROOT / name).exists()]
