"""Tokens of users who have logged in with ``gns3trio login``, in a file that only its owner can read."""

import json
import os
from pathlib import Path

from gns3trio.errors import LabError

_FILE = "tokens.json"
_MAX_BYTES = 1024 * 1024


def token_file() -> Path:
    """The file, in the folder for configuration of this user (XDG Base Directory)."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "gns3trio" / _FILE


def read_token(base: str) -> str | None:
    """The token for the server with this URL; None if nobody has logged in there."""
    return _read().get(base)


def keep_token(base: str, token: str | None) -> None:
    """Keep the token for a server, or forget it. Raises LabError if the file cannot be written."""
    tokens = {**_read(), base: token}
    path = token_file()
    part = path.with_name(f"{_FILE}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(part, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            json.dump({url: each for url, each in tokens.items() if each is not None}, file)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise LabError(f"{path}: {error.strerror}") from None


def _read() -> dict[str, str]:
    """All tokens by URL. A file that others could have written or can read is not used."""
    path = token_file()
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            if status.st_uid != os.getuid() or status.st_mode & 0o077:
                raise LabError(f"{path}: others may use it; it must be yours alone: chmod 600, or delete it")
            tokens = json.loads(file.read(_MAX_BYTES))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise LabError(f"{path}: {error.strerror}") from None
    except ValueError:
        return {}
    if not isinstance(tokens, dict):
        return {}
    return {url: token for url, token in tokens.items() if isinstance(token, str)}
