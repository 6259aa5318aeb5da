"""Errors for the user: the server cannot be reached, is not a GNS3 server, or rejects a request."""

import json
import ssl
from collections.abc import Iterator
from http import HTTPStatus

from gns3trio.config import CLIENT_URL_VARIABLE, environment_name
from gns3trio.errors import LabError, NotFound, Unavailable

_PASSWORD = environment_name("password")
FORGOTTEN = "If it is forgotten: docs/how-to/get-back-in.md"


class NotLetIn(Unavailable):
    """The user or the password is wrong."""


def unreachable(where: str, error: BaseException) -> Unavailable:
    """The error for a failed connection. The libraries chain the system's error as the cause of theirs."""
    causes = list(_causes(error))
    if any(isinstance(each, ConnectionRefusedError) for each in causes):
        hint = f"Start a server: gns3trio serve. Or name another: --url, {CLIENT_URL_VARIABLE}"
        return Unavailable(f"{where}: connection refused. {hint}")
    for each in causes:
        if isinstance(each, ssl.SSLCertVerificationError):
            hint = "If the server signed it itself: --insecure"
            return Unavailable(f"{where}: its certificate is not trusted: {each.verify_message}. {hint}")
    texts = [each.strerror for each in causes if isinstance(each, OSError) and each.strerror]
    return Unavailable(f"{where}: {texts[-1] if texts else error}")


def no_gns3_server(where: str, error: BaseException) -> Unavailable:
    """The error for an answer that is not valid."""
    return Unavailable(f"{where}: is no GNS3 server: {_root(error)!r}")


def broken_off(where: str, error: BaseException) -> Unavailable:
    """The error for a stream that ended too early."""
    return Unavailable(f"{where}: the stream broke off: {_root(error)!r}")


def refused(status: int, body: bytes | None, credentials: str | None) -> LabError:
    """The error for a rejected request: the server's message, or advice on how to give the password."""
    kind = NotFound if status == HTTPStatus.NOT_FOUND else Unavailable
    if status != HTTPStatus.UNAUTHORIZED:
        return kind(_message(body, status))
    if credentials is not None and credentials.startswith("Bearer "):
        return kind("the login has ended: log in again with gns3trio login, or give --user")
    if credentials is not None:
        return NotLetIn(
            f"the user or the password is wrong: --user names the user, {_PASSWORD} is the password. {FORGOTTEN}"
        )
    return kind(
        f"the server asks for user and password: log in with gns3trio login NAME, or give --user and {_PASSWORD}"
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and all its causes. Trio groups the errors of all addresses of a name."""
    if error is not None:
        yield error
        for cause in error.exceptions if isinstance(error, BaseExceptionGroup) else (error.__cause__,):
            yield from _causes(cause)


def _root(error: BaseException) -> BaseException:
    return list(_causes(error))[-1]


def _message(body: bytes | None, status: int) -> str:
    try:
        return str(json.loads(body or b"")["message"])
    except (ValueError, KeyError, TypeError):
        return f"the server answered {status}"
