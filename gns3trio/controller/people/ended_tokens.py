"""The tokens that were ended before their time, as when their user logs out: their ids, until they would end anyway.

They are in a file of their own, so that a restart of the server does not revive them.
"""

from collections.abc import Callable
from pathlib import Path

import orjson
import trio

from gns3trio import threads
from gns3trio.controller.storage.files import disk_error, read_plain, write_in_folder
from gns3trio.errors import Conflict

ENDED_FILE = "ended-tokens.json"
# More than a university ends in a day. They take some 400 kB.
MAX_ENDED = 10_000
_MAX_BYTES = 4 << 20


class EndedTokens:
    """The ids of these tokens. ``clock`` returns seconds since 1970."""

    def __init__(self, folder: Path, clock: Callable[[], float]) -> None:
        self.path = folder / ENDED_FILE
        self._clock = clock
        self._ends: dict[str, float] = {}
        self._writing = trio.Lock()

    def __contains__(self, token_id: str) -> bool:
        return token_id in self._ends

    async def add(self, token_id: str, ends: float) -> None:
        """A token with this id, which would end then, is ended. This is durable when it returns.

        Raises Conflict if there are too many, Unavailable if the disk reports an error; nothing is changed then.
        """
        async with self._writing:
            now = self._clock()
            after = {each: end for each, end in self._ends.items() if end > now}
            if len(after) >= MAX_ENDED:
                raise Conflict(f"{MAX_ENDED} tokens were ended before their time, and no more are remembered")
            after[token_id] = ends
            with trio.CancelScope(shield=True):
                await threads.disk.run(self._write, after)
            self._ends = after

    def load(self) -> bool:
        """Read the file; returns whether it is usable. It waits for the disk. Raises Unavailable."""
        try:
            found = orjson.loads(read_plain(self.path, _MAX_BYTES))
        except FileNotFoundError:
            return True
        except OSError as error:
            raise disk_error(self.path, error) from error
        except orjson.JSONDecodeError:
            return False
        if not isinstance(found, dict) or not all(isinstance(end, int | float) for end in found.values()):
            return False
        self._ends = found
        return True

    def clear(self) -> None:
        """None is ended, because no token is valid. It waits for the disk. Raises Unavailable."""
        self._ends = {}
        if self.path.exists():
            self._write({})

    def _write(self, ends: dict[str, float]) -> None:
        write_in_folder(self.path.parent, self.path.name, orjson.dumps(ends), private=True)
