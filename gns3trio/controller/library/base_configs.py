"""Base configurations: text files that templates use as start-up scripts of new nodes."""

from pathlib import Path

from gns3trio import threads
from gns3trio.compute.node_types import node_types
from gns3trio.controller.storage.files import read_plain, write_in_folder
from gns3trio.errors import Forbidden, NotFound
from gns3trio.printable import is_plain_name

MAX_CONFIG_BYTES = 1024 * 1024


def _shipped() -> dict[str, str]:
    """The default configurations of the node types, by name."""
    scripts = [traits.script for traits in node_types.values() if traits.script is not None]
    return {name: text for script in scripts for name, text in script.base_configs.items()}


class BaseConfigs:
    """The files in ``folder``, and the server's default ones for all other names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shipped = _shipped()

    async def names(self) -> list[str]:
        """The names of all base configurations, sorted."""
        return await threads.disk.run(self._names)

    def _names(self) -> list[str]:
        files = [path.name for path in self._folder.iterdir() if path.is_file()] if self._folder.is_dir() else []
        return sorted({*self._shipped, *(name for name in files if not name.startswith("."))})

    async def read(self, name: str) -> str:
        """The text of a file. Raises NotFound, and Forbidden for a name that leads out of the folder."""
        path = self._path(name)
        try:
            data = await threads.disk.run(read_plain, path, MAX_CONFIG_BYTES)
        except FileNotFoundError:
            if name not in self._shipped:
                raise NotFound(f"Base configuration {name!r} doesn't exist") from None
            return self._shipped[name]
        except OSError as error:
            raise NotFound(f"Base configuration {name!r} {error.strerror}") from None
        return data.decode(errors="replace")

    async def write(self, name: str, text: str) -> None:
        """Replace a file. Raises Forbidden for a name that leads out of the folder, Unavailable if the disk reports an
        error.
        """
        path = self._path(name)
        await threads.disk.run(write_in_folder, path.parent, name, text.encode(errors="replace"))

    def _path(self, name: str) -> Path:
        if not is_plain_name(name):
            raise Forbidden(f"filename: {name!r} is not the name of a base configuration")
        return self._folder / name
