"""Passwords and other texts that a command takes from a file, from standard input, or from its user."""

import getpass
import sys
from pathlib import Path

from gns3trio.errors import Invalid, LabError


def read_password(file: str | None, of: str, *, is_new: bool = False) -> str:
    """The password of somebody: the first line of ``file``, where ``-`` is standard input. Without a file, the user is
    asked, twice for a new one. Raises LabError.
    """
    if file == "-":
        return sys.stdin.readline().rstrip("\r\n")
    if file:
        return (read_text(file).splitlines() or [""])[0]
    if not sys.stdin.isatty():
        raise Invalid("--password-file is needed where nobody can be asked")
    password = getpass.getpass(f"Password of {of}: ")
    if is_new and getpass.getpass("Once more: ") != password:
        raise Invalid("the two passwords differ")
    return password


def read_text(file: str) -> str:
    """The content of a file. Raises LabError if it cannot be read."""
    try:
        return Path(file).read_text(errors="replace")
    except OSError as error:
        raise LabError(f"{file}: {error.strerror}") from None
