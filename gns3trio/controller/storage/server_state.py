"""The server's own state in one durable JSON file: templates, computes, settings of clients."""

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson
import trio

from gns3trio import threads
from gns3trio.controller.storage.files import NO_PLAIN_FILE, read_plain, write_atomic
from gns3trio.errors import Conflict, Invalid, Unavailable
from gns3trio.project_layout import STATE_FILE
from gns3trio.sizes import size_text

log = logging.getLogger(__name__)

# The largest file, which is read into memory. With ten thousand templates it has some 10 MB.
MAX_STATE_BYTES = 64 << 20


class ServerState:
    """Values by name, in the file ``controller.json`` of ``folder``. Use ``open_state``."""

    def __init__(self, folder: Path, values: dict[str, Any]) -> None:
        self._folder = folder
        self._values = values
        self._writing = trio.Lock()

    def get(self, name: str, default: Any) -> Any:
        """The value, or ``default`` if there is none of that type. Must not be changed in place."""
        value = self._values.get(name)
        return value if isinstance(value, type(default)) else default

    async def change(self, name: str, default: Any, function: Callable[[Any], Any]) -> Any:
        """Replace a value by ``function`` of it. Changes are serialised, and durable when this returns the new value.

        Raises Conflict if the file would be too large, Unavailable if the disk reports an error, and the errors of
        ``function``; nothing is changed then.
        """
        async with self._writing:
            value = function(self.get(name, default))
            values = {**self._values, name: value}
            with trio.CancelScope(shield=True):
                await threads.disk.run(self._write, values)
            self._values = values
            return value

    def _write(self, values: dict[str, Any]) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._folder.chmod(0o700)  # it contains passwords of other servers
        except OSError as error:
            raise Unavailable(f"{self._folder} cannot be used: {error.strerror}") from None
        text = orjson.dumps(values, option=orjson.OPT_INDENT_2)
        if len(text) > MAX_STATE_BYTES:
            raise Conflict(
                f"templates, computes and settings of clients would take more than {size_text(MAX_STATE_BYTES)}"
            )
        write_atomic(self._folder / STATE_FILE, text)


Check = Callable[[Any], None]


async def open_state(folder: Path, checks: Mapping[str, Check] = MappingProxyType({})) -> ServerState:
    """Open the state in ``folder``; empty if there is none. A damaged file is renamed, never overwritten.

    ``checks`` (by name) raise Invalid for unusable values; the other values are kept. Raises Unavailable if the disk
    reports an error.
    """
    return ServerState(folder, await threads.disk.run(_read, folder / STATE_FILE, checks))


def _read(path: Path, checks: Mapping[str, Check]) -> dict[str, Any]:
    good: dict[str, Any] = {}
    try:
        values = orjson.loads(read_plain(path, MAX_STATE_BYTES))
    except FileNotFoundError:
        if path.is_symlink():  # the target's disk may be connected later
            raise Unavailable(f"{path} cannot be read: it is a link whose target does not exist") from None
        return {}
    except OSError as error:
        if error.errno not in NO_PLAIN_FILE:
            raise Unavailable(f"{path} cannot be read: {error.strerror}") from None
        reason = f"it {error.strerror}"
    except orjson.JSONDecodeError as error:
        reason = str(error)
    else:
        if not isinstance(values, dict):
            reason = "it is not an object"
        else:
            problems = _problems(values, checks)
            if not problems:
                return values
            reason = "; ".join(problems.values())
            good = {name: value for name, value in values.items() if name not in problems}
    aside = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
    kept = f"what is left is {', '.join(good)}" if good else "templates and computes are empty now"
    log.error("%s is damaged (%s); it is kept as %s, and %s", path, reason, aside.name, kept)
    try:
        path.rename(aside)
    except OSError as error:
        raise Unavailable(f"{path} is damaged and cannot be renamed: {error.strerror}") from None
    if good:
        write_atomic(path, orjson.dumps(good, option=orjson.OPT_INDENT_2))
    return good


def _problems(values: Mapping[str, Any], checks: Mapping[str, Check]) -> dict[str, str]:
    """The problems, by the names of the values."""
    problems: dict[str, str] = {}
    for name, check in checks.items():
        try:
            if name in values:
                check(values[name])
        except Invalid as error:
            problems[name] = f"{name}: {error}"
    return problems
