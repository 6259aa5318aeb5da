"""Wrong passwords: slowed for each address and in total, and logged.

Each wrong password takes a token from the bucket of its address and from that of all, which fill up again with time.
While either is empty nothing is checked, not even the right password: else the answer would tell which it is. So that
others' guesses do not keep the right user out:

- a connection that has shown the right password goes on;
- an address from which it came lately does not share the bucket of all;
- what was refused unchecked takes nothing, so the wait is never longer than for one token.
"""

import ipaddress
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

import attrs

from gns3trio.addresses import parse_address

log = logging.getLogger(__name__)

_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


@attrs.frozen
class Rate:
    """``burst`` wrong passwords at once, then one every ``seconds``."""

    burst: int
    seconds: float


# Somebody who tries what they may have meant needs fewer; a program gets to 29,000 a day.
PER_ADDRESS = Rate(10, 3.0)
IN_TOTAL = Rate(100, 0.2)
# A provider gives each customer a /64 at least.
IPV6_PREFIX = 64
MAX_ADDRESSES = 4096
MAX_CONNECTIONS = 4096

Client = tuple[str, int]


class Guesses:
    """Who may have a password checked. ``clock`` gives seconds that never go back."""

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
        """Whole seconds until a password of this client may be checked; 0 means now."""
        if client in self._connections:
            return 0
        address, now = address_key(client[0]), self._clock()
        bucket = self._addresses.get(address)
        wait = bucket.wait(now) if bucket is not None else 0.0
        if address not in self._known:
            wait = max(wait, self._total.wait(now))
        return math.ceil(wait)

    def right(self, client: Client) -> None:
        """This client has shown the right password."""
        self._known.put(address_key(client[0]), None)
        if client[1]:  # not behind a proxy, whose connections are shared
            self._connections.put(client, None)

    def wrong(self, client: Client) -> None:
        """The password of this client was wrong."""
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
        """How many addresses and connections are remembered."""
        return len(self._addresses) + len(self._known) + len(self._connections)


def address_key(address: str) -> str:
    """What counts as one address: of IPv6 a network, as one host has all of its addresses."""
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
        """Seconds until there is a token."""
        self._fill(now)
        return max(0.0, (1 - self._tokens) * self.rate.seconds)

    def take(self, now: float) -> bool:
        """Take a token; whether it was the last one."""
        self._fill(now)
        self._tokens = max(0.0, self._tokens - 1)
        return self._tokens < 1

    def _fill(self, now: float) -> None:
        self._tokens = min(self.rate.burst, self._tokens + (now - self._counted) / self.rate.seconds)
        self._counted = now


class _Latest(Generic[_Key, _Value]):
    """A dictionary of so many entries: the one that was put longest ago makes room."""

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
