"""The start-up script of a VPCS: as its users write it, and as VPCS may read it.

Sans-IO, but for what works in a node's folder. A script is in whatever encoding its author used: bytes that
are not UTF-8 are kept as ``surrogateescape`` has them.
"""

import re
from collections import deque
from contextlib import suppress
from pathlib import Path

from gns3trio.compute.nodes.vpcs.command import STARTUP_FILE, VpcsVersion
from gns3trio.compute.nodes.vpcs.lines import refusal_in_script
from gns3trio.compute.script_files import StartupScript, read_script, write_script
from gns3trio.errors import Invalid

# A script is some lines; more is not read into replies, nor rewritten, nor run.
MAX_SCRIPT_BYTES = 1024 * 1024
# What VPCS runs in place of a script that it would not survive, or that leaves it without a name.
PREPARED_FILE = f".prepared.{STARTUP_FILE}"

_PCNAME = re.compile(r"^(?P<command>[ \t]*set[ \t]+pcname[ \t]+)[^\r\n]*", re.MULTILINE)
# VPCS takes more characters, but not all.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_COMMENTS = ("#", ";")
_BYTE_ORDER_MARK = "\ufeff"


def expand_script(text: str, name: str) -> str:
    """A start-up script for the node ``name``: ``%h`` stands for the name.

    Raises Invalid when it would be longer than MAX_SCRIPT_BYTES.
    """
    if len(text) + text.count("%h") * (len(name) - len("%h")) > MAX_SCRIPT_BYTES:
        raise Invalid(
            f"startup_script: with the node's name for each %h it has more than {MAX_SCRIPT_BYTES} characters"
        )
    return text.replace("%h", name)


def rename_in_script(text: str, name: str) -> str:
    """The script of a node that gets the name ``name``: its last ``set pcname``, which VPCS goes by, sets that."""
    found = deque(_PCNAME.finditer(text), maxlen=1)
    if not found:
        return text
    return text[: found[0].end("command")] + name + text[found[0].end() :]


def prepare_script(script: StartupScript, name: str, version: VpcsVersion) -> str:
    """What VPCS of ``version`` may read at the start of the node ``name``; equal to the script's text if that is fine.

    A line that VPCS does not survive, or that never ends, becomes an error that is printed. Without a ``set pcname``
    the node gets its own name, if VPCS takes such a one.
    """
    lines = script.text.removeprefix(_BYTE_ORDER_MARK).split("\n")
    for index, line in enumerate(lines):
        if (reason := refusal_in_script(line.removesuffix("\r"))) is not None:
            is_comment = line.startswith(_COMMENTS)
            lines[index] = "" if is_comment else f"echo {STARTUP_FILE}, line {index + 1} is refused: {reason}"
    if not script.is_whole:
        lines[-1] = f"echo {STARTUP_FILE} is longer than {MAX_SCRIPT_BYTES} bytes: the rest is left out"
    if _PCNAME.search(script.text) is None and _NAME.fullmatch(name) and len(name) <= version.longest_name:
        lines.insert(0, f"set pcname {name}")
    return "\n".join(lines)


def rename_script_file(folder: Path, name: str) -> None:
    """Give the script in a node's folder the node's new name; one that is too long is left. Blocks. Raises OSError."""
    script = read_script(folder, STARTUP_FILE, MAX_SCRIPT_BYTES)
    if script is not None and script.is_whole:
        renamed = rename_in_script(script.text, name)
        if renamed != script.text:
            write_script(folder, STARTUP_FILE, renamed)


def put_runnable_script(folder: Path, name: str, version: VpcsVersion) -> str | None:
    """The file that VPCS of ``version`` runs at the start of the node ``name``: its script, or a prepared one instead.

    None when there is nothing to run. Blocks. Raises OSError.
    """
    discard_prepared(folder)  # of a server that was killed
    script = read_script(folder, STARTUP_FILE, MAX_SCRIPT_BYTES)
    text = script.text if script is not None else ""
    original = STARTUP_FILE if script is not None else None
    prepared = prepare_script(script or StartupScript(""), name, version)
    if prepared == text:
        return original
    try:
        write_script(folder, PREPARED_FILE, prepared)
    except OSError:
        if not prepared.endswith(text):
            raise
        return original  # on a full disk it goes without its name
    return PREPARED_FILE


def discard_prepared(folder: Path) -> None:
    """Remove what VPCS ran in place of its script. Blocks."""
    with suppress(OSError):
        (folder / PREPARED_FILE).unlink()
