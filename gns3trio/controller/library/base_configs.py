"""Base configurations: text files from which templates give nodes their start-up script."""

from pathlib import Path

from gns3trio import threads
from gns3trio.controller.library.templates import VPCS_BASE_SCRIPT
from gns3trio.controller.storage.files import is_plain_name, read_plain, write_in_folder
from gns3trio.errors import Forbidden, NotFound

MAX_CONFIG_BYTES = 1024 * 1024
# %h is the name of the node.
_SHIPPED = {
    VPCS_BASE_SCRIPT: """\
# This is what %h runs when it starts.
# An address from a DHCP server:
# dhcp
# or an address, a network mask and a gateway:
# ip 192.168.1.10/24 192.168.1.1
set pcname %h
"""
}


class BaseConfigs:
    """The files of ``folder``, and those that the server ships for names that are not there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def names(self) -> list[str]:
        """All names, sorted."""
        return await threads.disk.run(self._names)

    def _names(self) -> list[str]:
        files = [path.name for path in self._folder.iterdir() if path.is_file()] if self._folder.is_dir() else []
        return sorted({*_SHIPPED, *(name for name in files if not name.startswith("."))})

    async def read(self, name: str) -> str:
        """The text of a file. Raises NotFound, Forbidden for a name that leads elsewhere."""
        path = self._path(name)
        try:
            data = await threads.disk.run(read_plain, path, MAX_CONFIG_BYTES)
        except FileNotFoundError:
            if name not in _SHIPPED:
                raise NotFound(f"Base configuration {name!r} doesn't exist") from None
            return _SHIPPED[name]
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
