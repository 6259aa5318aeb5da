"""The audit trail on a real disk."""

import os
import stat
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import trio

from gns3trio.controller.people import audit_trail
from gns3trio.controller.people.audit_trail import AUDIT_FILE, OLDER_AUDIT_FILE, Wanted, open_audit_trail
from gns3trio.errors import Unavailable

PROJECT = UUID("11111111-2222-3333-4444-555555555555")


def numbers(entries: list[dict[str, Any]]) -> list[int]:
    return [entry["number"] for entry in entries]


async def test_entries_outlive_the_server(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    async with open_audit_trail(folder) as trail:
        assert await trail.read(Wanted(limit=10)) == []
        trail.add({"number": 1})
        trail.add({"number": 2})
        assert numbers(await trail.read(Wanted(limit=10))) == [2, 1]
        trail.add({"number": 3})
    assert stat.S_IMODE((folder / AUDIT_FILE).stat().st_mode) == 0o600
    async with open_audit_trail(folder) as trail:
        trail.add({"number": 4})
        entries = await trail.read(Wanted(limit=3))
        assert numbers(entries) == [4, 3, 2]
        assert numbers(await trail.read(Wanted(limit=9, before=entries[1]["time"]))) == [2, 1]


async def test_entries_of_one_user_or_project(tmp_path: Path) -> None:
    async with open_audit_trail(tmp_path) as trail:
        for number in range(8):
            of_project = {"project_id": str(PROJECT)} if number % 4 < 2 else {}
            trail.add({"number": number, "user": ("ann", 'b"öb')[number % 2], "path": "/ann", **of_project})
        trail.add({"number": 8, "user": None, "path": str(PROJECT)})
        for wanted, found in (
            (Wanted(limit=9, user="ann"), [6, 4, 2, 0]),
            (Wanted(limit=1, user="ann"), [6]),
            (Wanted(limit=9, user='b"öb'), [7, 5, 3, 1]),
            (Wanted(limit=9, project_id=PROJECT), [5, 4, 1, 0]),
            (Wanted(limit=9, project_id=PROJECT, user='b"öb'), [5, 1]),
            (Wanted(limit=9, user="nobody"), []),
        ):
            assert numbers(await trail.read(wanted)) == found


async def test_a_full_file_replaces_the_older_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_trail, "MAX_FILE_BYTES", 1000)
    async with open_audit_trail(tmp_path) as trail:
        for number in range(60):
            trail.add({"number": number, "text": "x" * 100})
            await trail.read(Wanted(limit=1))
        kept = numbers(await trail.read(Wanted(limit=100)))
    assert kept == list(range(59, 59 - len(kept), -1)) and 7 <= len(kept) <= 20
    assert {*os.listdir(tmp_path)} == {AUDIT_FILE, OLDER_AUDIT_FILE}


@pytest.mark.parametrize("end", [b'{"time": "2', b"\xff\x00\n", b"[1]\n", b"\n\n", b"7"])
async def test_a_line_that_a_crash_has_cut(tmp_path: Path, end: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is left out, and those before and after it are whole."""
    monkeypatch.setattr(audit_trail, "_BLOCK_BYTES", 16)
    async with open_audit_trail(tmp_path) as trail:
        trail.add({"number": 1})
    path = trio.Path(tmp_path / AUDIT_FILE)
    await path.write_bytes(await path.read_bytes() + end)
    async with open_audit_trail(tmp_path) as trail:
        assert numbers(await trail.read(Wanted(limit=9))) == [1]
        trail.add({"number": 2})
        assert numbers(await trail.read(Wanted(limit=9))) == [2, 1]


async def test_a_disk_that_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The server goes on, and the log says what is missing."""
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / AUDIT_FILE).mkdir()
    async with open_audit_trail(folder) as trail:
        trail.add({"number": 1})
        with trio.fail_after(30), pytest.raises(Unavailable):
            await trail.read(Wanted(limit=9))
        (folder / AUDIT_FILE).rmdir()
        trail.add({"number": 2})
        assert numbers(await trail.read(Wanted(limit=9))) == [2]
    assert "1 changes are missing" in caplog.text


async def test_more_entries_than_the_disk_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(audit_trail, "MAX_WAITING", 5)
    async with open_audit_trail(tmp_path) as trail:
        for number in range(7):
            trail.add({"number": number})
        assert numbers(await trail.read(Wanted(limit=9))) == [4, 3, 2, 1, 0]
        trail.add({"number": 7})
        assert numbers(await trail.read(Wanted(limit=1))) == [7]
    assert "2 changes are missing" in caplog.text
