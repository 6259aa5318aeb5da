"""Runs the commands of a document in a real shell, and compares what they print with what the document shows."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

import pytest

from tests.docs.documents import SERVER_LOG, Block, expectations, is_as_shown, outputs, script

SECONDS = 300


def check(parts: list[Block], folder: Path, variables: Mapping[str, str] | None = None) -> None:
    """Run the blocks in a user's clone, with these environment variables too. Fails if they print something else."""
    printed = outputs(run(script(parts), folder, variables or {}))
    for number, shown in expectations(parts):
        assert is_as_shown(printed[number], shown), f"it prints:\n{printed[number]}\nbut shown is:\n{shown}"


def run(text: str, folder: Path, variables: Mapping[str, str]) -> str:
    """What bash prints that runs the script. When this returns, all that it started has ended, servers too."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GNS3TRIO_")}
    environment |= {"HOME": str(folder.parent), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    environment.pop("XDG_CONFIG_HOME", None)
    environment |= variables
    log, server_log = folder.parent / "printed", folder / SERVER_LOG
    server_log.touch()
    lives, held = os.pipe()  # whatever the script starts holds one end; when nobody does any more, the other tells
    with open(lives, "rb") as lives_stream, log.open("w") as output:
        with open(held, "wb"):
            shell = subprocess.Popen(
                ["bash", "-c", text],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=(held,),
            )
        try:
            status = shell.wait(SECONDS)
        except subprocess.TimeoutExpired:
            status = None
        end_group(shell, lives_stream)
    printed = log.read_text()
    assert status == 0, f"{printed[-2000:]}\nand the server:\n{server_log.read_text()[-2000:]}"
    return printed


def end_group(shell: subprocess.Popen[bytes], lives: IO[bytes]) -> None:
    """End the servers that the script started, and what is left of it."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(shell.pid, number)
        if select.select([lives], [], [], SECONDS)[0]:
            shell.wait()
            return
    pytest.fail("something that the script started does not end")
