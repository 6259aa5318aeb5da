"""The folder of a VPCS node: its start-up script, and what of the folder the process may use."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from gns3trio import threads
from gns3trio.compute.nodes.parts.sandbox import Sandbox
from gns3trio.compute.nodes.vpcs.command import STARTUP_FILE
from gns3trio.compute.nodes.vpcs.process import VpcsProgram, vpcs_sandbox
from gns3trio.compute.nodes.vpcs.script import (
    MAX_SCRIPT_BYTES,
    PREPARED_FILE,
    discard_prepared,
    expand_script,
    put_runnable_script,
    rename_script_file,
)
from gns3trio.compute.script_files import read_script, write_script
from gns3trio.errors import path_error


class VpcsFolder:
    """The folder of a node. Every call raises Unavailable if the disk reports an error, unless it says otherwise."""

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        self._path = str(path)  # a Path takes four times the memory, for each node of a lab

    @property
    def path(self) -> Path:
        """The folder."""
        return Path(self._path)

    async def make(self, name: str, script: str | None) -> None:
        """Create it if it is missing, with a script if it has none. Raises Invalid for a script that is too long."""
        await self._use(self._make, name, script)

    def _make(self, name: str, script: str | None) -> None:
        is_new = not os.path.lexists(self.path)
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            if script is not None and not (self.path / STARTUP_FILE).exists():
                write_script(self.path, STARTUP_FILE, expand_script(script, name))
        except OSError:
            if is_new:
                with suppress(OSError):
                    self.path.rmdir()
            raise

    async def script(self) -> str | None:
        """The text of the script that VPCS runs at its start; None if there is none or it cannot be read."""
        script = await threads.disk.run(read_script, self.path, STARTUP_FILE, MAX_SCRIPT_BYTES)
        return script.text.encode(errors="surrogateescape").decode(errors="replace") if script is not None else None

    async def set_script(self, name: str, text: str) -> None:
        """Write the script that VPCS runs at its next start. Raises Invalid if it is too long with the node's name."""
        await self._use(write_script, self.path, STARTUP_FILE, expand_script(text, name))

    async def rename(self, name: str) -> None:
        """Change the node's name in the script."""
        await self._use(rename_script_file, self.path, name)

    def read_first(self, names: tuple[str, ...]) -> str | None:
        """The text of the first of these files that is there and can be read. Blocks."""
        for name in names:
            if (found := read_script(self.path, name, MAX_SCRIPT_BYTES)) is not None:
                return found.text.encode(errors="surrogateescape").decode(errors="replace")
        return None

    def try_to_write(self, name: str, text: str) -> str | None:
        """Write a file; returns why it cannot be written. Blocks."""
        try:
            write_script(self.path, name, text)
        except OSError as error:
            return error.strerror or "the disk reports an error"
        return None

    async def prepare(self, name: str, program: VpcsProgram) -> tuple[str | None, Sandbox]:
        """The script that a process of ``program`` runs, and what the process may do. Raises OSError."""
        return await threads.disk.run(self._prepare, name, program)

    def _prepare(self, name: str, program: VpcsProgram) -> tuple[str | None, Sandbox]:
        sandbox = vpcs_sandbox(program.files, self.path)
        return put_runnable_script(self.path, name, program.version), sandbox

    async def tidy(self, script: str | None) -> None:
        """Remove what was prepared for a run of ``script``."""
        if script == PREPARED_FILE:
            await threads.disk.run(discard_prepared, self.path)

    async def _use(self, function: Callable[..., None], *args: object) -> None:
        try:
            await threads.disk.run(function, *args)
        except OSError as error:
            raise path_error(f"{self.path} cannot be used", error) from None
