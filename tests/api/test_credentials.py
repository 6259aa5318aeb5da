"""Many passwords at once from one address: those of a class are all checked, and guesses are limited as ever."""

from typing import Any, cast

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from gns3trio.api.credentials import MAX_WAITING, Credentials, TooManyGuesses
from gns3trio.api.password_guesses import PER_ADDRESS, PER_NAME, Guesses
from gns3trio.controller.people.logins import Logins

SCHOOL = "192.0.2.1"


class SlowLogins:
    """Checks passwords when it is told to. The right one is "right"."""

    def __init__(self) -> None:
        self.go_on = trio.Event()

    async def by_password(self, name: str, password: str) -> object | None:
        await self.go_on.wait()
        await trio.lowlevel.checkpoint()
        return object() if password == "right" else None


async def log_in_at_once(count: int, password: str, name: str = "student{}") -> list[Any]:
    """What each of many users gets: a login, None, or that there are too many guesses."""
    logins, outcomes = SlowLogins(), list[Any]()
    credentials = Credentials(cast(Logins, logins), {}, Guesses(clock=lambda: 0.0))

    async def log_in(number: int) -> None:
        try:
            outcomes.append(
                await credentials.of_password((SCHOOL, 1000 + number), name.format(number), password.format(number))
            )
        except TooManyGuesses:
            outcomes.append(TooManyGuesses)

    async with trio.open_nursery() as nursery:
        for number in range(count):
            nursery.start_soon(log_in, number)
        await wait_all_tasks_blocked()
        logins.go_on.set()
    return outcomes


@pytest.mark.parametrize("name", ["student{}", "everybody"])
async def test_a_class_logs_in_from_one_address(name: str) -> None:
    """Each with a name, or all with one."""
    outcomes = await log_in_at_once(30, "right", name)
    assert len(outcomes) == 30
    assert None not in outcomes
    assert TooManyGuesses not in outcomes


async def test_as_many_guesses_are_limited() -> None:
    """Of one name, and of all names."""
    outcomes = await log_in_at_once(30, "wrong {}", "everybody")
    assert (outcomes.count(None), outcomes.count(TooManyGuesses)) == (PER_NAME.burst, 30 - PER_NAME.burst)
    outcomes = await log_in_at_once(70, "wrong")
    assert (outcomes.count(None), outcomes.count(TooManyGuesses)) == (PER_ADDRESS.burst, 70 - PER_ADDRESS.burst)


async def test_only_so_many_wait() -> None:
    outcomes = await log_in_at_once(PER_ADDRESS.burst + MAX_WAITING + 5, "right")
    assert outcomes.count(TooManyGuesses) == 5
