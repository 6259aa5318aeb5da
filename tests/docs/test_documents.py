"""Commands that the documents show are run, in order, by a real shell at a real server, and print what they show."""

import re
from pathlib import Path

import pytest

from tests.docs.documents import DEPLOYMENT, ELSEWHERE, OSPF, ROOT, blocks, documents, is_as_shown
from tests.docs.running import check

KINDS = ("sh", "text", "toml", "yaml", "ini", "nginx", "caddyfile", "{toctree}")


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_shows_is_what_happens(document: Path, folder: Path) -> None:
    parts = blocks(document)
    assert not [block for block in parts if not block.words or block.words[0] not in KINDS], "a block has no kind"
    for block in parts:
        if block.words[1:] == ("elsewhere",) and document != DEPLOYMENT:
            assert {line.partition("#")[0].strip() for line in block.text.splitlines()} <= ELSEWHERE.keys()
    # test_ospf.py runs that page, which needs more than others.
    if document == OSPF or not any(block.words[0] == "sh" for block in parts):
        return
    check(parts, folder)


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text()):
        assert "://" in target or (document.parent / target).exists(), target


def test_what_counts_as_shown() -> None:
    assert is_as_shown("a 1.5 ms\nx\nb  2\n", "a 20 ms\n...\nb 3")
    assert is_as_shown("time 7: left\n", "...left")
    assert not is_as_shown("a 1.5 ms\nb 2\n", "a 20 ms")
    assert not is_as_shown("a\n", "b")
