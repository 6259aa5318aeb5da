"""Wrong passwords: what a guesser gets, and that others do not suffer. Time passes as the tests say."""

import logging
from contextlib import ExitStack, suppress

import attrs
import pytest

from gns3trio.api.password_guesses import (
    IN_TOTAL,
    MAX_ADDRESSES,
    MAX_NAMES,
    PER_ADDRESS,
    PER_NAME,
    Guesses,
    address_key,
)

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


SHOWN, OTHER = b"credentials", b"other credentials"


NAME = "admin"


def guess(guesses: Guesses, client: tuple[str, int], name: str = NAME) -> bool:
    """A wrong password; whether it was checked."""
    checked = guesses.wait(client, name) == 0
    if checked:
        wrong(guesses, client, name)
    return checked


def wrong(guesses: Guesses, client: tuple[str, int], name: str = NAME) -> None:
    with guesses.checking(client, name):
        pass


def right(guesses: Guesses, client: tuple[str, int], name: str = NAME) -> None:
    with guesses.checking(client, name) as checked:
        checked.is_right = True
    guesses.right(client, SHOWN)


def guess_for(guesses: Guesses, clock: Clock, seconds: float, clients: list[tuple[str, int]]) -> int:
    """Each client tries four times a second; how many were checked."""
    checked = 0
    for _ in range(int(4 * seconds)):
        clock.now += 0.25
        checked += sum(guess(guesses, client) for client in clients)
    return checked


def test_an_address_is_slowed(guesses: Guesses, clock: Clock) -> None:
    assert [guess(guesses, ATTACKER) for _ in range(PER_NAME.burst + 5)].count(True) == PER_NAME.burst
    assert 0 < guesses.wait(ATTACKER, NAME) <= PER_NAME.seconds
    assert guess_for(guesses, clock, 600, [ATTACKER]) == 600 / PER_NAME.seconds
    other_connection = (ATTACKER[0], 2000)
    assert not guess(guesses, other_connection)


def test_others_behind_the_address_do_not_suffer(guesses: Guesses, clock: Clock) -> None:
    """As those of a class behind one router, of whom one has forgotten a password."""
    assert guess_for(guesses, clock, 60, [ATTACKER]) > PER_NAME.burst
    assert guesses.wait(ATTACKER, NAME) > 0
    assert guesses.wait(ATTACKER, "another") == 0
    right(guesses, ATTACKER, "another")


def test_one_password_tried_on_everybody(guesses: Guesses, clock: Clock) -> None:
    """The address is slowed, whatever the names are, and however long."""
    names = [f"{'student' * (n % 20)}{n}" for n in range(200)]
    assert [guess(guesses, ATTACKER, name) for name in names].count(True) == PER_ADDRESS.burst
    assert 0 < guesses.wait(ATTACKER, "nobody yet") <= PER_ADDRESS.seconds + 1
    assert guesses.wait(USER, "nobody yet") == 0
    long = "x" * 100
    assert [guess(guesses, USER, long + "y") for _ in range(20)].count(True) == PER_NAME.burst
    assert guess(guesses, USER, long + "z")


def test_who_was_refused_waits_for_one_token_only(guesses: Guesses, clock: Clock) -> None:
    """However often it tried meanwhile: a right user who mistyped is not locked out."""
    guess_for(guesses, clock, 600, [USER])
    clock.now += guesses.wait(USER, NAME)
    assert guesses.wait(USER, NAME) == 0
    right(guesses, USER)
    assert guesses.wait(USER, NAME) == 0


def test_other_addresses_do_not_suffer(guesses: Guesses, clock: Clock) -> None:
    guess_for(guesses, clock, 60, [ATTACKER])
    assert guesses.wait(USER, NAME) == 0


def test_many_addresses_are_slowed_together(guesses: Guesses, clock: Clock) -> None:
    many = [(f"198.51.100.{n}", 1) for n in range(200)]
    guess_for(guesses, clock, 60, many)
    assert guess_for(guesses, clock, 60, many) <= 60 / IN_TOTAL.seconds
    assert 0 < guesses.wait(USER, NAME) <= 1


def test_a_known_address_does_not_share_the_total(guesses: Guesses, clock: Clock) -> None:
    right(guesses, USER)
    guess_for(guesses, clock, 60, [(f"198.51.100.{n}", 1) for n in range(200)])
    assert guesses.wait((USER[0], 2000), NAME) == 0


