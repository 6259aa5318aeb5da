"""Arrangements: no node covers another, the same lab is arranged alike, and large ones in reasonable time."""

import itertools

import pytest

from gns3trio.layout.arrange import LAYOUTS, Box, Layout, arranged
from tests.support.drawn import are_apart

Lab = tuple[int, list[tuple[int, int]]]

LAYOUT_NAMES: list[Layout] = list(LAYOUTS)


def tree(*widths: int) -> Lab:
    """A tree whose nodes have so many children, level by level."""
    links, level, count = [], [0], 1
    for width in widths:
        below = []
        for parent in level:
            for _ in range(width):
                links.append((parent, count))
                below.append(count)
                count += 1
        level = below
    return count, links


def ring(count: int) -> Lab:
    return count, [(node, (node + 1) % count) for node in range(count)]


def mesh(count: int) -> Lab:
    return count, list(itertools.combinations(range(count), 2))


def two_cores() -> Lab:
    """Two core switches, four access switches at both, five hosts at each."""
    links = [(0, 1), *((core, access) for core in (0, 1) for access in range(2, 6))]
    return 26, links + [(2 + host // 5, 6 + host) for host in range(20)]


LABS: dict[str, Lab] = {
    "nothing": (0, []),
    "one": (1, []),
    "two": (2, [(0, 1)]),
    "chain": (9, [(node, node + 1) for node in range(8)]),
    "no links": (37, []),
    "star": tree(50),
    "campus": tree(4, 5),
    "two cores": two_cores(),
    "ring": ring(12),
    "mesh": mesh(9),
    "parts": (30, [(0, 1), (1, 2), (5, 6), (6, 7), (7, 5), (10, 10), (0, 1)]),
}


def boxes(count: int) -> list[Box]:
    return [Box(0, 0, 60, 60) for _ in range(count)]


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
@pytest.mark.parametrize("name", LABS)
def test_no_node_covers_another_and_the_same_lab_is_arranged_alike(layout: Layout, name: str) -> None:
    count, links = LABS[name]
    places = arranged(layout, boxes(count), links)
    assert len(places) == count
    assert are_apart(places)
    assert places == arranged(layout, boxes(count), links)


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
def test_a_lab_stays_where_it_is_and_covers_none_that_stays(layout: Layout) -> None:
    there = [Box(1000 + 10 * number, -500, 60, 60) for number in range(5)]
    others = [(1000.0, -500.0), (1080.0, -400.0), (900.0, -620.0)]
    places = arranged(layout, there, [(0, each) for each in range(1, 5)], others)
    assert are_apart([*places, *((int(x), int(y)) for x, y in others)])
    assert all(abs(x - 1020) < 600 and abs(y + 500) < 600 for x, y in places)


def test_layers_are_the_distances_from_the_core() -> None:
    places = arranged("layered", boxes(25), tree(4, 5)[1])
    heights = [y for _, y in places]
    assert heights[0] < min(heights[1:5]) == max(heights[1:5]) < min(heights[5:])
    for switch in range(1, 5):  # each stands above the middle of its hosts
        across = [places[5 + 5 * (switch - 1) + host][0] for host in range(5)]
        assert min(across) < places[switch][0] < max(across)
    assert [places[switch][0] for switch in range(1, 5)] == sorted(places[switch][0] for switch in range(1, 5))


def test_two_switches_that_stand_in_for_each_other_are_both_the_core() -> None:
    places = arranged("layered", *_with_boxes(two_cores()))
    assert places[0][1] == places[1][1] < places[2][1] == places[5][1] < places[6][1]


def test_the_hub_of_a_star_is_in_the_middle_of_the_circle() -> None:
    places = arranged("circle", *_with_boxes(tree(12)))
    away = [((x - places[0][0]) ** 2 + (y - places[0][1]) ** 2) ** 0.5 for x, y in places[1:]]
    assert max(away) - min(away) < 30  # each is on a grid


def test_forces_keep_links_short() -> None:
    """Of a chain, a ring and a tree, whose links could all have the same length."""
    for lab in (LABS["chain"], LABS["ring"], LABS["campus"]):
        places = arranged("force", *_with_boxes(lab))
        lengths = [((places[a][0] - places[b][0]) ** 2 + (places[a][1] - places[b][1]) ** 2) ** 0.5 for a, b in lab[1]]
        assert max(lengths) < 5 * min(lengths)


def _with_boxes(lab: Lab) -> tuple[list[Box], list[tuple[int, int]]]:
    return boxes(lab[0]), lab[1]


@pytest.mark.parametrize("layout", LAYOUT_NAMES)
def test_a_large_lab_is_arranged_too(layout: Layout) -> None:
    count, links = tree(10, 10, 9)
    assert are_apart(arranged(layout, boxes(count), links))
