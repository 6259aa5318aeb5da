"""The commands of a built-in PC for scripts: load, save, echo, sleep. Sans-IO."""

from collections.abc import Callable, Iterator

from gns3trio.compute.nodes.vpcs.pc_config import is_file_name, loaded_names, render_config, saved_name
from gns3trio.compute.nodes.vpcs.pc_help import help_on
from gns3trio.compute.nodes.vpcs.pc_session import PcSession
from gns3trio.compute.nodes.vpcs.pc_steps import Command, CommandError, Pause, Print, ReadFile, WriteFile, say

MAX_LINE = 1024
# A script may load others; one that loads itself ends here.
_MAX_DEPTH = 4
_MAX_SECONDS = 86400
_COMMENTS = ("#", ";")
_SHOWN_LINE = 60

RunLine = Callable[[PcSession, str], Command]
"""Runs a line and shows its result; raises nothing."""


def script_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a script that are commands, with their numbers."""
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        stripped = line.strip()
        if stripped and not stripped.startswith(_COMMENTS):
            yield number, stripped


def run_script(session: PcSession, text: str, run_line: RunLine) -> Command:
    """The lines one after the other: what is wrong in one is shown, and the next one runs."""
    session.in_script += 1
    try:
        for number, line in script_lines(text):
            if len(line) > MAX_LINE:
                yield Print(f"Line {number} is refused: it has {len(line)} characters, and {MAX_LINE} are allowed.\n")
            else:
                quiet, line = line.startswith("@"), line.removeprefix("@").strip()
                word = line.split()[0] if line else ""
                if session.echo and not quiet and is_shown(word, line):
                    yield from say(f"{session.name}[1] {line}")
                yield from run_line(session, line)
            yield Print("\n")
    finally:
        session.in_script -= 1


def is_shown(word: str, line: str) -> bool:
    """Whether a script's command is shown before it runs, if ``set echo`` is on."""
    return word != "echo" and (word != "sleep" or line.split() == ["sleep", "0"])


def load(run_line: RunLine) -> Callable[[PcSession, list[str]], Command]:
    """``load [FILENAME]``, with what runs a line."""

    def load_file(session: PcSession, words: list[str]) -> Command:
        name = words[1] if len(words) > 1 else ""
        if len(words) > 2 or (name and not is_file_name(name)):
            yield Print(help_on("load"))
            return
        if session.in_script >= _MAX_DEPTH:
            raise CommandError("Too many scripts load each other.")
        text: str | None = yield ReadFile(loaded_names(name))
        shown = name or loaded_names(name)[0]
        if text is None:
            raise CommandError(f'Can\'t open "{shown}"')
        yield Print(f'\nExecuting the file "{shown}"\n\n')
        yield from run_script(session, text, run_line)

    return load_file


def save(session: PcSession, words: list[str]) -> Command:
    """``save [FILENAME]``."""
    name = words[1] if len(words) > 1 else ""
    if len(words) > 2 or (name and not is_file_name(name)):
        yield Print(help_on("save"))
        return
    target = saved_name(name)
    yield from say(f"Saving startup configuration to {target}")
    trouble: str | None = yield WriteFile(target, render_config(session))
    if trouble is not None:
        raise CommandError(f"{target} cannot be written: {trouble}")
    yield from say(".  done")


def echo(session: PcSession, line: str) -> Command:
    """``echo TEXT``: the text as it is."""
    text = line.partition("echo")[2].removeprefix(" ")
    yield Print(session.coloured(text) if text else "")


def sleep(session: PcSession, words: list[str]) -> Command:
    """``sleep [SECONDS] [TEXT]``."""
    seconds, rest = 0, words[1:]
    if rest and rest[0].isascii() and rest[0].isdigit():
        seconds, rest = min(int(rest[0][:9]), _MAX_SECONDS), rest[1:]
    if rest:
        yield from say(f"{' '.join(rest)} ")
    elif not seconds and len(words) == 1:
        yield from say("Press any key to continue")
    yield Pause(seconds or None)
