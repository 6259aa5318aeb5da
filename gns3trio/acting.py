"""Who acts at this moment: the user whose request is being answered.

The name travels with trio's context, so events and log messages that a request causes can tell it wherever they arise.
Tasks that a request leaves behind, such as that of a node, inherit the context; the name is gone for them when the
request is answered, because what they do later is not an act of the user.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from gns3trio.classes import define


@define
class Actor:
    """``user`` is the name of who acts; None if nobody has logged in, or no longer."""

    user: str | None = None


_current: ContextVar[Actor | None] = ContextVar("gns3trio.actor", default=None)


@contextmanager
def request_of_somebody() -> Iterator[Actor]:
    """A request begins, of a user who is not known yet; it is answered when the ``with`` ends."""
    actor = Actor()
    token = _current.set(actor)
    try:
        yield actor
    finally:
        actor.user = None
        _current.reset(token)


def act_as(user: str) -> None:
    """The present request is one of this user. Has no effect outside of a request."""
    actor = _current.get()
    if actor is not None:
        actor.user = user


def acting_user() -> str | None:
    """The name of the user whose request is being answered; None if there is none, or nobody has logged in."""
    actor = _current.get()
    return actor.user if actor is not None else None


def name_actor(record: logging.LogRecord) -> bool:
    """A filter for log handlers: sets the field ``actor`` of an entry, the user's name before a colon, or nothing."""
    user = acting_user()
    record.actor = "" if user is None else f"{user}: "
    return True
