"""The tokens that were ended before their time, on a real disk."""

import stat
from pathlib import Path

import pytest

from gns3trio.controller.people import ended_tokens
from gns3trio.controller.people.ended_tokens import ENDED_FILE, EndedTokens
from gns3trio.controller.people.tokens import KEY_FILE, Tokens
from gns3trio.errors import Conflict, Unavailable


async def test_they_are_remembered_until_they_would_end_anyway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(ended_tokens, "MAX_ENDED", 2)
    ended = EndedTokens(tmp_path / "state", lambda: now)
    assert ended.load()
    await ended.add("a", 1010)
    await ended.add("b", 1020)
    with pytest.raises(Conflict):
        await ended.add("c", 1020)
    assert ("a" in ended, "b" in ended, "c" in ended) == (True, True, False)
    now = 1010.0
    await ended.add("c", 1020)
    again = EndedTokens(tmp_path / "state", lambda: now)
    assert again.load()
    assert ("a" in again, "b" in again, "c" in again) == (False, True, True)
    assert stat.S_IMODE((tmp_path / "state" / ENDED_FILE).stat().st_mode) == 0o600


async def test_a_disk_that_cannot_be_written(tmp_path: Path) -> None:
    """The token is valid as before, and the user is told."""
    (tmp_path / "state").write_text("a file")
    ended = EndedTokens(tmp_path / "state", lambda: 0.0)
    with pytest.raises(Unavailable):
        await ended.add("a", 10)
    assert "a" not in ended


@pytest.mark.parametrize("damage", ["{", "[]", '{"a": "b"}', ""])
async def test_a_damaged_file_revives_no_token(tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    """Everybody logs in again."""
    tokens = Tokens(tmp_path, 10)
    one, other = await tokens.issue("alice", "secret"), await tokens.issue("alice", "secret")
    assert one != other
    claims = await tokens.read(one)
    assert claims is not None
    await tokens.end(claims.token_id, claims.ends)
    assert [await tokens.read(each) is None for each in (one, other)] == [True, False]
    (tmp_path / ENDED_FILE).write_text(damage)
    key = (tmp_path / KEY_FILE).read_text()
    started = Tokens(tmp_path, 10)
    assert [await started.read(each) for each in (one, other)] == [None, None]
    assert ENDED_FILE in caplog.text
    new = await started.issue("alice", "secret")
    assert await started.read(new) is not None
    assert (tmp_path / KEY_FILE).read_text() != key
    assert await Tokens(tmp_path, 10).read(new) is not None
