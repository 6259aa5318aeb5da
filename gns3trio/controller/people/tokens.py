"""Tokens with which users stay logged in: JSON web tokens (RFC 7519), signed with HMAC-SHA256 (RFC 7518, 3.2).

Tokens are not stored. The key that signs them is in a file that only the server reads; it is made with the first token.
A token has the claims of GNS3 3, ``sub`` (the user's name) and ``exp``, and two more: ``epoch``, which depends on the
user's id and password, so that the token is worth nothing when the password changes or another user gets the name; and
``jti``, an id, by which it is ended alone when its user logs out.
"""

import hashlib
import hmac
import logging
import secrets
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import trio

from gns3trio import threads
from gns3trio.classes import frozen
from gns3trio.controller.people.ended_tokens import EndedTokens
from gns3trio.controller.storage.files import disk_error, read_plain, write_in_folder

if TYPE_CHECKING:
    import jwt

log = logging.getLogger(__name__)

KEY_FILE = "token.key"
MAX_TOKEN_LENGTH = 4096

_KEY_BYTES = 32  # RFC 7518 (3.2): at least as long as the hash
_EPOCH_BYTES = 16
_ID_BYTES = 8
_ALGORITHM = "HS256"


@frozen
class Claims:
    """What a valid token says: the user's name and epoch, when it ends, in seconds since 1970, and its own id."""

    name: str
    epoch: str
    ends: int
    token_id: str


class Tokens:
    """Issues and reads the tokens of this server, which last for ``minutes``. ``folder`` has the file with the key;
    ``clock`` returns seconds since 1970.
    """

    def __init__(self, folder: Path, minutes: int, clock: Callable[[], float] = time.time) -> None:
        self._path = folder / KEY_FILE
        self._ended = EndedTokens(folder, clock)
        self._seconds = minutes * 60
        self._clock = clock
        self._signer: _Signer | None = None
        self._loading = trio.Lock()

    async def issue(self, name: str, secret: str) -> str:
        """A token for the user of this name. It is valid as long as the user has this ``secret``.

        Raises Unavailable if the key cannot be read or stored.
        """
        signer = await self._load(create=True)
        assert signer is not None
        ends = int(self._clock()) + self._seconds
        return signer.sign(Claims(name, signer.epoch(secret), ends, secrets.token_hex(_ID_BYTES)))

    async def read(self, token: str) -> Claims | None:
        """The claims of a token of this server; None if it is another's, has been changed, or has ended or was ended.

        Raises Unavailable if the key cannot be read.
        """
        if len(token) > MAX_TOKEN_LENGTH or (signer := await self._load(create=False)) is None:
            return None
        claims = signer.read(token)
        if claims is None or self.seconds_left(claims.ends) <= 0 or self.was_ended(claims.token_id):
            return None
        return claims

    async def end(self, token_id: str, ends: float) -> None:
        """End a token, which was read before, before its time. This is durable when it returns.

        Raises Conflict if so many were ended that no more are remembered, Unavailable if the disk reports an error.
        """
        await self._ended.add(token_id, ends)

    def was_ended(self, token_id: str) -> bool:
        """Whether a token was ended before its time."""
        return token_id in self._ended

    def seconds_left(self, ends: float) -> float:
        """How long a token is valid that ends then."""
        return ends - self._clock()

    def is_of(self, claims: Claims, secret: str) -> bool:
        """Whether the user with this ``secret`` got the token with these claims, which was read before."""
        return self._signer is not None and hmac.compare_digest(claims.epoch, self._signer.epoch(secret))

    async def _load(self, *, create: bool) -> "_Signer | None":
        """What signs; None if there is no key yet, hence no token either."""
        if self._signer is None:
            async with self._loading:
                if self._signer is None:
                    self._signer = await threads.disk.run(_open_signer, self._path, self._ended, create)
        return self._signer


class _Signer:
    """The key, and the library, which is loaded when it is needed first."""

    def __init__(self, key: bytes) -> None:
        import jwt

        self._key = key
        self._jwt = jwt.PyJWT()
        self._invalid = jwt.InvalidTokenError

    def epoch(self, secret: str) -> str:
        return hashlib.blake2b(secret.encode(), key=self._key, digest_size=_EPOCH_BYTES, person=b"epoch").hexdigest()

    def sign(self, claims: Claims) -> str:
        payload = {"sub": claims.name, "exp": claims.ends, "epoch": claims.epoch, "jti": claims.token_id}
        return self._jwt.encode(payload, self._key, _ALGORITHM)

    def read(self, token: str) -> Claims | None:
        # The time is compared by the caller, who has the clock.
        options: jwt.types.Options = {"require": ["sub", "exp", "epoch", "jti"], "verify_exp": False}
        try:
            payload = self._jwt.decode(token, self._key, [_ALGORITHM], options)
        except (self._invalid, RecursionError):  # the head is parsed before the signature is checked
            return None
        match payload:
            case {"sub": str(name), "exp": int(ends), "epoch": str(epoch), "jti": str(token_id)}:
                return Claims(name, epoch, ends, token_id)
        return None


def _open_signer(path: Path, ended: EndedTokens, create: bool) -> _Signer | None:
    key = _read_key(path)
    if key is not None and not ended.load():
        log.warning("%s is damaged, so all users must log in again", ended.path)
        key = None
    if key is None and create:
        key = secrets.token_bytes(_KEY_BYTES)
        write_in_folder(path.parent, path.name, key.hex().encode(), private=True)
        ended.clear()
    return None if key is None else _Signer(key)


def _read_key(path: Path) -> bytes | None:
    """The key in the file; None if there is none, or one that others know. Raises Unavailable."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = read_plain(path, 4 * _KEY_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise disk_error(path, error) from error
    try:
        key = bytes.fromhex(text.decode())
    except ValueError:
        key = b""
    if mode & 0o077 or len(key) != _KEY_BYTES:
        reason = f"others may read it (mode {mode:o})" if mode & 0o077 else "it is no key"
        log.warning("%s is not used, and all users must log in again: %s", path, reason)
        return None
    return key
