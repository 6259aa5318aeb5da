"""The start-up script of a VPCS: the text that users write, and the checked text that VPCS reads.

Sans-IO, except for the functions with a folder. A script may have any encoding: bytes that are not UTF-8 are preserved
with ``surrogateescape``.
"""

import re
from collections import deque
from contextlib import suppress
from pathlib import Path

from gns3trio.compute.nodes.vpcs.command import STARTUP_FILE, VpcsVersion
from gns3trio.compute.nodes.vpcs.lines import refusal_in_script
from gns3trio.compute.script_files import StartupScript, read_script, write_script
from gns3trio.errors import Invalid
from gns3trio.sizes import size_text

# Scripts have a few lines. The rest of a longer one is not read, rewritten or executed.
MAX_SCRIPT_BYTES = 1024 * 1024
# The file that VPCS runs instead of a script that would crash it, or that sets no name.
PREPARED_FILE = f".prepared.{STARTUP_FILE}"

_PCNAME = re.compile(r"^(?P<command>[ \t]*set[ \t]+pcname[ \t]+)[^\r\n]*", re.MULTILINE)
# VPCS accepts more characters, but not all.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_COMMENTS = ("#", ";")
_BYTE_ORDER_MARK = "\ufeff"


def expand_script(text: str, name: str) -> str:
    """Replace ``%h`` in a start-up script by the node's ``name``.

    Raises Invalid if it becomes longer than MAX_SCRIPT_BYTES.
    """
    if len(text) + text.count("%h") * (len(name) - len("%h")) > MAX_SCRIPT_BYTES:
        raise Invalid(
            f"startup_script: with the node's name for each %h it has more than {MAX_SCRIPT_BYTES} characters"
        )
    return text.replace("%h", name)


def rename_in_script(text: str, name: str) -> str:
    """Change the name in a script: the last ``set pcname``, which VPCS uses, then sets ``name``."""
    found = deque(_PCNAME.finditer(text), maxlen=1)
    if not found:
        return text
    return text[: found[0].end("command")] + name + text[found[0].end() :]


def prepare_script(script: StartupScript, name: str, version: VpcsVersion) -> str:
    """The text that VPCS of ``version`` may safely read for the node ``name``; unchanged if the script is safe.

    A line that crashes VPCS, or that never ends, is replaced by a printed error. If there is no ``set pcname``, one
    with the node's name is added, if VPCS accepts the name.
    """
    lines = script.text.removeprefix(_BYTE_ORDER_MARK).split("\n")
    for index, line in enumerate(lines):
        if (reason := refusal_in_script(line.removesuffix("\r"))) is not None:
            is_comment = line.startswith(_COMMENTS)
            lines[index] = "" if is_comment else f"echo {STARTUP_FILE}, line {index + 1} is refused: {reason}"
    if not script.is_whole:
        lines[-1] = f"echo {STARTUP_FILE} is longer than {size_text(MAX_SCRIPT_BYTES)}: the rest is left out"
    if _PCNAME.search(script.text) is None and _NAME.fullmatch(name) and len(name) <= version.longest_name:
        lines.insert(0, f"set pcname {name}")
    return "\n".join(lines)


def rename_script_file(folder: Path, name: str) -> None:
    """Change the node's name in the script in its folder, unless the script is too long. Blocks. Raises OSError."""
    script = read_script(folder, STARTUP_FILE, MAX_SCRIPT_BYTES)
    if script is not None and script.is_whole:
        renamed = rename_in_script(script.text, name)
        if renamed != script.text:
            write_script(folder, STARTUP_FILE, renamed)


def put_runnable_script(folder: Path, name: str, version: VpcsVersion) -> str | None:
    """The file that VPCS of ``version`` runs for the node ``name``: its script, or a prepared one. None if there is
    nothing to run.

    Blocks. Raises OSError.
    """
    discard_prepared(folder)  # left by a server that was killed
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
        return original  # on a full disk it starts without its name
    return PREPARED_FILE


def discard_prepared(folder: Path) -> None:
    """Delete the prepared script. Blocks."""
    with suppress(OSError):
        (folder / PREPARED_FILE).unlink()
