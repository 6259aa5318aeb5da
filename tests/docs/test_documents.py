"""Commands that the documents show are run, in order, by a real shell at a real server, and print what they show."""

import os
import re
import select
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO

import pytest

from tests.docs.documents import (
    DEPLOYMENT,
    ELSEWHERE,
    ROOT,
    SERVER_LOG,
    blocks,
    documents,
    expectations,
    is_as_shown,
    outputs,
    script,
)

KINDS = ("sh", "text", "toml", "yaml", "ini", "nginx", "caddyfile")
SECONDS = 120


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's clone, as far as documents use it."""
    clone = tmp_path / "clone"
    clone.mkdir()
    (clone / "docs").symlink_to(ROOT / "docs")
    (clone / "dev").write_text(f'#!/bin/sh\nexec "{ROOT}/dev" "$@"\n')
    (clone / "dev").chmod(0o755)
    activate = clone / ".venv" / "bin" / "activate"
    activate.parent.mkdir(parents=True)
    activate.write_text(f'PATH="{Path(sys.executable).parent}:$PATH"\n')
    return clone


def run(text: str, folder: Path) -> str:
    """What bash prints that runs the script. When this returns, all that it started has ended, servers too."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GNS3TRIO_")}
    environment |= {"HOME": str(folder.parent), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    environment.pop("XDG_CONFIG_HOME", None)
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


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_shows_is_what_happens(document: Path, folder: Path) -> None:
    parts = blocks(document)
    assert not [block for block in parts if not block.words or block.words[0] not in KINDS], "a block has no kind"
    for block in parts:
        if block.words[1:] == ("elsewhere",) and document != DEPLOYMENT:
            assert {line.partition("#")[0].strip() for line in block.text.splitlines()} <= ELSEWHERE.keys()
    if not any(block.words[0] == "sh" for block in parts):
        return
    printed = outputs(run(script(parts), folder))
    for number, shown in expectations(parts):
        assert is_as_shown(printed[number], shown), f"it prints:\n{printed[number]}\nbut shown is:\n{shown}"


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", document.read_text()):
        assert "://" in target or (document.parent / target).exists(), target


def test_what_counts_as_shown() -> None:
    assert is_as_shown("a 1.5 ms\nx\nb  2\n", "a 20 ms\n...\nb 3")
    assert is_as_shown("time 7: left\n", "...left")
    assert not is_as_shown("a 1.5 ms\nb 2\n", "a 20 ms")
    assert not is_as_shown("a\n", "b")
