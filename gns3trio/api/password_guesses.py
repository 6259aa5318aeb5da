"""Limits password guessing: of one user from one address, of all users from one address, and in total; and logs it.

Each wrong password takes a token from three buckets: that of the name at its address, that of its address, which is
larger, because a class may share an address, and that of all addresses. The buckets refill with time. While one of them
is empty, no password is checked, not even the right one, because a different answer would reveal it. A password counts
as wrong from the beginning of its check, so that many cannot be checked at once; those of a class that logs in from one
address wait for each other (``credentials``). The following rules keep guesses of others from locking out the right
user:

- A connection that has sent a right password may send the same one again. Another one is a guess like any other: users
  may guess the passwords of others.
- An address from which a right password came recently does not use the bucket of all addresses.
- Requests that are rejected unchecked take no token, so the wait is never longer than for one token.
"""

import hashlib
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


# Of one name at one address. A person with a few candidates needs fewer; a program is limited to 29,000 a day.
PER_NAME = Rate(10, 3.0)
# Of all names at one address, such as that of a class: so that a password is not tried on everybody.
PER_ADDRESS = Rate(60, 1.5)
IN_TOTAL = Rate(100, 0.2)
_TOLD_TOKENS = Rate(1, 60.0)
# Providers assign each customer a /64 at least.
IPV6_PREFIX = 64
MAX_ADDRESSES = 4096
MAX_NAMES = 8192
# A name that somebody has tried is told so far; it counts as a whole.
_MAX_TOLD = 40
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
        per_name: Rate = PER_NAME,
        per_address: Rate = PER_ADDRESS,
        in_total: Rate = IN_TOTAL,
        max_addresses: int = MAX_ADDRESSES,
    ) -> None:
        self._clock = clock
        self._per_name = per_name
        self._per_address = per_address
        self._total = Bucket(in_total, clock())
        self._names: Latest[tuple[str, str], Bucket] = Latest(MAX_NAMES)
        self._addresses: Latest[str, Bucket] = Latest(max_addresses)
        self._refused_tokens: Latest[str, Bucket] = Latest(max_addresses)
        self._known: Latest[str, None] = Latest(max_addresses)
        self._connections: Latest[Client, bytes] = Latest(MAX_CONNECTIONS)

    def has_shown(self, client: Client, credentials: bytes) -> bool:
        """Whether these credentials, or what stands for them, came over this connection last, and were right."""
        return self._connections.get(client) == credentials

    def wait(self, client: Client, name: str) -> int:
        """Whole seconds until this client's password for the user of this name may be checked; 0 means now."""
        address, now = address_key(client[0]), self._clock()
        buckets = [self._names.get((address, name_key(name))), self._addresses.get(address)]
        if address not in self._known:
            buckets.append(self._total)
        return math.ceil(max((bucket.wait(now) for bucket in buckets if bucket is not None), default=0.0))

    @contextmanager
    def checking(self, client: Client, name: str) -> Iterator["Guess"]:
        """While a password of this client for the user of this name is being checked, which counts as wrong unless it
        ``is_right``. If the check fails, it counts for nothing.
        """
        address, now = address_key(client[0]), self._clock()
        key = address, name_key(name)
        of_name = self._names.get(key) or Bucket(self._per_name, now)
        of_address = self._addresses.get(address) or Bucket(self._per_address, now)
        self._names.put(key, of_name)
        self._addresses.put(address, of_address)
        buckets = [of_name, of_address] if address in self._known else [of_name, of_address, self._total]
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
            self._tell(address, name, buckets)

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

    def _tell(self, address: str, name: str, buckets: Sequence[Bucket]) -> None:
        now = self._clock()
        reasons = (
            " (now slowed for this name)",
            " (now slowed for all names)",
            " (now slowed with all that are new: too many addresses guess)",
        )
        slowed = [reason for reason, bucket in zip(reasons, buckets, strict=False) if bucket.wait(now) > 0]
        log.warning(
            "a wrong user or password from %s for %r%s", address, name[:_MAX_TOLD], slowed[-1] if slowed else ""
        )

    @property
    def size(self) -> int:
        """The number of remembered names, addresses and connections."""
        return (
            len(self._names)
            + len(self._addresses)
            + len(self._refused_tokens)
            + len(self._known)
            + len(self._connections)
        )


def name_key(name: str) -> str:
    """The key under which a name counts, which is short, however long the name is."""
    return name if len(name) <= _MAX_TOLD else hashlib.blake2b(name.encode(errors="surrogatepass")).hexdigest()


def address_key(address: str) -> str:
    """The key under which an address counts. For IPv6 it is the network, because one host may use
    all addresses in it.
    """
    parsed = parse_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(parsed), IPV6_PREFIX), strict=False))
    return str(parsed) if parsed is not None else address
