"""Reads and writes YAML for topologies: the same data as JSON, in a form that is easier to write.

Format: YAML 1.2 core schema, one document, without aliases, tags and repeated keys: so ``no`` is a text,
and a short file cannot expand into a large one.
"""

import codecs
import re
from collections.abc import Iterable
from typing import Any

import yaml

from gns3trio.classes import define
from gns3trio.errors import Invalid
from gns3trio.json_text import check_document
from gns3trio.limits import MAX_DEPTH, MAX_VALUES
from gns3trio.printable import escape, hidden_character

_MAX_KEY = 200
_MAX_DIGITS = 20  # the digits of the largest integer in JSON here, or a sign and 19 digits
# %YAML is the only directive that is used. Other lines that begin like one are parts of quoted texts.
_MAX_DIRECTIVES = 100
# A directive after one of the line ends of YAML 1.1, which the library recognises.
_DIRECTIVES = tuple(f"{end}%".encode() for end in "\n\r\x85\u2028\u2029")

# YAML 1.2.2, 10.3.2, without octal and hexadecimal numbers. PyYAML's own resolvers are those of YAML 1.1, where ``no``,
# ``on`` and ``12:30`` are not texts.
_CORE_SCHEMA = (
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL", "~nN"),
    ("tag:yaml.org,2002:bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("tag:yaml.org,2002:int", r"[-+]?(?:0|[1-9][0-9]*+)", "-+0123456789"),
    (
        "tag:yaml.org,2002:float",
        r"[-+]?(?:\.[0-9]++|[0-9]++(?:\.[0-9]*+|(?=[eE])))(?:[eE][-+]?[0-9]++)?",
        "-+.0123456789",
    ),
)


# Line ends and tabs are removed.
_WRITTEN_AS_SUCH = str.maketrans("", "", "\n\t")


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


# The possible types of an unquoted scalar, by its first character.
_RESOLVERS: dict[str, list[tuple[str, re.Pattern[str]]]] = {"": [("tag:yaml.org,2002:null", re.compile("^$"))]}
for tag, pattern, starts in _CORE_SCHEMA:
    for start in starts:
        _RESOLVERS.setdefault(start, []).append((tag, re.compile(f"^(?:{pattern})$", re.ASCII)))
# The dumper also keeps the resolvers of its base class, so that it quotes texts for readers of YAML 1.1 too.
for start, resolvers in _RESOLVERS.items():
    for tag, expression in resolvers:
        _Dumper.add_implicit_resolver(tag, expression, [start])


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    if hidden_character(text.translate(_WRITTEN_AS_SUCH)) is not None:
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def parse_yaml(text: bytes | bytearray) -> Any:
    """Parse a YAML text. Raises Invalid with the line number."""
    try:
        if text.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            text = text.decode("utf-16").encode()
        _check_directives(text)
        value = _compose(yaml.parse(bytes(text), yaml.CSafeLoader))
        check_document(value)
        return value
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Invalid(f"line {mark.line + 1 if mark else 1}: {error.problem or error.context}") from None
    except (yaml.YAMLError, UnicodeError) as error:
        raise Invalid(f"is not YAML: {error}") from None


def _check_directives(text: bytes | bytearray) -> None:
    """Limit the number of directives: the library compares each one with all earlier ones, without a pause."""
    if sum(map(text.count, _DIRECTIVES)) > _MAX_DIRECTIVES:
        raise Invalid(f"more than {_MAX_DIRECTIVES} lines begin with %, as directives do")


@define
class _Open:
    """A list or object under construction. ``key`` belongs to the value that comes next; None if a key comes next."""

    value: list[Any] | dict[str, Any]
    key: str | None = None

    def add(self, value: Any, where: str) -> None:
        """Add the next value or key. Raises Invalid."""
        if isinstance(self.value, list):
            self.value.append(value)
            return
        if self.key is not None:
            self.value[self.key] = value
            self.key = None
        elif not isinstance(value, str):
            raise Invalid(f"{where}: the key {str(value)[:_MAX_KEY]} is not a text: put it in quotes")
        elif value in self.value:
            raise Invalid(f"{where}: the key {value[:_MAX_KEY]!r} is there already")
        else:
            self.key = value


def _compose(events: Iterable[yaml.Event]) -> Any:
    """Build the value from parser events. Other tasks run between two events, which the library's own composer
    prevents.
    """
    documents: list[Any] = []
    above = [_Open(documents)]
    for count, event in enumerate(events):
        where = f"line {event.start_mark.line + 1}" if event.start_mark else "somewhere"
        if count > MAX_VALUES:
            raise Invalid(f"{where}: more than {MAX_VALUES} values")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise Invalid(f"{where}: anchors and aliases are not supported")
        if getattr(event, "tag", None):
            raise Invalid(f"{where}: tags are not supported")
        match event:
            case yaml.DocumentStartEvent() if documents:
                raise Invalid(f"{where}: a second document begins")
            case yaml.ScalarEvent():
                above[-1].add(_scalar(event, where), where)
            case yaml.CollectionStartEvent():
                if len(above) > MAX_DEPTH:
                    raise Invalid(f"{where}: nested deeper than {MAX_DEPTH}")
                begun = _Open([] if isinstance(event, yaml.SequenceStartEvent) else {})
                above[-1].add(begun.value, where)
                above.append(begun)
            case yaml.CollectionEndEvent():
                above.pop()
    return documents[0] if documents else None


def _scalar(event: yaml.ScalarEvent, where: str) -> Any:
    text: str = event.value
    is_plain, _ = event.implicit
    resolvers = _RESOLVERS.get(text[:1], ()) if is_plain else ()
    tag = next((tag for tag, expression in resolvers if expression.match(text)), None)
    match tag:
        case "tag:yaml.org,2002:null":
            return None
        case "tag:yaml.org,2002:bool":
            return text.lower() == "true"
        case "tag:yaml.org,2002:int":
            if len(text) > _MAX_DIGITS:  # Python's time to parse one grows with the square of its digits
                raise Invalid(f"{where}: a number of {len(text)} digits is too large")
            return int(text)
        case "tag:yaml.org,2002:float":
            return float(text)
        case _:
            return text


def format_yaml(value: Any) -> str:
    """Format a JSON value as YAML: short objects on one line, texts of several lines as block scalars."""
    text: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120
    )
    return escape(text, keep="\n\t")  # texts with escaped characters are double-quoted, where YAML supports escapes
