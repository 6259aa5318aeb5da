"""Tokens of users: who signed them, when they end, and whose they are."""

import base64
import hmac
import json
import logging
from pathlib import Path

import attrs
import jwt
import pytest

from gns3trio.controller.people.tokens import KEY_FILE, MAX_TOKEN_LENGTH, Tokens
from gns3trio.errors import Unavailable

MINUTES = 10
NOW = 1_800_000_000.0


@attrs.define
class Clock:
    now: float = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(tmp_path: Path, clock: Clock) -> Tokens:
    return Tokens(tmp_path / "state", MINUTES, clock)


def key_of(folder: Path) -> bytes:
    return bytes.fromhex((folder / "state" / KEY_FILE).read_text())


async def test_a_token_says_whose_it_is_until_it_ends(tokens: Tokens, clock: Clock) -> None:
    token = await tokens.issue("alice", "her secret")
    assert jwt.get_unverified_header(token) == {"typ": "JWT", "alg": "HS256"}
    claims = await tokens.read(token)
    assert claims is not None
    assert (claims.name, claims.ends) == ("alice", NOW + 60 * MINUTES)
    assert tokens.is_of(claims, "her secret")
    assert not tokens.is_of(claims, "another one")
    clock.now += 60 * MINUTES - 1
    assert await tokens.read(token) == claims
    assert tokens.seconds_left(claims.ends) == 1
    clock.now += 1
    assert await tokens.read(token) is None
    assert tokens.seconds_left(claims.ends) == 0


async def test_the_key_is_kept_where_only_the_server_reads_it(tmp_path: Path, tokens: Tokens, clock: Clock) -> None:
    """It outlives the server. It is made when it is needed: a server without users leaves no file."""
    assert await tokens.read("x.y.z") is None
    assert not (tmp_path / "state").exists()
    token = await tokens.issue("alice", "secret")
    file = tmp_path / "state" / KEY_FILE
    assert file.stat().st_mode & 0o777 == 0o600
    assert len(key_of(tmp_path)) == 32
    again = Tokens(tmp_path / "state", MINUTES, clock)
    claims = await again.read(token)
    assert claims is not None
    assert again.is_of(claims, "secret")
    assert await Tokens(tmp_path / "other", MINUTES, clock).read(token) is None


@pytest.mark.parametrize("damage", ["open", "short", "no key"])
async def test_a_key_that_others_may_know_is_replaced(
    tmp_path: Path, tokens: Tokens, clock: Clock, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    token = await tokens.issue("alice", "secret")
    file = tmp_path / "state" / KEY_FILE
    before = file.read_text()
    if damage == "open":
        file.chmod(0o640)
    else:
        file.write_text("00" if damage == "short" else "k" * 64)
    again = Tokens(tmp_path / "state", MINUTES, clock)
    assert await again.read(token) is None
    assert await again.read(await again.issue("alice", "secret")) is not None
    assert file.read_text() != before
    assert file.stat().st_mode & 0o777 == 0o600
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert told
    assert all(str(file) in line and before not in line for line in told)


async def test_a_folder_that_cannot_be_written(tmp_path: Path, tokens: Tokens) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(Unavailable, match="state"):
        await tokens.issue("alice", "secret")


def signed(head: object, payload: object, key: bytes | None = None, digest: str = "sha256") -> str:
    """A token made by hand; without a key, it has no signature."""
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (head, payload))
    text = b".".join(parts)
    signature = b"" if key is None else hmac.digest(key, text, digest)
    return f"{text.decode()}.{base64.urlsafe_b64encode(signature).rstrip(b'=').decode()}"


async def test_what_this_server_did_not_sign(tmp_path: Path, tokens: Tokens) -> None:
    good = await tokens.issue("alice", "secret")
    key, payload = key_of(tmp_path), jwt.decode(good, options={"verify_signature": False})
    assert await tokens.read(signed({"typ": "JWT", "alg": "HS256"}, payload, key)) is not None
    head, body, signature = good.split(".")
    hs256 = {"typ": "JWT", "alg": "HS256"}
    for token in (
        "",
        "..",
        "a.b.c",
        "é.é.é",
        good[:-2],
        f"{head}.{body}.",
        f"{head}.{body}",
        f"{'.'.join(signed(hs256, {**payload, 'sub': 'admin'}).split('.')[:2])}.{signature}",
        *(signed({**hs256, "alg": other}, payload) for other in ("none", "None", "", None, "HS256")),
        *(signed({**hs256, "alg": other}, payload, key) for other in ("none", "hs256", "RS256", ["HS256"])),
        signed({**hs256, "alg": "HS512"}, payload, key, "sha512"),
        signed({**hs256, "crit": ["x"], "x": 1}, payload, key),
        signed(hs256, payload, bytes(32)),
        signed(hs256, payload, b""),
        f"{base64.urlsafe_b64encode(b'[' * 2500).decode().rstrip('=')}.e30.e30",
        good + "=" * MAX_TOKEN_LENGTH,
    ):
        assert await tokens.read(token) is None, token


async def test_claims_that_are_missing_or_of_another_type(tmp_path: Path, tokens: Tokens) -> None:
    """Signed with the key, such as by an earlier version."""
    good = await tokens.issue("alice", "secret")
    payload = jwt.decode(good, options={"verify_signature": False})
    for claims in (
        *({name: value for name, value in payload.items() if name != left_out} for left_out in payload),
        {**payload, "sub": 7},
        {**payload, "exp": str(payload["exp"])},
        {**payload, "exp": None},
        {**payload, "exp": 1e400},
        {**payload, "epoch": 0},
        {**payload, "nbf": payload["exp"] + 1e9},
    ):
        token = signed({"typ": "JWT", "alg": "HS256"}, claims, key_of(tmp_path))
        assert await tokens.read(token) is None, claims
