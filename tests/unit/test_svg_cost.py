"""What browsers would take too long to draw."""

import json
from pathlib import Path

import pytest

from gns3trio.controller.library.symbols import BUILTIN_FOLDER
from gns3trio.svg_cost import is_bounded

PICTURES = json.loads((Path(__file__).parents[1] / "pictures/pictures.json").read_text())
HOSTILE = PICTURES[0]["svg"].encode()
NAMESPACES = (
    b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd" [<!ENTITY ns_svg "http://www.w3.org/2000/svg">]>'
)


@pytest.mark.parametrize("picture", [pytest.param(each, id=each["name"]) for each in PICTURES])
def test_our_page_decides_the_same_of_drawings(picture: dict[str, object]) -> None:
    assert is_bounded(str(picture["svg"]).encode()) is picture["isBounded"]


def test_our_own_symbols_are_shown() -> None:
    for path in BUILTIN_FOLDER.glob("*.svg"):
        assert is_bounded(path.read_bytes()), path


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "iso-8859-1", "iso-2022-jp", "utf-7", "of-nobody"])
def test_no_encoding_hides_elements(encoding: str) -> None:
    declared = f'<?xml version="1.0" encoding="{encoding}"?>'.encode() if "16" not in encoding else b""
    assert not is_bounded(declared + (HOSTILE.decode().encode(encoding) if "16" in encoding else HOSTILE))


def test_bytes_that_are_no_text_hide_nothing() -> None:
    assert not is_bounded(HOSTILE.replace(b"<defs>", b"<!-- \xff --><defs>"))


def test_entities_that_name_namespaces_are_read_and_others_are_not() -> None:
    assert is_bounded(NAMESPACES + b'<svg xmlns="&ns_svg;"><rect/></svg>')
    assert not is_bounded(b'<!DOCTYPE svg [<!ENTITY a "<g/>">]><svg>&a;</svg>')
    assert not is_bounded(b'<!DOCTYPE svg [<!ENTITY a "x"><!ENTITY b "&a;&a;">]><svg>&b;</svg>')
    assert not is_bounded(b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]><svg>&a;</svg>')
    assert not is_bounded(NAMESPACES + b"<svg>" + b"&ns_svg;" * 3000 + b"</svg>")


def test_what_is_no_xml_from_somewhere_on_is_not_read_from_there_on() -> None:
    assert is_bounded(b"") and is_bounded(b"hello") and is_bounded(b"< " + HOSTILE)
    assert not is_bounded(HOSTILE + b" < ")
