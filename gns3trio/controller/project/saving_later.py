"""One save for many changes, in the place of one for each."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_saving_later: ContextVar[bool] = ContextVar("saving_later", default=False)


def is_saving_later() -> bool:
    """Whether this task, or one that started it, is in a block of ``saving_later``."""
    return _saving_later.get()


@contextmanager
def saving_later() -> Iterator[None]:
    """What the caller and the tasks that it starts make is not saved before the caller does: to write the file anew for
    each of thousands of nodes would take longer than all else.
    """
    token = _saving_later.set(True)
    try:
        yield
    finally:
        _saving_later.reset(token)
