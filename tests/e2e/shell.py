"""What types ``gns3trio ...`` as people and scripts do, and a lab to begin with."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs

from tests.e2e.conftest import PATIENCE, ServerProcess

COMMAND = [sys.executable, "-m", "gns3trio"]


@attrs.frozen
class Shell:
    """Types ``gns3trio ...`` for one server."""

    server: ServerProcess

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, "GNS3TRIO_URL": self.server.url}

    def run(self, *words: str, status: int = 0, text: str | None = None, url: str | None = None) -> str:
        """What a command prints, errors included; checks its exit status. ``url`` is another server's."""
        result = subprocess.run(
            [*COMMAND, *words],
            env={**self.environment, **({"GNS3TRIO_URL": url} if url else {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            input=text or "",  # never this terminal, where commands would ask
            timeout=PATIENCE,
            check=False,
        )
        assert result.returncode == status, result.stdout
        return result.stdout

    def json(self, *words: str) -> Any:
        """What it prints with ``--json``."""
        return json.loads(self.run(*words, "--json"))

    @contextmanager
    def running(self, *words: str) -> Iterator[subprocess.Popen[bytes]]:
        """A command that runs beside the test."""
        command = [*COMMAND, *words]
        with subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                yield process
            finally:
                process.kill()


def make_lab(shell: Shell) -> Shell:
    """A project ``lab`` with PC1 and PC2, linked and started, 10.0.0.1 and 10.0.0.2."""
    shell.run("project", "create", "lab")
    for _ in range(2):
        shell.run("node", "create", "lab", "vpcs", "PC{0}")
    shell.run("link", "create", "lab", "PC1", "PC2")
    shell.run("node", "start", "lab", "--all")
    for number in (1, 2):
        shell.run("console", "lab", f"PC{number}", "-c", f"ip 10.0.0.{number}/24")
    return shell


def ping(lab: Shell, count: int = 1) -> str:
    return lab.run("console", "PC2", "-c", f"ping 10.0.0.1 -c {count}")
