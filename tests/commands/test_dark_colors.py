"""Colors of drawings on dark paper."""

import pytest

from gns3trio.commands.dark_colors import dark_rules, luminance, on_dark, read_color

COLORS = ["#ffffff", "#000000", "#eef4fb", "#ffff00", "#00ff00", "#0000ff", "#5a6472", "#aa55ff", "#808080", "#fff"]


def contrast(a: str | None, b: str | None) -> float:
    found = [read_color(color) for color in (a, b) if color is not None]
    low, high = sorted(luminance(parts) for parts in found if parts is not None)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("color", COLORS)
def test_texts_can_be_read_on_every_area_and_lines_are_seen(color: str) -> None:
    assert contrast(on_dark(color, "area"), "#e7ebef") >= 4.5
    assert contrast(on_dark(color, "line"), "#14181d") >= 3


def test_what_suits_dark_paper_stays_and_what_is_no_color_is_left_alone() -> None:
    assert on_dark("#2a1a1a", "area") == "#2a1a1a"
    assert on_dark("#ffcc88", "line") == "#ffcc88"
    for color in ("", "url(#a)", "#12", "#12345", "red; }", "rgb(1,2,3)", "none"):
        assert on_dark(color, "area") is None
    assert on_dark(" WHITE ", "area") == on_dark("#fff", "area")


def test_a_drawing_has_a_rule_for_each_of_its_colors_and_none_of_its_author() -> None:
    rules = dark_rules(
        '<svg><rect fill="#eef4fb" stroke="#000000"/><text fill="#000">a</text><rect fill="&quot;]{}"/></svg>'
    )
    assert rules.count("}") == 5
    assert ':is(rect,ellipse,path)[fill="#eef4fb"]{fill:#' in rules
    assert 'text[fill="#000"]{fill:#' in rules
    assert '[stroke="#000000"]{stroke:#' in rules
    assert "quot" not in rules
    many = "".join(f'<rect fill="#{number:06x}"/>' for number in range(1000))
    assert dark_rules(f"<svg>{many}</svg>").count("}") == 200
