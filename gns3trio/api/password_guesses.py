"""Limits password guessing, per address and in total, and logs it.

Each wrong password takes a token from the bucket of its address and from the bucket of all addresses. The buckets
refill with time. While either is empty, no password is checked, not even the right one, because a different answer
would reveal it. The following rules keep guesses of others from locking out the right user:

- A connection that has sent the right password is not affected.
- An address from which the right password came recently does not use the bucket of all addresses.
- Requests that are rejected unchecked take no token, so the wait is never longer than for one token.
"""

import ipaddress
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from gns3trio.addresses import parse_address
from gns3trio.classes import frozen

log = logging.getLogger(__name__)

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


@frozen
class Rate:
    """``burst`` wrong passwords at once, then one every ``seconds``."""

    burst: int
    seconds: float


# A person with a few candidates needs fewer; a program is limited to 29,000 a day.
PER_ADDRESS = Rate(10, 3.0)
IN_TOTAL = Rate(100, 0.2)
# Providers assign each customer a /64 at least.
IPV6_PREFIX = 64
MAX_ADDRESSES = 4096
MAX_CONNECTIONS = 4096

Client = tuple[str, int]


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
        self._total = _Bucket(in_total, clock())
        self._addresses: _Latest[str, _Bucket] = _Latest(max_addresses)
        self._known: _Latest[str, None] = _Latest(max_addresses)
        self._connections: _Latest[Client, None] = _Latest(MAX_CONNECTIONS)

    def wait(self, client: Client) -> int:
        """Whole seconds until this client's password may be checked; 0 means now."""
        if client in self._connections:
            return 0
        address, now = address_key(client[0]), self._clock()
        bucket = self._addresses.get(address)
        wait = bucket.wait(now) if bucket is not None else 0.0
        if address not in self._known:
            wait = max(wait, self._total.wait(now))
        return math.ceil(wait)

    def right(self, client: Client) -> None:
        """Record that this client has sent the right password."""
        self._known.put(address_key(client[0]), None)
        if client[1]:  # not behind a proxy, because its clients share connections
            self._connections.put(client, None)

    def wrong(self, client: Client) -> None:
        """Record that this client has sent a wrong password."""
        self._connections.pop(client)
        address, now = address_key(client[0]), self._clock()
        bucket = self._addresses.get(address)
        if bucket is None:
            bucket = _Bucket(self._per_address, now)
        self._addresses.put(address, bucket)
        slowed = " (now slowed)" if bucket.take(now) else ""
        if address not in self._known and self._total.take(now):
            slowed = " (now slowed with all that are new: too many addresses guess)"
        log.warning("a wrong user or password from %s%s", address, slowed)

    @property
    def size(self) -> int:
        """The number of remembered addresses and connections."""
        return len(self._addresses) + len(self._known) + len(self._connections)


def address_key(address: str) -> str:
    """The key under which an address counts. For IPv6 it is the network, because one host may use
    all addresses in it.
    """
    parsed = parse_address(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(parsed), IPV6_PREFIX), strict=False))
    return str(parsed) if parsed is not None else address


class _Bucket:
    def __init__(self, rate: Rate, now: float) -> None:
        self.rate = rate
        self._tokens = float(rate.burst)
        self._counted = now

    def wait(self, now: float) -> float:
        """Seconds until a token is available."""
        self._fill(now)
        return max(0.0, (1 - self._tokens) * self.rate.seconds)

    def take(self, now: float) -> bool:
        """Take a token; returns whether it was the last one."""
        self._fill(now)
        self._tokens = max(0.0, self._tokens - 1)
        return self._tokens < 1

    def _fill(self, now: float) -> None:
        self._tokens = min(self.rate.burst, self._tokens + (now - self._counted) / self.rate.seconds)
        self._counted = now


class _Latest(Generic[_Key, _Value]):
    """A dictionary of limited size. When it is full, a new entry replaces the oldest one."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: OrderedDict[_Key, _Value] = OrderedDict()

    def __contains__(self, key: _Key) -> bool:
        return key in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: _Key) -> _Value | None:
        return self._entries.get(key)

    def put(self, key: _Key, value: _Value) -> None:
        self._entries[key] = value
        self._entries.move_to_end(key)
        if len(self._entries) > self._limit:
            self._entries.popitem(last=False)

    def pop(self, key: _Key) -> None:
        self._entries.pop(key, None)
