"""The documents as a site, as ``./dev docs`` writes it: no broken link, and nothing from another host."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.documents import ROOT

_LOADED = re.compile(r"""<(?:script|img|link|source|iframe)\b[^>]*?\b(?:src|href)=["']?([^"'\s>]+)""")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--keep-going", "--quiet", "-c", "docs/site"]
    # A link to a page or heading that is not there is a warning.
    built = subprocess.run(
        [*command, "-d", str(folder / "kept"), ".", str(folder / "site")], cwd=ROOT, capture_output=True, text=True
    )
    assert built.returncode == 0, built.stderr
    return folder / "site"


def test_every_document_is_a_page(site: Path) -> None:
    for document in (ROOT / "docs").rglob("*.md"):
        assert (site / document.relative_to(ROOT).with_suffix(".html")).exists(), document
    start = (site / "index.html").read_text()
    assert (site / re.findall('href="([^"]+)"', start)[0]).exists()


def test_pages_load_nothing_from_another_host(site: Path) -> None:
    loaded = {(page.name, target) for page in site.rglob("*.html") for target in _LOADED.findall(page.read_text())}
    assert len(loaded) > 100
    assert {each for each in loaded if re.match(r"(\w+:)?//", each[1])} == set()
