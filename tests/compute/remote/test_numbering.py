"""MAC addresses of VPCS on other hosts: none that a node elsewhere has, and the same again after a restart."""

from uuid import uuid4

import pytest

from gns3trio.compute.remote.numbering import Numbers
from gns3trio.errors import Conflict


async def numbers_of(numbers: Numbers, *wanted: int | None) -> list[int]:
    """The numbers that nodes get one after the other."""
    got = []

    async def fill() -> None:
        pass

    for each in wanted:
        number = await numbers.skip(each, fill)
        assert number is not None
        numbers.used[number] = uuid4()
        got.append(number)
    return got


async def test_numbers_of_nodes_elsewhere_are_left_out() -> None:
    assert await numbers_of(Numbers(), None, None) == [0, 1]
    assert await numbers_of(Numbers(reserved={0, 1, 3}), None, None, None) == [2, 4, 5]


async def test_a_node_gets_the_number_that_it_had() -> None:
    assert await numbers_of(Numbers(reserved={2, 4}), 2, 4, None) == [2, 4, 5]
    assert await numbers_of(Numbers(), 3, 1) == [3, 4]  # its own was taken by one that nobody sees


async def test_a_number_is_free_again_with_its_node() -> None:
    numbers = Numbers(reserved={0})
    await numbers_of(numbers, None, None)
    node_id = numbers.used[1]
    assert node_id is not None
    numbers.forget(node_id)
    assert numbers.next() == 1


@pytest.mark.parametrize("most", [254, 255])
async def test_it_does_not_go_on_for_ever(most: int) -> None:
    asked = 0

    async def fill() -> None:
        nonlocal asked
        asked += 1

    assert await Numbers(reserved=set(range(most))).skip(None, fill) is not None
    assert asked < 100


async def test_a_compute_that_takes_no_more() -> None:
    async def fill() -> None:
        raise Conflict("no")

    assert await Numbers(reserved={0}).skip(None, fill) == 0


async def test_a_number_that_is_too_far_away_costs_nothing() -> None:
    assert await numbers_of(Numbers(), 254, 70_000, 2) == [0, 1, 2]
