"""Combines the saves of many changes into one."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_saving_later: ContextVar[bool] = ContextVar("saving_later", default=False)


def is_saving_later() -> bool:
    """Whether this task, or one that started it, is in a block of ``saving_later``."""
    return _saving_later.get()


@contextmanager
def saving_later() -> Iterator[None]:
    """Changes by the caller and by tasks that it starts are not saved until the caller saves. Writing the file for each
    of thousands of nodes would take longer than everything else.
    """
    token = _saving_later.set(True)
    try:
        yield
    finally:
        _saving_later.reset(token)
