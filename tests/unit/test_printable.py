"""Text from outside on terminals, in logs and in names."""

import json
import re
import sys

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gns3trio.controller.names import check_name, clean_name
from gns3trio.errors import Invalid
from gns3trio.printable import escape, escape_json, hidden_character, without_hidden
from gns3trio.topology_yaml import format_yaml, parse_yaml

# A name of each that is refused, and why nobody wants it.
BAD_NAMES = {
    "colours a terminal": "\x1b[31mred",
    "a C1 control, which some terminals take for ESC [": "\x9b31mred",
    "a line end": "PC1\nINFO all is well",
    "another line end": "PC1\u2028",
    "next line": "PC1\x85",
    "null": "PC\0",
    "delete": "PC\x7f",
    "shows another text": "PC\u202e1CP",
    "isolates": "\u2066PC1\u2069",
    "half a character": "PC\ud800",
    "a byte of a file name that is not UTF-8": "PC\udcff",
    "no character": "PC\ufffe",
    "no character of a higher plane": "PC\U0001ffff",
    "byte order mark": "\ufeffPC1",
    "nothing": "",
    "a blank": " ",
    "blanks": " \u00a0\u2003\t",
    "characters without width": "\u200b\u200d",
    "too long": "x" * 256,
}
GOOD_NAMES = [
    "PC1",
    "Büro 2 (Köln)",
    "שרת",
    "\u200fשרת-1",  # with a mark of direction
    "👩‍💻",
    "नेटवर्क",
    "主機",
    "x" * 255,
    "a/b:c\\d'\"`$(x)",
]


@pytest.mark.parametrize("name", BAD_NAMES.values(), ids=BAD_NAMES.keys())
def test_a_bad_name_is_refused_and_told_without_its_characters(name: str) -> None:
    with pytest.raises(Invalid, match=r"^name: ") as caught:
        check_name(name)
    assert hidden_character(str(caught.value)) is None


@pytest.mark.parametrize("name", BAD_NAMES.values(), ids=BAD_NAMES.keys())
def test_a_bad_name_of_a_file_becomes_a_good_one(name: str) -> None:
    check_name(clean_name(name, "vpcs"))


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_a_good_name_stays(name: str) -> None:
    check_name(name)
    assert clean_name(name, "vpcs") == name


def test_what_is_left_of_a_cleaned_name() -> None:
    assert clean_name("\x1b[31mred", "vpcs") == "\ufffd[31mred"
    assert clean_name(" \n", "vpcs") == "vpcs"


def test_json_and_yaml_carry_every_name_back() -> None:
    """Every character that a name may have, as a value and as a key."""
    allowed = [chr(point) for point in range(sys.maxunicode + 1) if hidden_character(chr(point)) is None]
    names = ["".join(allowed[at : at + 100]) for at in range(0, len(allowed), 100)]
    names += [name[:1] for name in names]
    assert orjson.loads(orjson.dumps(names)) == names
    for at in range(0, len(names), 1000):
        document = {name: name for name in names[at : at + 1000]}
        assert parse_yaml(format_yaml(document).encode()) == document


@given(st.text(st.characters() | st.sampled_from("\x1b\n\x9b\u202e\ud800\udfff\U0010ffff")))
def test_an_escaped_text_has_nothing_hidden(text: str) -> None:
    assert hidden_character(escape(text)) is None
    assert hidden_character(without_hidden(text)) is None
    assert hidden_character(escape(text, keep="\n").replace("\n", "")) is None


@given(st.recursive(st.text(st.characters()), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_escaped_json_is_the_same_json(value: object) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=2)
    escaped = escape_json(text)
    assert json.loads(escaped) == value
    assert hidden_character(escaped.replace("\n", "")) is None


def test_escapes_are_those_of_python() -> None:
    assert escape("\x1b[31m\n\u202e\ud800") == r"\x1b[31m\n\u202e\ud800"
    assert re.fullmatch(r'"\\u001b\\udbff\\udfff"', escape_json('"\x1b\U0010ffff"'))


@pytest.mark.parametrize("before", [0, 65_535, 65_536, 200_000])
def test_a_long_text_is_looked_at_as_a_whole(before: int) -> None:
    text = f"{'x' * before}\x1b{'x' * before}"
    assert hidden_character(text) == "\x1b"
    assert hidden_character(text.replace("\x1b", "")) is None
    assert escape(text) == text.replace("\x1b", "\\x1b")
    assert escape_json(text) == text.replace("\x1b", "\\u001b")
    assert without_hidden(text) == text.replace("\x1b", "\ufffd")
