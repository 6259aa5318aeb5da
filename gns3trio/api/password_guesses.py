"""Limits password guessing, per address and in total, and logs it.

Each wrong password takes a token from the bucket of its address and from the bucket of all addresses. The buckets
refill with time. While either is empty, no password is checked, not even the right one, because a different answer
would reveal it. A password counts as wrong from the beginning of its check, so that many cannot be checked at once;
those of a class that logs in from one address wait for each other (``credentials``). The following rules keep guesses
of others from locking out the right user:

- A connection that has sent a right password may send the same one again. Another one is a guess like any other: users
  may guess the passwords of others.
- An address from which a right password came recently does not use the bucket of all addresses.
- Requests that are rejected unchecked take no token, so the wait is never longer than for one token.
"""

import ipaddress
import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from gns3trio.addresses import parse_address
from gns3trio.api.latest import Latest
from gns3trio.api.rates import Bucket, Rate
from gns3trio.classes import define

log = logging.getLogger(__name__)


# A person with a few candidates needs fewer; a program is limited to 29,000 a day.
PER_ADDRESS = Rate(10, 3.0)
IN_TOTAL = Rate(100, 0.2)
_TOLD_TOKENS = Rate(1, 60.0)
# Providers assign each customer a /64 at least.
IPV6_PREFIX = 64
MAX_ADDRESSES = 4096
MAX_CONNECTIONS = 4096

Client = tuple[str, int]


@define
class Guess:
    """A password that is being checked."""

    is_right: bool = False


class Guesses:
    """Decides whose password may be checked. ``clock`` returns monotonic seconds."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        *,
        per_address: Rate = PER_ADDRESS,
        in_total: Rate = IN_TOTAL,
        max_addresses: int = MAX_ADDRESSES,
    ) -> None:
        self._clock = clock
        self._per_address = per_address
        self._total = Bucket(in_total, clock())
        self._addresses: Latest[str, Bucket] = Latest(max_addresses)
        self._refused_tokens: Latest[str, Bucket] = Latest(max_addresses)
        self._known: Latest[str, None] = Latest(max_addresses)
        self._connections: Latest[Client, bytes] = Latest(MAX_CONNECTIONS)

    def has_shown(self, client: Client, credentials: bytes) -> bool:
        """Whether these credentials, or what stands for them, came over this connection last, and were right."""
        return self._connections.get(client) == credentials

    def wait(self, client: Client) -> int:
        """Whole seconds until this client's password may be checked; 0 means now."""
        address, now = address_key(client[0]), self._clock()
        bucket = self._addresses.get(address)
        wait = bucket.wait(now) if bucket is not None else 0.0
        if address not in self._known:
            wait = max(wait, self._total.wait(now))
        return math.ceil(wait)

    @contextmanager
    def checking(self, client: Client) -> Iterator["Guess"]:
        """While a password of this client is being checked, which counts as wrong unless it ``is_right``. If the check
        fails, it counts for nothing.
        """
        address, now = address_key(client[0]), self._clock()
        bucket = self._addresses.get(address)
        if bucket is None:
            bucket = Bucket(self._per_address, now)
        self._addresses.put(address, bucket)
        buckets = [bucket] if address in self._known else [bucket, self._total]
        taken = [each.take(now) for each in buckets]
        guess = Guess()
        try:
            yield guess
        except BaseException:
            guess.is_right = True
            raise
        finally:
            if guess.is_right:
                for each, amount in zip(buckets, taken, strict=True):
                    each.give_back(amount)
        if not guess.is_right:
            self._tell(address, buckets)

    def right(self, client: Client, credentials: bytes) -> None:
        """Record that this client has sent right credentials; ``credentials`` are they, or stand for them."""
        self._known.put(address_key(client[0]), None)
        if client[1]:  # not behind a proxy, because its clients share connections
            self._connections.put(client, credentials)

    def tell_of_token(self, client: Client) -> None:
        """Log that a token was refused. Tokens cannot be guessed, so they are not limited, but the lines are: one per
        address in a while.
        """
        address, now = address_key(client[0]), self._clock()
        if (bucket := self._refused_tokens.get(address)) is None:
            bucket = Bucket(_TOLD_TOKENS, now)
        self._refused_tokens.put(address, bucket)
        if bucket.wait(now) == 0:
            bucket.take(now)
            log.warning("a token from %s was refused: it is not one of this server, or is not valid any more", address)

    def _tell(self, address: str, buckets: Sequence[Bucket]) -> None:
        now = self._clock()
        slowed = " (now slowed)" if buckets[0].wait(now) > 0 else ""
        if len(buckets) > 1 and buckets[1].wait(now) > 0:
            slowed = " (now slowed with all that are new: too many addresses guess)"
        log.warning("a wrong user or password from %s%s", address, slowed)

    @property
    def size(self) -> int:
        """The number of remembered addresses and connections."""
        return len(self._addresses) + len(self._refused_tokens) + len(self._known) + len(self._connections)


def address_key(address: str) -> str:
    """The key under which an address counts. For IPv6 it is the network, because one host may use
    all addresses in it.
    """
    parsed = parse_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(parsed), IPV6_PREFIX), strict=False))
    return str(parsed) if parsed is not None else address
