"""Free places in the drawing for new nodes."""

from gns3trio.layout.free_places import COLUMN, ROW, FreePlaces, free_place


def test_the_first_node_is_in_the_middle() -> None:
    assert free_place([]) == (0, 0)
    assert free_place([(-150, 0), (150, 0)]) == (0, 0)


def test_nodes_cover_each_other_nowhere() -> None:
    nodes: list[tuple[float, float]] = [(40, -30), (-75.5, 12)]
    for _ in range(300):
        x, y = free_place(nodes)
        assert all(abs(x - other) >= COLUMN or abs(y - down) >= ROW for other, down in nodes)
        nodes.append((x, y))
    assert max(abs(x) for x, _ in nodes) < 12 * COLUMN  # and they stay near


def test_many_nodes_find_places_near_a_point_and_near_others() -> None:
    places = FreePlaces([(1000, 1000)])
    near = [places.near(1000, 1000) for _ in range(9)]
    assert len({(1000, 1000), *near}) == 10
    assert all(abs(x - 1000) <= 3 * COLUMN and abs(y - 1000) <= 3 * ROW for x, y in near)
    assert places.near() == (0, 0)
    assert places.near() != (0, 0)
