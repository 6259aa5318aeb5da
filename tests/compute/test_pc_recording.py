"""A session of VPCS 0.8.3 that was recorded, and the same of a built-in PC, line by line.

``recordings/vpcs-0.8.3.txt`` has the commands and what VPCS printed; ``recordings/builtin-differences.txt`` each
command to which a built-in PC answers something else, with the reason.
"""

import difflib
import itertools
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gns3trio import __version__
from gns3trio.compute.nodes.vpcs.node import VpcsNode
from tests.compute.builtin_lab import BuiltinLab, console_of, open_builtin_lab

_FOLDER = Path(__file__).parent / "recordings"
RECORDING, DIFFERENCES = _FOLDER / "vpcs-0.8.3.txt", _FOLDER / "builtin-differences.txt"
SCRIPT = (
    "# a comment\n; semi\necho hi\nbad line\nip 10.0.0.8/24\nset pcname T\n@echo quiet\nsleep 1 foo\n\n"
    "ping 10.0.0.2 -c 1\nshow echo\n"
)
_PROMPT = re.compile(r"\n\r[^\r\n]{1,40}> $")


def recorded() -> list[tuple[str, str]]:
    """Commands, and files as ``<NAME``, with what VPCS printed or wrote."""
    steps: list[tuple[str, list[str]]] = []
    for line in RECORDING.read_text().splitlines():
        if line.startswith((">>> ", "<<< ")):
            steps.append((line[4:] if line[0] == ">" else f"<{line[4:]}", []))
        elif steps:
            steps[-1][1].append(line)
    return [(command, "\n".join(lines)) for command, lines in steps]


def known_differences() -> dict[str, tuple[list[str], list[str]]]:
    """By command, the lines that only VPCS prints, and those that only a built-in PC prints."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for line in DIFFERENCES.read_text().splitlines():
        mark, _, text = line.partition(" ")
        if mark == ">>>":
            found[text] = [], []
        elif mark in ("-", "+"):
            found[list(found)[-1]][mark == "+"].append(text)
    return found


def alike(text: str) -> str:
    """Without what differs by chance: times, ages, addresses that the server gives."""
    text = text.replace("\x1b", "\\e").replace("\r", "")
    text = re.sub(r"\d+\.\d{3} ms", "T ms", text)
    text = text.replace(f"version {__version__}", "version V")
    text = re.sub(r"expires in \d+ seconds", "expires in N seconds", text)
    text = re.sub(r"(00:50:79:66:68|02:50:79(:..){2}):..", "MM:MM:MM:MM:MM:MM", text)
    text = re.sub(r"fe80::[0-9a-f:]+/64", "LINK-LOCAL/64", text)
    text = re.sub(r"(LPORT +:) \d+", r"\1 P", text)
    text = re.sub(r"(RHOST:PORT +:) [\d.:]+", r"\1 P", text)
    return re.sub(r"MM  \d+ +[\d.]+:\d+", "MM  TUNNEL", text).strip("\n")


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[BuiltinLab]:
    async with open_builtin_lab(tmp_path) as opened:
        yield opened


async def play(pc: VpcsNode) -> list[tuple[str, str]]:
    """What the built-in PC prints and writes."""
    answers = []
    async with console_of(pc) as console:
        for command, _ in recorded():
            if command.startswith("<"):
                answers.append((command, (pc.directory / command[1:]).read_text()))
                continue
            await console.type(command + "\r")
            await console.read_until(command.encode() + b"\r\n")
            said = ""
            while not _PROMPT.search("\n" + said):
                said += (await console.read_until(b"> ")).decode()
            answers.append((command, _PROMPT.sub("", "\n" + said)))
    return answers


def difference(of_vpcs: str, of_ours: str) -> tuple[list[str], list[str]]:
    """The lines that only one of them has."""
    lines = list(difflib.ndiff(of_vpcs.split("\n"), of_ours.split("\n")))
    return [line[2:] for line in lines if line.startswith("- ")], [line[2:] for line in lines if line.startswith("+ ")]


async def test_each_answer_is_that_of_vpcs_or_differs_for_a_reason(lab: BuiltinLab) -> None:
    pc, peer = await lab.create("No name"), await lab.start("Peer", "ip 10.0.0.2/24\nip 2001:db8::2/64\n")
    await lab.connect(pc, peer)
    (pc.directory / "t.vpc").write_text(SCRIPT)
    await pc.start()
    answers = await play(pc)
    assert len(answers) > 100
    differing = {
        command: difference(alike(of_vpcs), alike(of_ours))
        for (command, of_vpcs), (_, of_ours) in zip(recorded(), answers, strict=True)
        if alike(of_ours) != alike(of_vpcs)
    }
    assert differing == known_differences()


def test_each_difference_has_a_reason() -> None:
    lines = DIFFERENCES.read_text().splitlines()
    for line, following in itertools.pairwise(lines):
        assert line.startswith(">>> ") == following.startswith("# ")
