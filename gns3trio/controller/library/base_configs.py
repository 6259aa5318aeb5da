"""Base configurations: text files from which templates give nodes their start-up script."""

from pathlib import Path

from gns3trio import threads
from gns3trio.compute.node_types import node_types
from gns3trio.controller.storage.files import read_plain, write_in_folder
from gns3trio.errors import Forbidden, NotFound
from gns3trio.printable import is_plain_name

MAX_CONFIG_BYTES = 1024 * 1024


def _shipped() -> dict[str, str]:
    """Those of the node types, by their names."""
    scripts = [traits.script for traits in node_types.values() if traits.script is not None]
    return {name: text for script in scripts for name, text in script.base_configs.items()}


class BaseConfigs:
    """The files of ``folder``, and those that the server ships for names that are not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._shipped = _shipped()

    async def names(self) -> list[str]:
        """All names, sorted."""
        return await threads.disk.run(self._names)

    def _names(self) -> list[str]:
        files = [path.name for path in self._folder.iterdir() if path.is_file()] if self._folder.is_dir() else []
        return sorted({*self._shipped, *(name for name in files if not name.startswith("."))})

    async def read(self, name: str) -> str:
        """The text of a file. Raises NotFound, Forbidden for a name that leads elsewhere."""
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
        """Replace a file. Raises Forbidden for a name that leads elsewhere, Unavailable when the disk refuses."""
        path = self._path(name)
        await threads.disk.run(write_in_folder, path.parent, name, text.encode(errors="replace"))

    def _path(self, name: str) -> Path:
        if not is_plain_name(name):
            raise Forbidden(f"filename: {name!r} is not the name of a base configuration")
        return self._folder / name
