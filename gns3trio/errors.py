"""Errors of the lab domain.

They carry a message for the person who sent the request and no HTTP number: only ``gns3trio.api.errors``
knows which status an error becomes.
"""

import errno

# What a disk answers that takes nothing; other errors are about the path, and whoever gave it.
DISK_REFUSALS = frozenset({errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO})


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


def sole_cause(error: Exception) -> Exception:
    """The one error in a group, however deep: a nursery wraps what ended it, and people should see the error itself."""
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error
