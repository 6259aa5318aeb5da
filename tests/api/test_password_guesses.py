"""Wrong passwords: what a guesser gets, and that others do not suffer. Time passes as the tests say."""

import logging

import attrs
import pytest

from gns3trio.api.password_guesses import IN_TOTAL, MAX_ADDRESSES, PER_ADDRESS, Guesses, address_key

ATTACKER = ("192.0.2.1", 1000)
USER = ("192.0.2.2", 1000)
DAY = 86_400.0


@attrs.define
class Clock:
    now: float = 5.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def guesses(clock: Clock) -> Guesses:
    return Guesses(clock)


def guess(guesses: Guesses, client: tuple[str, int]) -> bool:
    """A wrong password; whether it was checked."""
    checked = guesses.wait(client) == 0
    if checked:
        guesses.wrong(client)
    return checked


def guess_for(guesses: Guesses, clock: Clock, seconds: float, clients: list[tuple[str, int]]) -> int:
    """Each client tries four times a second; how many were checked."""
    checked = 0
    for _ in range(int(4 * seconds)):
        clock.now += 0.25
        checked += sum(guess(guesses, client) for client in clients)
    return checked


def test_an_address_is_slowed(guesses: Guesses, clock: Clock) -> None:
    assert [guess(guesses, ATTACKER) for _ in range(PER_ADDRESS.burst + 5)].count(True) == PER_ADDRESS.burst
    assert 0 < guesses.wait(ATTACKER) <= PER_ADDRESS.seconds
    assert guess_for(guesses, clock, 600, [ATTACKER]) == 600 / PER_ADDRESS.seconds
    other_connection = (ATTACKER[0], 2000)
    assert not guess(guesses, other_connection)


def test_who_was_refused_waits_for_one_token_only(guesses: Guesses, clock: Clock) -> None:
    """However often it tried meanwhile: a right user who mistyped is not locked out."""
    guess_for(guesses, clock, 600, [USER])
    clock.now += guesses.wait(USER)
    assert guesses.wait(USER) == 0
    guesses.right(USER)
    assert guesses.wait(USER) == 0


def test_other_addresses_do_not_suffer(guesses: Guesses, clock: Clock) -> None:
    guess_for(guesses, clock, 60, [ATTACKER])
    assert guesses.wait(USER) == 0


def test_many_addresses_are_slowed_together(guesses: Guesses, clock: Clock) -> None:
    many = [(f"198.51.100.{n}", 1) for n in range(200)]
    guess_for(guesses, clock, 60, many)
    assert guess_for(guesses, clock, 60, many) <= 60 / IN_TOTAL.seconds
    assert 0 < guesses.wait(USER) <= 1


def test_a_known_address_does_not_share_the_total(guesses: Guesses, clock: Clock) -> None:
    guesses.right(USER)
    guess_for(guesses, clock, 60, [(f"198.51.100.{n}", 1) for n in range(200)])
    assert guesses.wait((USER[0], 2000)) == 0


def test_a_connection_that_showed_the_password_goes_on(guesses: Guesses, clock: Clock) -> None:
    """Although somebody guesses from the same address; but not behind a proxy, whose connections are shared."""
    guesses.right(USER)
    guess_for(guesses, clock, 60, [(USER[0], 2000)])
    assert guesses.wait(USER) == 0
    assert guesses.wait((USER[0], 3000)) > 0
    guesses.wrong(USER)  # it guesses itself
    assert guesses.wait(USER) > 0
    guesses.right(("192.0.2.9", 0))
    guess_for(guesses, clock, 60, [("192.0.2.9", 0)])
    assert guesses.wait(("192.0.2.9", 0)) > 0


def test_success_does_not_refill(guesses: Guesses, clock: Clock) -> None:
    """Or who shares an address with a user could guess at any speed."""
    for _ in range(PER_ADDRESS.burst):
        guesses.wrong(ATTACKER)
    guesses.right((ATTACKER[0], 2000))
    assert guesses.wait(ATTACKER) > 0


def test_ipv6_counts_by_network(guesses: Guesses) -> None:
    assert [guess(guesses, (f"2001:db8::{n:x}", 1)) for n in range(100)].count(True) == PER_ADDRESS.burst
    assert guesses.wait(("2001:db8:0:1::1", 1)) == 0
    assert address_key("::ffff:192.0.2.1") == "192.0.2.1"
    assert address_key("fe80::1%eth0") == "fe80::/64"


def test_memory_is_bounded(guesses: Guesses, clock: Clock) -> None:
    for n in range(5 * MAX_ADDRESSES):
        clock.now += IN_TOTAL.seconds
        client = (f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", n + 1)
        guess(guesses, client)
        guesses.right(client)
    assert guesses.size <= 3 * MAX_ADDRESSES


def test_each_is_logged_but_not_each_refusal(guesses: Guesses, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        guess_for(guesses, clock, 600, [ATTACKER])
    lines = [record.getMessage() for record in caplog.records]
    checked = PER_ADDRESS.burst + 600 / PER_ADDRESS.seconds
    assert abs(sum("wrong user or password from 192.0.2.1" in line for line in lines) - checked) <= 1
    assert lines[0].endswith("192.0.2.1")
    assert lines[-1].endswith("(now slowed)")
    assert len(lines) <= checked + 1


def test_a_day_of_guesses(clock: Clock) -> None:
    guesses = Guesses(clock)
    checked = 0
    while clock.now < DAY:
        checked += guess(guesses, ATTACKER)
        clock.now += max(1, guesses.wait(ATTACKER))
    assert checked < 30_000
