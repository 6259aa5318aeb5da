"""Who sends a request: the user and password, or the token, that come with it.

What was right is remembered, as a digest with a key of this process, so that a password is not hashed, and a signature
not verified, at each request. How passwords are guessed is limited; see ``password_guesses``.
"""

import hashlib
import secrets
from collections.abc import Mapping

import attrs
import trio

from gns3trio.api.latest import Latest
from gns3trio.api.password_guesses import Client, Guesses
from gns3trio.classes import define, frozen
from gns3trio.controller.people.logins import Login, Logins

# Programs and browsers that send the same again. One more than this is checked at each request.
MAX_REMEMBERED = 4096


class TooManyGuesses(Exception):
    """No password of this client is checked now, but in ``seconds``."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"Too many wrong passwords; none is checked for {seconds} s")
        self.seconds = seconds


@frozen
class ComputeUser:
    """A user of the compute API, who may use nothing else."""

    name: str


@define
class _Check:
    """A password that is being checked. Others who send the same wait for the outcome."""

    done: trio.Event = attrs.field(factory=trio.Event)
    has_failed: bool = True
    login: Login | None = None


class Credentials:
    """Checks what clients send. ``compute_users`` has the passwords of users of the compute API."""

    def __init__(self, logins: Logins, compute_users: Mapping[str, str], guesses: Guesses) -> None:
        self.logins = logins
        self._guesses = guesses
        self._key = secrets.token_bytes(32)
        self._compute_users = {
            self._digest(f"{name}:{password}".encode()): ComputeUser(name) for name, password in compute_users.items()
        }
        self._passwords: Latest[bytes, Login] = Latest(MAX_REMEMBERED)
        self._tokens: Latest[bytes, Login] = Latest(MAX_REMEMBERED)
        self._checks: dict[bytes, _Check] = {}

    async def of_basic(self, client: Client, given: bytes) -> Login | ComputeUser | None:
        """Whose ``user:password`` (RFC 7617) a client sends; None if they are wrong.

        Raises TooManyGuesses, and Unavailable if too many passwords are being checked.
        """
        digest = self._digest(given)
        login = self._remembered(self._passwords, digest)
        if login is not None and self._guesses.has_shown(client, digest):
            return login
        self._require_turn(client)
        found = login or self._compute_users.get(digest)
        if found is None:
            name, _, password = given.decode(errors="surrogateescape").partition(":")
            found = await self._check(client, digest, name, password)
            if found is not None:
                self._passwords.put(digest, found)
        if found is not None:
            self._guesses.right(client, digest)
        return found

    async def of_password(self, client: Client, name: str, password: str) -> Login | None:
        """Whose name and password a client sends to get a token; None if they are wrong. Raises as ``of_basic``."""
        self._require_turn(client)
        digest = self._digest(b"\0".join(each.encode(errors="surrogatepass") for each in ("", name, password)))
        return await self._check(client, digest, name, password)

    async def of_token(self, client: Client, token: str) -> Login | None:
        """Whose token a client sends; None if it is not valid. Raises Unavailable if the key cannot be read."""
        digest = self._digest(token.encode(errors="surrogatepass"))
        login = self._remembered(self._tokens, digest)
        if login is not None:
            return login
        login = await self.logins.by_token(token)
        if login is None:
            self._guesses.tell_of_token(client)
            return None
        self._tokens.put(digest, login)
        return login

    def _remembered(self, logins: Latest[bytes, Login], digest: bytes) -> Login | None:
        login = logins.get(digest)
        return login if login is not None and self.logins.user_of(login) is not None else None

    def _require_turn(self, client: Client) -> None:
        if (seconds := self._guesses.wait(client)) > 0:
            raise TooManyGuesses(seconds)

    async def _check(self, client: Client, digest: bytes, name: str, password: str) -> Login | None:
        """The login of a user whose password is not remembered. Of the requests that send the same at the same time,
        such as the first ones of a page, one checks it.
        """
        while (running := self._checks.get(digest)) is not None:
            await running.done.wait()
            if not running.has_failed:
                return running.login
        check = self._checks[digest] = _Check()
        try:
            with self._guesses.checking(client) as guess:
                check.login = await self.logins.by_password(name, password)
                guess.is_right = check.login is not None
            check.has_failed = False
        finally:
            del self._checks[digest]
            check.done.set()
        return check.login

    def _digest(self, text: bytes) -> bytes:
        return hashlib.blake2b(text, key=self._key, digest_size=16).digest()
