"""Errors of the lab domain.

They carry a message for the person who sent the request, but no HTTP status: ``gns3trio.api.errors`` maps each error to
one.
"""

import errno

# Errors of a disk that cannot be written. All other errors concern the path, so the client caused them.
DISK_REFUSALS = frozenset({errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.EIO})


# Errors that mean a temporary lack of resources of the process or the machine, whatever the request was.
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


class Refused(LabError):
    """A rule forbids what a well-formed request asks for, whatever the present state: a name that is taken for good."""


class NotFound(LabError):
    """The object does not exist."""


class Conflict(LabError):
    """The request is well formed but the present state does not allow it."""


class ImageMissing(Conflict):
    """There is no such image. GNS3's controllers then upload the image of this name, and try again."""

    def __init__(self, message: str, image: str) -> None:
        super().__init__(message)
        self.image = image


class Forbidden(LabError):
    """The object or the path is outside of what this client may touch."""


class Unavailable(LabError):
    """The server cannot do this now (shutting down, no resource left)."""


class ComputeAway(Unavailable):
    """A compute on another host does not answer, or not as a compute."""


class NoThread(Unavailable):
    """The system could not start a thread."""


def what_is_lacking(error: BaseException) -> str | None:
    """The resource whose lack caused the error, directly or through its causes; None if there is another cause."""
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
    """The only error in a (nested) group, or the group itself. A nursery wraps errors, but users
    should see the error.
    """
    while isinstance(error, ExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    return error


def path_error(what: str, error: OSError) -> LabError:
    """The error for an unusable file or folder: Unavailable for a disk error, Conflict if the path is the problem."""
    kind = Unavailable if error.errno in DISK_REFUSALS else Conflict
    return kind(f"{what}: {error.strerror}")
