"""The SVG of new drawings."""

from xml.etree import ElementTree

import pytest

from gns3trio.commands.drawing import text_of
from gns3trio.commands.scene_style import picture as shown
from gns3trio.commands.shapes import Kind, Look, note, picture, shape

EVIL = '</text><script>alert("1")</script>'


def test_a_note_has_its_text_and_room_for_it() -> None:
    svg = note("Two lines\nof text & more", Look(size=20))
    root = ElementTree.fromstring(svg)
    assert root[0].text == "Two lines\nof text & more"
    assert int(root.attrib["width"]) > 100 and int(root.attrib["height"]) > 50
    assert text_of({"svg": svg}) == "Two lines of text & more"


def test_a_text_stays_a_text() -> None:
    root = ElementTree.fromstring(note(EVIL, Look()))
    assert [each.tag for each in root.iter()] == ["svg", "text"] and root[0].text == EVIL


@pytest.mark.parametrize(("kind", "tag"), [("rectangle", "rect"), ("ellipse", "ellipse"), ("line", "line")])
def test_shapes(kind: Kind, tag: str) -> None:
    svg = shape(kind, Look(width=60, height=30, color="#ff0000", fill="#00ff00", stroke=3))
    (element,) = ElementTree.fromstring(svg)
    assert (element.tag, element.attrib["stroke"], element.attrib["stroke-width"]) == (tag, "#ff0000", "3")
    _, box = shown(svg)
    assert box is not None and box.right >= 60 and box.bottom >= 30


def test_a_picture_is_in_the_drawing() -> None:
    root = ElementTree.fromstring(picture("image/png", b"\x89PNG", Look()))
    (image,) = root
    assert image.attrib["{http://www.w3.org/1999/xlink}href"] == "data:image/png;base64,iVBORw=="
