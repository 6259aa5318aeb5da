"""Commands on a terminal."""

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Mapping

PATIENCE = 60.0


class Terminal:
    """A command whose input, output and errors are a terminal."""

    def __init__(self, environment: Mapping[str, str], *command: str) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            command, env=environment, stdin=slave, stdout=slave, stderr=slave, start_new_session=True
        )
        os.close(slave)
        self.seen = ""

    def until(self, pattern: str) -> str:
        """Read until this has come."""
        deadline = time.monotonic() + PATIENCE
        while (match := re.search(pattern, self.seen)) is None:
            readable, _, _ = select.select([self._master], [], [], max(deadline - time.monotonic(), 0))
            assert readable, f"{pattern!r} did not come, but {self.seen!r}"
            try:
                self.seen += os.read(self._master, 4096).decode(errors="replace")
            except OSError:  # EIO: it has ended
                raise AssertionError(f"{pattern!r} did not come, but {self.seen!r}") from None
        text, self.seen = self.seen[: match.end()], self.seen[match.end() :]
        return text

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def wait(self) -> int:
        """Its exit status; reads what it still prints."""
        while True:
            try:
                self.seen += os.read(self._master, 4096).decode(errors="replace")
            except OSError:  # EIO: nobody has the other side open
                return self.process.wait(PATIENCE)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)
