"""Passwords of users, as Argon2id hashes (RFC 9106) in the usual text form, which names its parameters.

A hash takes time and memory on purpose. So hashes are computed in threads, few at once, and only so many requests wait
for their turn.
"""

import logging
import secrets
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from gns3trio import threads
from gns3trio.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from argon2 import PasswordHasher

log = logging.getLogger(__name__)

# A hash takes 32 MiB and some 90 ms, so that a stolen file is expensive to search. RFC 9106 (section 4) has twice the
# memory, for servers that do nothing else.
MEMORY_KIB = 32 * 1024
PASSES = 3
LANES = 1

MAX_PASSWORD_BYTES = 1024  # in UTF-8; more is no password, and is not hashed
MAX_WAITING = 64  # requests that wait for a thread: three seconds

_Result = TypeVar("_Result")


async def hash_password(text: str) -> str:
    """The hash of a password, with a salt of its own.

    Raises Invalid for a password that is too long, Unavailable if too many passwords wait already.
    """
    password = _encoded(text)
    if len(password) > MAX_PASSWORD_BYTES:
        raise Invalid(f"password: has {len(password)} bytes, and may have {MAX_PASSWORD_BYTES}")
    return await _in_thread(lambda: _hasher().hash(password))


async def check_password(text: str, hashed: str | None) -> bool:
    """Whether ``hashed`` is the hash of this password. None stands for a user who does not exist, and an empty one for
    a user without a password: the answer is no, and takes as long.

    Raises Unavailable if too many passwords wait already.
    """
    password = _encoded(text)
    if len(password) > MAX_PASSWORD_BYTES:
        return False
    return await _in_thread(lambda: _check(password, hashed))


async def _in_thread(function: Callable[[], _Result]) -> _Result:
    if threads.passwords.limiter.statistics().tasks_waiting >= MAX_WAITING:
        raise Unavailable("too many passwords are being checked; try again in a moment")
    return await threads.passwords.run(function)


def _encoded(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


@lru_cache(maxsize=1)
def _hasher() -> "PasswordHasher":
    """The library is loaded with the first password, in its thread."""
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)


@lru_cache(maxsize=1)
def _nobodys_hash() -> str:
    """Of a password that nobody knows."""
    return _hasher().hash(secrets.token_bytes(16))


def _check(password: bytes, hashed: str | None) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(hashed or _nobodys_hash(), password) and bool(hashed)
    except InvalidHashError:
        log.error("the stored password of a user is no Argon2 hash; set it anew")
        return False
    except VerificationError:  # also for parameters for which there is not enough memory
        return False
