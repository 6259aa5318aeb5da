"""Who sends a request: the user and password, or the token, that come with it.

What was right is remembered, as a digest with a key of this process, so that a password is not hashed, and a signature
not verified, at each request. How passwords are guessed is limited; see ``password_guesses``.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import attrs
import trio

from gns3trio.acting import act_as
from gns3trio.api.latest import Latest
from gns3trio.api.password_guesses import Client, Guesses, address_key
from gns3trio.classes import define, frozen
from gns3trio.controller.people.logins import Login, Logins

# Programs and browsers that send the same again. One more than this is checked at each request.
MAX_REMEMBERED = 4096
# Passwords that wait for the checks of others from their address; more are refused.
MAX_WAITING = 64


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


@define
class _Running:
    """The passwords of an address that are being checked."""

    count: int = 0
    one_ended: trio.Event = attrs.field(factory=trio.Event)


class Credentials:
    """Checks what clients send. ``compute_users`` has the passwords of users of the compute API. ``on_wrong`` is told
    the address and the name of each wrong password.
    """

    def __init__(
        self,
        logins: Logins,
        compute_users: Mapping[str, str],
        guesses: Guesses,
        on_wrong: Callable[[str, str], None] = lambda _address, _name: None,
    ) -> None:
        self.logins = logins
        self._on_wrong = on_wrong
        self._guesses = guesses
        self._key = secrets.token_bytes(32)
        self._compute_users = {
            self._digest(f"{name}:{password}".encode()): ComputeUser(name) for name, password in compute_users.items()
        }
        self._passwords: Latest[bytes, Login] = Latest(MAX_REMEMBERED)
        self._tokens: Latest[bytes, Login] = Latest(MAX_REMEMBERED)
        self._checks: dict[bytes, _Check] = {}
        self._running: dict[str, _Running] = {}
        self._waiting = 0

    async def of_basic(self, client: Client, given: bytes) -> Login | ComputeUser | None:
        """Whose ``user:password`` (RFC 7617) a client sends; None if they are wrong.

        Raises TooManyGuesses, and Unavailable if too many passwords are being checked.
        """
        digest = self._digest(given)
        login = self._remembered(self._passwords, digest)
        if login is not None and self._guesses.has_shown(client, digest):
            await self.logins.note_use(login)
            return login
        name, _, password = given.decode(errors="surrogateescape").partition(":")
        await self._turn(client, name)
        found = login or self._compute_users.get(digest)
        if found is None:
            found = await self._check(client, digest, name, password)
            if found is not None:
                self._passwords.put(digest, found)
        if found is not None:
            self._guesses.right(client, digest)
        if isinstance(found, Login):
            await self.logins.note_use(found)
        return found

    async def of_password(self, client: Client, name: str, password: str) -> Login | None:
        """Whose name and password a client sends to get a token; None if they are wrong. Raises as ``of_basic``."""
        await self._turn(client, name)
        digest = self._digest(b"\0".join(each.encode(errors="surrogatepass") for each in ("", name, password)))
        login = await self._check(client, digest, name, password)
        if login is not None:
            act_as(name)
        return login

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

    async def end_token(self, client: Client, token: str) -> None:
        """The user of a token logs out. A token that is not valid is none. Raises Unavailable."""
        login = await self.of_token(client, token)
        user = None if login is None else self.logins.user_of(login)
        if login is not None and user is not None:
            act_as(user.username)
            await self.logins.end(login)

    def _remembered(self, logins: Latest[bytes, Login], digest: bytes) -> Login | None:
        login = logins.get(digest)
        return login if login is not None and self.logins.user_of(login) is not None else None

    async def _turn(self, client: Client, name: str) -> None:
        """Wait until a password of this client for this name may be checked. Of many that come from an address at once,
        as when a class logs in, some wait for the checks of the others: these count as wrong until they turn out to be
        right.

        Raises TooManyGuesses if none of the address is being checked, or too many wait.
        """
        address = address_key(client[0])
        while (seconds := self._guesses.wait(client, name)) > 0:
            running = self._running.get(address)
            if running is None or self._waiting >= MAX_WAITING:
                raise TooManyGuesses(seconds)
            self._waiting += 1
            try:
                await running.one_ended.wait()
            finally:
                self._waiting -= 1

    @contextmanager
    def _running_check(self, client: Client) -> Iterator[None]:
        """While a password of this client is being checked."""
        address = address_key(client[0])
        running = self._running.setdefault(address, _Running())
        running.count += 1
        try:
            yield
        finally:
            running.count -= 1
            if not running.count:
                del self._running[address]
            running.one_ended.set()
            running.one_ended = trio.Event()

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
            with self._running_check(client), self._guesses.checking(client, name) as guess:
                check.login = await self.logins.by_password(name, password)
                guess.is_right = check.login is not None
            check.has_failed = False
            if check.login is None:
                self._on_wrong(client[0], name)
        finally:
            del self._checks[digest]
            check.done.set()
        return check.login

    def _digest(self, text: bytes) -> bytes:
        return hashlib.blake2b(text, key=self._key, digest_size=16).digest()
