"""Makes text from outside safe to display: characters that names must not contain, and escaping for logs and terminals.

Control characters can colour or rewrite a terminal, line ends can forge log lines, and direction overrides can display
a text that is not there (Unicode Technical Report 36, 2.10). The marks of right-to-left scripts (U+200E, U+200F) and
the joiners of letters and emoji are allowed.
"""

import logging
import re
from collections.abc import Callable

# Control characters, line and paragraph separators, directional embeddings, overrides and isolates, annotations, the
# byte order mark, surrogates and noncharacters: JSON and YAML carry some of them only sometimes.
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufeff\ufff9-\ufffb"
    + "".join(f"{chr(plane * 0x10000 + 0xFFFE)}{chr(plane * 0x10000 + 0xFFFF)}" for plane in range(17))
    + "]"
)
# NAME_MAX of Linux file systems is 255 bytes; the suffixes must fit too.
MAX_FILE_NAME_BYTES = 240
# Characters that are checked at once; no other task runs meanwhile.
_PIECE = 64 * 1024


def hidden_character(text: str) -> str | None:
    """The first character that is not allowed in names; None if there is none."""
    for start in range(0, len(text), _PIECE):
        if found := _HIDDEN.search(text, start, start + _PIECE):
            return found.group()
    return None


def is_plain_name(name: str, max_bytes: int = MAX_FILE_NAME_BYTES) -> bool:
    """Whether a file of ours may have the name: it leads nowhere else, is seen and not too long."""
    too_long = len(name.encode(errors="replace")) > max_bytes
    return bool(name) and not name.startswith(".") and "/" not in name and not hidden_character(name) and not too_long


def without_hidden(text: str) -> str:
    """Replace each such character by ``U+FFFD``, the replacement character."""
    return _replace(lambda _: "\ufffd", text)


def escape(text: str, keep: str = "") -> str:
    """Escape each such character in Python notation, ``\\x1b``, except those in ``keep``."""
    return _replace(lambda character: character if character in keep else _as_python(character), text)


def escape_json(text: str) -> str:
    """Escape each such character in a JSON text in JSON notation, ``\\u001b``, except line ends between values."""
    return _replace(lambda character: character if character == "\n" else _as_json(character), text)


def _replace(instead_of: Callable[[str], str], text: str) -> str:
    pieces = (text[start : start + _PIECE] for start in range(0, len(text), _PIECE))
    return "".join(_HIDDEN.sub(lambda found: instead_of(found.group()), piece) for piece in pieces)


class LogFormatter(logging.Formatter):
    """Escapes log output. Continuation lines are indented, so that only a real entry begins at the margin."""

    def format(self, record: logging.LogRecord) -> str:
        """Format an entry, with its traceback."""
        return escape(super().format(record), keep="\n\t").replace("\n", "\n    ")


def _as_python(character: str) -> str:
    return character.encode("unicode_escape").decode()


def _as_json(character: str) -> str:
    units = character.encode("utf-16-be", errors="surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
