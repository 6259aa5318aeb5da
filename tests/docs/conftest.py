"""What tests of documents share."""

import sys
from pathlib import Path

import pytest

from tests.docs.documents import ROOT


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's clone, as far as documents use it."""
    clone = tmp_path / "clone"
    clone.mkdir()
    (clone / "docs").symlink_to(ROOT / "docs")
    (clone / "dev").write_text(f'#!/bin/sh\nexec "{ROOT}/dev" "$@"\n')
    (clone / "dev").chmod(0o755)
    activate = clone / ".venv" / "bin" / "activate"
    activate.parent.mkdir(parents=True)
    activate.write_text(f'PATH="{Path(sys.executable).parent}:$PATH"\n')
    return clone
