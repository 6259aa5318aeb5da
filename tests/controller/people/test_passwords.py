"""Passwords become hashes, and only the right one matches."""

import pytest
import trio
import trio.testing

from gns3trio import threads
from gns3trio.controller.people import passwords
from gns3trio.controller.people.passwords import MAX_PASSWORD_BYTES, MAX_WAITING, check_password, hash_password
from gns3trio.errors import Invalid, Unavailable


async def test_only_the_right_password_matches() -> None:
    """Also one that is no text for people. The hash names a memory-hard function, and does not tell equal passwords."""
    for text in ("correct horse", "päss:word", "", "\ud800", "x" * MAX_PASSWORD_BYTES):
        hashed = await hash_password(text)
        assert hashed.startswith(f"$argon2id$v=19$m={passwords.MEMORY_KIB},t={passwords.PASSES},p={passwords.LANES}$")
        assert await check_password(text, hashed)
        assert not await check_password(f"{text}!", hashed)
    assert hashed != await hash_password(text)


async def test_a_hash_with_other_parameters_matches() -> None:
    """They may change with a version of this server."""
    from argon2 import PasswordHasher

    hashed = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=2).hash("secret")
    assert await check_password("secret", hashed)


@pytest.mark.parametrize(
    "hashed", [None, "", "secret", "$argon2id$v=19$m=65536,t=3,p=4$", "$2b$12$abcdefghijklmnopqrstuv"]
)
async def test_nothing_matches_what_is_no_hash(hashed: str | None) -> None:
    for text in ("", "secret", hashed or ""):
        assert not await check_password(text, hashed)


async def test_a_password_has_a_limit() -> None:
    """More is neither hashed nor checked."""
    too_long = "é" * (MAX_PASSWORD_BYTES // 2 + 1)
    with pytest.raises(Invalid, match=r"^password: has 1026 bytes, and may have 1024$"):
        await hash_password(too_long)
    assert not await check_password(too_long, None)


async def test_who_does_not_exist_costs_a_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    """So the time does not tell who does."""
    from argon2 import PasswordHasher

    checked: list[str] = []
    verify = PasswordHasher.verify

    def count(self: PasswordHasher, hashed: str, password: bytes) -> bool:
        checked.append(hashed)
        return bool(verify(self, hashed, password))

    hashed = await hash_password("right")
    monkeypatch.setattr(PasswordHasher, "verify", count)
    assert not await check_password("wrong", hashed)
    assert not await check_password("wrong", None)
    first, second = (each.rpartition("$")[0].rpartition("$")[0] for each in checked)
    assert first == second  # the same parameters


async def test_few_are_computed_at_once_and_few_wait() -> None:
    """Others are told to come again, and the loop goes on."""
    outcomes: list[bool | Unavailable] = []

    async def check() -> None:
        try:
            outcomes.append(await check_password("wrong", None))
        except Unavailable as error:
            outcomes.append(error)

    # Nobody's turn comes.
    limiter = threads.passwords.limiter
    for borrower in range(threads.passwords.most):
        limiter.acquire_on_behalf_of_nowait(borrower)
    async with trio.open_nursery() as nursery:
        for _ in range(MAX_WAITING + 3):
            nursery.start_soon(check)
        await trio.testing.wait_all_tasks_blocked()
        assert [type(each) for each in outcomes] == [Unavailable] * 3
        nursery.cancel_scope.cancel()
    for borrower in range(threads.passwords.most):
        limiter.release_on_behalf_of(borrower)
    assert not await check_password("wrong", None)
