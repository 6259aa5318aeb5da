"""Text from outside, as it may be shown: what names may not contain, and how logs and terminals are kept safe from it.

A control character colours or rewrites a terminal, a line end forges lines of a log, and what overrides the direction
of writing shows a text that is not there (Unicode Technical Report 36, 2.10). Marks that scripts from right to left
need (U+200E, U+200F) and joiners of letters and emoji are text.
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
# Characters that are looked at at once: nobody else runs meanwhile.
_PIECE = 64 * 1024


def hidden_character(text: str) -> str | None:
    """The first character that no name may have; None when there is none."""
    for start in range(0, len(text), _PIECE):
        if found := _HIDDEN.search(text, start, start + _PIECE):
            return found.group()
    return None


def is_plain_name(name: str, max_bytes: int = MAX_FILE_NAME_BYTES) -> bool:
    """Whether a file of ours may have the name: it leads nowhere else, is seen and not too long."""
    too_long = len(name.encode(errors="replace")) > max_bytes
    return bool(name) and not name.startswith(".") and "/" not in name and not hidden_character(name) and not too_long


def without_hidden(text: str) -> str:
    """The text with ``U+FFFD``, the replacement character, for each of them."""
    return _replace(lambda _: "\ufffd", text)


def escape(text: str, keep: str = "") -> str:
    """The text with each of them as Python writes it, ``\\x1b``; those in ``keep`` stay."""
    return _replace(lambda character: character if character in keep else _as_python(character), text)


def escape_json(text: str) -> str:
    """JSON with each of them as JSON writes it, ``\\u001b``; the line ends between its values stay."""
    return _replace(lambda character: character if character == "\n" else _as_json(character), text)


def _replace(instead_of: Callable[[str], str], text: str) -> str:
    pieces = (text[start : start + _PIECE] for start in range(0, len(text), _PIECE))
    return "".join(_HIDDEN.sub(lambda found: instead_of(found.group()), piece) for piece in pieces)


class LogFormatter(logging.Formatter):
    """Escapes what a log prints. Further lines of an entry are indented: only an entry begins at the margin."""

    def format(self, record: logging.LogRecord) -> str:
        """An entry, with its traceback."""
        return escape(super().format(record), keep="\n\t").replace("\n", "\n    ")


def _as_python(character: str) -> str:
    return character.encode("unicode_escape").decode()


def _as_json(character: str) -> str:
    units = character.encode("utf-16-be", errors="surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