def test_a_connection_that_showed_the_password_goes_on(guesses: Guesses, clock: Clock) -> None:
    """Although somebody guesses from the same address; but not behind a proxy, whose connections are shared."""
    right(guesses, USER)
    guess_for(guesses, clock, 60, [(USER[0], 2000)])
    assert guesses.has_shown(USER, SHOWN)
    assert not guesses.has_shown((USER[0], 3000), SHOWN)
    proxy = ("192.0.2.9", 0)
    right(guesses, proxy)
    assert not guesses.has_shown(proxy, SHOWN)


def test_a_user_who_guesses_waits_as_others_do(guesses: Guesses, clock: Clock) -> None:
    """However many connections have shown the user's own password: another one is a guess on all of them."""
    mine = [(USER[0], port) for port in range(1, 100)]
    for connection in mine:
        right(guesses, connection)
    assert not any(guesses.has_shown(connection, OTHER) for connection in mine)
    assert [guess(guesses, connection) for connection in mine].count(True) == PER_NAME.burst
    assert all(guesses.has_shown(connection, SHOWN) for connection in mine)


def test_many_checks_at_once_are_as_many_guesses(guesses: Guesses) -> None:
    """Until their outcome is known. What could not be checked, and what was right, counts for nothing."""
    with ExitStack() as checks:
        begun = [checks.enter_context(guesses.checking(ATTACKER, NAME)) for _ in range(PER_NAME.burst)]
        assert guesses.wait(ATTACKER, NAME) > 0
        begun[0].is_right = True
    assert [guess(guesses, ATTACKER) for _ in range(5)] == [True, False, False, False, False]
    other = ("192.0.2.7", 1)
    for _ in range(2 * PER_NAME.burst):
        with suppress(ValueError), guesses.checking(other, NAME):
            raise ValueError
    assert guesses.wait(other, NAME) == 0


def test_refused_tokens_are_logged_once_in_a_while(
    guesses: Guesses, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """They are no guesses."""
    for _ in range(50):
        guesses.tell_of_token(ATTACKER)
    guesses.tell_of_token(USER)
    clock.now += 60
    guesses.tell_of_token(ATTACKER)
    told = " ".join(record.getMessage() for record in caplog.records)
    assert [told.count(f"a token from {client[0]} was refused") for client in (ATTACKER, USER)] == [2, 1]
    assert guesses.wait(ATTACKER, NAME) == 0


def test_success_does_not_refill(guesses: Guesses, clock: Clock) -> None:
    """Or who shares an address with a user could guess at any speed."""
    for _ in range(PER_NAME.burst):
        wrong(guesses, ATTACKER)
    right(guesses, (ATTACKER[0], 2000))
    assert guesses.wait(ATTACKER, NAME) > 0


def test_ipv6_counts_by_network(guesses: Guesses) -> None:
    assert [guess(guesses, (f"2001:db8::{n:x}", 1)) for n in range(100)].count(True) == PER_NAME.burst
    assert guesses.wait(("2001:db8:0:1::1", 1), NAME) == 0
    assert address_key("::ffff:192.0.2.1") == "192.0.2.1"
    assert address_key("fe80::1%eth0") == "fe80::/64"


def test_memory_is_bounded(guesses: Guesses, clock: Clock) -> None:
    for n in range(5 * MAX_ADDRESSES):
        clock.now += IN_TOTAL.seconds
        client = (f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", n + 1)
        guess(guesses, client)
        right(guesses, client)
    assert guesses.size <= 3 * MAX_ADDRESSES + MAX_NAMES


def test_each_is_logged_but_not_each_refusal(guesses: Guesses, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        guess_for(guesses, clock, 600, [ATTACKER])
    lines = [record.getMessage() for record in caplog.records]
    checked = PER_NAME.burst + 600 / PER_NAME.seconds
    assert abs(sum("wrong user or password from 192.0.2.1" in line for line in lines) - checked) <= 1
    assert lines[0].endswith("192.0.2.1 for 'admin'")
    assert lines[-1].endswith("(now slowed for this name)")
    assert len(lines) <= checked + 1


def test_a_day_of_guesses(clock: Clock) -> None:
    guesses = Guesses(clock)
    checked = 0
    while clock.now < DAY:
        checked += guess(guesses, ATTACKER)
        clock.now += max(1, guesses.wait(ATTACKER, NAME))
    assert checked < 30_000
