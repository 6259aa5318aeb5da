"""YAML for topologies: what JSON can say, with less ado.

Format: YAML 1.2 core schema, one document, without aliases, tags and repeated keys: ``no`` is a text, and a short file
cannot grow into a large one.
"""

import re
from typing import Any

import yaml

from gns3trio.errors import Invalid
from gns3trio.json_text import check_document
from gns3trio.limits import MAX_DEPTH, MAX_VALUES
from gns3trio.printable import escape, hidden_character

_MAX_KEY = 200
_MAX_DIGITS = 20  # those of the largest integer in JSON here, or a sign and 19

# YAML 1.2.2, 10.3.2, but for octal and hexadecimal numbers. PyYAML's own are those of YAML 1.1, where ``no``, ``on``
# and ``12:30`` are not texts.
_CORE_SCHEMA = (
    ("tag:yaml.org,2002:null", r"~|null|Null|NULL", "~nN"),
    ("tag:yaml.org,2002:bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("tag:yaml.org,2002:int", r"[-+]?(?:0|[1-9][0-9]*)", "-+0123456789"),
    (
        "tag:yaml.org,2002:float",
        r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?",
        "-+.0123456789",
    ),
)


# Line ends and tabs, with nothing.
_WRITTEN_AS_SUCH = str.maketrans("", "", "\n\t")


class _Loader(yaml.CSafeLoader):
    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """``<<`` is a key like any other (it is no part of YAML 1.2)."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys: set[str] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            where = f"line {key_node.start_mark.line + 1}"
            if not isinstance(key, str):
                raise Invalid(f"{where}: the key {str(key)[:_MAX_KEY]} is not a text: put it in quotes")
            if key in keys:
                raise Invalid(f"{where}: the key {key[:_MAX_KEY]!r} is there already")
            keys.add(key)
        return super().construct_mapping(node, deep)

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        """An integer; the time that Python takes for one grows with the square of its digits."""
        if len(node.value) > _MAX_DIGITS:
            where = f"line {node.start_mark.line + 1}"
            raise Invalid(f"{where}: a number of {len(node.value)} digits is too large")
        return int(node.value)


class _Dumper(yaml.CSafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


_Loader.yaml_implicit_resolvers = {}  # not those of its base, which the dumper keeps, so that it quotes for both
for kind in (_Loader, _Dumper):
    for tag, pattern, first in _CORE_SCHEMA:
        kind.add_implicit_resolver(tag, re.compile(f"^(?:{pattern})$", re.ASCII), list(first))
    kind.add_implicit_resolver("tag:yaml.org,2002:null", re.compile("^$"), [""])


def _represent_text(dumper: _Dumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    if hidden_character(text.translate(_WRITTEN_AS_SUCH)) is not None:
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.construct_yaml_int)
_Dumper.add_representer(str, _represent_text)


def parse_yaml(text: bytes | bytearray) -> Any:
    """The value in a YAML text. Raises Invalid that names the line."""
    try:
        text = bytes(text)
        _check_events(text)
        value = yaml.load(text, _Loader)
        check_document(value)
        return value
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Invalid(f"line {mark.line + 1 if mark else 1}: {error.problem or error.context}") from None
    except (yaml.YAMLError, UnicodeError) as error:
        raise Invalid(f"is not YAML: {error}") from None


def _check_events(text: bytes) -> None:
    """What the loader would do too much for."""
    depth = 0
    for count, event in enumerate(yaml.parse(text, yaml.CSafeLoader)):
        where = f"line {event.start_mark.line + 1}" if event.start_mark else "somewhere"
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise Invalid(f"{where}: anchors and aliases are not supported")
        if count > MAX_VALUES:
            raise Invalid(f"{where}: more than {MAX_VALUES} values")
        if getattr(event, "tag", None):
            raise Invalid(f"{where}: tags are not supported")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                raise Invalid(f"{where}: nested deeper than {MAX_DEPTH}")
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1


def format_yaml(value: Any) -> str:
    """A value of JSON as YAML; short objects on one line, texts of several lines as such."""
    text: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120
    )
    return escape(text, keep="\n\t")  # texts that hold what is escaped are in double quotes, where YAML knows it
