"""Checks which lines are safe for VPCS. Sans-IO.

Measured with 0.5b2 and 0.8.3, under a memory checker and with random lines:

- Lines of 127 bytes overflow its buffer, and lines of 144 bytes crash it.
- 0.5b2 crashes on lines with more than 20 words, which are separated by blanks, ``/`` and ``=``.
- 0.8.3 crashes on the command ``0``, and if ``ping`` or ``trace`` look up a name of 70 bytes with dots.
- ``rlogin`` cannot connect from a node's sandbox: 0.5b2 crashes, 0.8.3 hangs.
- ``relay del 0`` crashes both. GNS3 runs VPCS without its relay.
- ``set lport`` opens another socket, to which everybody in the network can send.
- In scripts, ``history``, ``show history`` and ``clear hist`` crash both.
"""

import re

MAX_LINE_BYTES = 126
MAX_WORDS = 20
MAX_HOST_BYTES = 63

# The shortest form of each command is its shortest unique prefix.
_PING, _TRACE, _RLOGIN, _DHCP, _SLEEP, _LOAD = (
    ("p", "ping"),
    ("t", "trace"),
    ("rl", "rlogin"),
    ("d", "dhcp"),
    ("sl", "sleep"),
    ("l", "load"),
)
_IP, _RELAY = ("i", "ip"), ("re", "relay")
# The parameters of ``set`` that change the ends of its UDP tunnel.
_SET, _TUNNEL = ("se", "set"), (("l", "lport"), ("r", "rport"), ("r", "rhost"))
_SHOW, _CLEAR, _HISTORY = ("sh", "show"), ("c", "clear"), ("h", "history")
_BETWEEN_WORDS = re.compile(r"[\s/=]")
_NOT_TYPED = re.compile(r"[^\x20-\x7e]")


def _is_one_of(word: str, *commands: tuple[str, str]) -> bool:
    return any(word.startswith(shortest) and command.startswith(word) for shortest, command in commands)


def refusal(line: str) -> str | None:
    """The reason why VPCS must not get ``line`` (without its line end); None if it may."""
    size = len(line.encode(errors="surrogateescape"))
    if size > MAX_LINE_BYTES:
        return f"it has {size} bytes, and VPCS takes {MAX_LINE_BYTES}"
    words = [word for word in _BETWEEN_WORDS.split(line) if word]
    if len(words) > MAX_WORDS:
        return f"it has {len(words)} words, and VPCS takes {MAX_WORDS}"
    if words[:1] == ["0"]:
        return "VPCS has no command 0"
    if words and _is_one_of(words[0], _RLOGIN):
        return "rlogin would connect to the host of this server, which nodes cannot reach"
    if words and _is_one_of(words[0], _RELAY):
        return "the relay is not used here: links join nodes"
    if len(words) > 1 and _is_one_of(words[0], _SET) and _is_one_of(words[1], *_TUNNEL):
        return "the node would lose its link, and others could reach it: links join nodes"
    if words and _is_one_of(words[0], _PING, _TRACE) and any(len(word) > MAX_HOST_BYTES for word in words):
        return f"no host has a name of more than {MAX_HOST_BYTES} bytes"
    return None


def refusal_of_typed(line: str) -> str | None:
    """As ``refusal``, for a typed line, in which VPCS ignores all characters except ASCII."""
    if (found := _NOT_TYPED.search(line)) is not None:
        return f"VPCS does not take {found[0]!r}"
    return refusal(line)


def refusal_in_script(line: str) -> str | None:
    """As ``refusal``, for a line of a start-up script, which cannot be interrupted."""
    if "\0" in line:
        return "it has a NUL"
    if (reason := refusal(line)) is not None:
        return reason
    words = line.split()
    if words and _is_one_of(words[0], _PING) and "-t" in words:
        return "ping -t in a script never ends"
    if _mentions_history(words):
        return "a script has no history"
    return None


def _mentions_history(words: list[str]) -> bool:
    """Whether the line is ``history``, ``show history`` or ``clear history``."""
    if words and _is_one_of(words[0], _SHOW, _CLEAR):
        words = words[1:]
    return bool(words) and _is_one_of(words[0], _HISTORY)


def takes_long(line: str) -> bool:
    """Whether VPCS may be silent for a long time before it answers."""
    return _is_one_of(line.partition(" ")[0], _PING, _TRACE, _DHCP, _SLEEP, _LOAD, _IP)
