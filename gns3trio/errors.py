"""Errors of the lab domain.

They carry a message for the person who sent the request and no HTTP number: only ``gns3trio.api.errors``
knows which status an error becomes.
"""

import errno

# What a disk answers that takes nothing; other errors are about the path, and whoever gave it.
DISK_REFUSALS = frozenset({errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO})


# What the process or the machine lacks: a matter of the moment, whatever was asked for.
EXHAUSTION = {
    errno.EMFILE: "file descriptors",
    errno.ENFILE: "file descriptors",
    errno.ENOMEM: "memory",
    errno.ENOBUFS: "memory",
    errno.EAGAIN: "processes or threads",
}


class LabError(Exception):
    """Base of every error whose message is meant for the user."""


class Invalid(LabError):
    """A value is not acceptable; the message names the field."""


class NotFound(LabError):
    """The object does not exist."""


class Conflict(LabError):
    """The request is well formed but the present state does not allow it."""


class Forbidden(LabError):
    """The object or the path is outside of what this client may touch."""


class Unavailable(LabError):
    """The server cannot do this now (shutting down, no resource left)."""


class NoThread(Unavailable):
    """The system gave no thread."""


def what_is_lacking(error: BaseException) -> str | None:
    """What the process has no more of, if that is why the error, or one that it was made of, was raised."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.errno in EXHAUSTION:
            return EXHAUSTION[seen.errno]
        if isinstance(seen, MemoryError):
            return EXHAUSTION[errno.ENOMEM]
        if isinstance(seen, NoThread):
            return EXHAUSTION[errno.EAGAIN]
        seen = seen.__cause__ or seen.__context__
    return None


def sole_cause(error: Exception) -> Exception:
    """The one error in a group, however deep: a nursery wraps what ended it, and people should see the error itself."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error
