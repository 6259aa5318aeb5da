"""Users who have shown who they are, by a password or by a token."""

import hmac
import math
import time
from collections.abc import Callable
from uuid import UUID

from gns3trio.classes import define
from gns3trio.controller.people.passwords import check_password
from gns3trio.controller.people.records import User
from gns3trio.controller.people.store import People
from gns3trio.controller.people.tokens import Tokens
from gns3trio.errors import Conflict

# Of the first administrator, as in GNS3 3, until it is changed.
FIRST_PASSWORD = "admin"
# Whoever sends a password with each request is noted so often.
NOTED_EVERY = 3600.0


@define
class Login:
    """A user has shown who it is. ``ends`` is when that is over, in seconds since 1970, if it ends by itself. Ask
    ``Logins.user_of`` whether it is still valid.
    """

    user_id: UUID
    secret: str  # what must not change meanwhile
    ends: float | None = None
    token_id: str | None = None  # None: it is by a password
    revision: int = -1  # of the people, when the user was looked up
    user: User | None = None  # then


class Logins:
    """Checks passwords, issues and checks tokens. ``password`` is that of the settings, or empty; ``clock`` returns
    monotonic seconds.
    """

    def __init__(
        self, people: People, tokens: Tokens, password: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._people = people
        self._tokens = tokens
        self._first_password = password or FIRST_PASSWORD
        self._clock = clock
        self._noted: dict[UUID, float] = {}  # users who send passwords with requests, and when that was noted

    async def by_password(self, name: str, password: str) -> Login | None:
        """The login of the active user with this name and password; None if there is none. The time does not tell
        whether there is a user with this name.

        Raises Unavailable if too many passwords are being checked.
        """
        user = self._people.user_named(name)
        if user is not None and not user.password_hash:
            if _are_equal(password, self._first_password):
                return self._valid(Login(user.user_id, self._secret_of(user)))
            user = None  # it takes as long as somebody who does not exist
        if self._nobody_has_a_password():
            return None
        if not await check_password(password, None if user is None else user.password_hash) or user is None:
            return None
        return self._valid(Login(user.user_id, self._secret_of(user)))

    async def by_token(self, token: str) -> Login | None:
        """The login of the user to whom a token was issued; None if the token is not valid any more, or never was.

        Raises Unavailable if the key of the tokens cannot be read.
        """
        claims = await self._tokens.read(token)
        user = None if claims is None else self._people.user_named(claims.name)
        if claims is None or user is None or not self._tokens.is_of(claims, self._secret_of(user)):
            return None
        return self._valid(Login(user.user_id, self._secret_of(user), claims.ends, claims.token_id))

    async def issue(self, login: Login) -> str:
        """A token for the user of a login, which is noted. Raises NotFound if the user was deleted, Unavailable if
        there is no key, and none can be stored.
        """
        user = self._people.users.require(login.user_id)
        token = await self._tokens.issue(user.username, login.secret)
        await self._people.users.note_login(user.user_id)
        return token

    async def end(self, login: Login) -> None:
        """The user of a token logs out: the token is not valid any more, and what was opened with it is closed. This is
        durable when it returns. Raises Unavailable.
        """
        if login.token_id is None or login.ends is None:
            return
        try:
            await self._tokens.end(login.token_id, login.ends)
        except Conflict:  # no room to end it alone
            await self._people.users.end_tokens(login.user_id)
        self._people.tell()

    async def note_use(self, login: Login) -> None:
        """Note from time to time that a user sends a password with requests, which is a log-in, too."""
        now = self._clock()
        if now - self._noted.get(login.user_id, -math.inf) >= NOTED_EVERY:
            self._noted[login.user_id] = now
            await self._people.users.note_login(login.user_id)

    def user_of(self, login: Login) -> User | None:
        """The user of a login, as it is now; None if the login has ended: by itself, or because the user has logged
        out, was deleted, made inactive or renamed, or has another password.
        """
        if self.seconds_left(login) <= 0 or (login.token_id is not None and self._tokens.was_ended(login.token_id)):
            return None
        if login.revision != self._people.revision:
            user = self._people.records.users.get(login.user_id) and self._people.users.require(login.user_id)
            is_valid = user is not None and user.is_active and self._secret_of(user) == login.secret
            login.user = user if is_valid else None
            login.revision = self._people.revision
        return login.user

    def seconds_left(self, login: Login) -> float:
        """How long a login is valid, if nothing changes."""
        return math.inf if login.ends is None else self._tokens.seconds_left(login.ends)

    def _valid(self, login: Login) -> Login | None:
        """The login, unless the user has changed while it was checked."""
        return login if self.user_of(login) is not None else None

    def _nobody_has_a_password(self) -> bool:
        """Whether there is only an administrator with the first password, so that the time could tell of nobody."""
        return len(self._people.records.users) == 1 and not self._people.administrator.password_hash

    def _secret_of(self, user: User) -> str:
        password = user.password_hash or self._first_password
        return f"{user.user_id} {user.token_epoch} {user.username} {password}"


def _are_equal(one: str, other: str) -> bool:
    """In a time that tells nothing of what they have in common."""
    return hmac.compare_digest(one.encode(errors="surrogatepass"), other.encode(errors="surrogatepass"))
