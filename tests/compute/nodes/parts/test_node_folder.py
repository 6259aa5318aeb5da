"""The folders of nodes, as the programs of the nodes use them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gns3trio.compute.nodes.parts.node_folder import CAP_DAC_OVERRIDE, capabilities_for


def test_a_file_may_go_while_the_folder_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "temporary").touch()
    scandir = os.scandir

    @contextmanager
    def scan(folder: Path) -> Iterator[Iterator[os.DirEntry[str]]]:
        with scandir(folder) as entries:
            found = list(entries)
        (folder / "temporary").unlink()
        yield iter(found)

    monkeypatch.setattr(os, "scandir", scan)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    owner = tmp_path.stat().st_uid
    assert capabilities_for(tmp_path) == ({CAP_DAC_OVERRIDE} if owner else set())
