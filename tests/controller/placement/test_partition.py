"""The division of a lab among hosts: linked nodes together, the load even, always the same."""

from collections import Counter
from itertools import pairwise

import pytest

from gns3trio.controller.placement.partition import Host, Wanted, partition


def hosts(*used: float, memory: float = 1000.0) -> list[Host]:
    return [Host(f"H{index}", memory=memory, used=each) for index, each in enumerate(used)]


def ids(chosen: list[Host]) -> list[str]:
    return [host.compute_id for host in chosen]


def cut(chosen: list[Host], links: list[tuple[int, int]]) -> int:
    """How many links lead from host to host."""
    return sum(chosen[first] is not chosen[second] for first, second in links)


def test_single_nodes_are_spread_evenly_and_begin_with_the_first_host() -> None:
    there = hosts(0, 0, 0)
    assert ids(partition([Wanted(1, there)] * 7, [], there)) == ["H0", "H1", "H2", "H0", "H1", "H2", "H0"]


def test_a_host_that_is_clearly_less_loaded_is_chosen() -> None:
    there = hosts(600, 100)
    assert ids(partition([Wanted(1, there)] * 3, [], there)) == ["H1"] * 3
    busy, idle = Host("busy", cpu=95, memory=1000), Host("idle", cpu=5, memory=1000, used=500)
    assert ids(partition([Wanted(1, [busy, idle])], [], [busy, idle])) == ["idle"]


def test_so_many_light_nodes_do_not_all_go_to_the_less_loaded_host() -> None:
    there = [Host("A", cpu=10, memory=1e6), Host("B", cpu=40, memory=1e6)]
    found = Counter(ids(partition([Wanted(1, there)] * 400, [], there)))
    assert found["A"] > found["B"] > 100


def test_heavy_nodes_fill_a_host_before_they_go_to_the_next() -> None:
    there = hosts(0, 600)
    assert ids(partition([Wanted(250, there)] * 4, [], there)) == ["H0", "H0", "H0", "H1"]


def test_a_connected_part_stays_together() -> None:
    there = hosts(0, 0)
    links = [(0, 1), (1, 2), (3, 4)]
    chosen = ids(partition([Wanted(1, there)] * 5, links, there))
    assert chosen == ["H0", "H0", "H0", "H1", "H1"]


def test_a_node_goes_to_those_it_is_linked_to() -> None:
    there = hosts(0, 300, 0)
    assert ids(partition([Wanted(1, there, beside=[there[1]])], [], there)) == ["H1"]
    full = hosts(0, 899, 0)
    assert ids(partition([Wanted(50, full, beside=[full[1]])], [], full)) == ["H0"]


def test_a_part_that_fits_nowhere_is_cut_in_few_places() -> None:
    there = hosts(0, 0, 0)
    chain = list(pairwise(range(20)))
    chosen = partition([Wanted(100, there)] * 20, chain, there)
    assert Counter(ids(chosen)) == {"H0": 9, "H1": 9, "H2": 2}
    assert cut(chosen, chain) <= 3


def test_a_type_that_one_host_alone_offers_divides_a_part() -> None:
    near, far = there = hosts(0, 0)
    nodes = [Wanted(1, there), Wanted(1, [far]), Wanted(1, there)]
    chosen = partition(nodes, [(0, 1), (1, 2)], there)
    assert chosen[1] is far and chosen[0] is chosen[2]
    assert ids(partition([Wanted(1, [near]), Wanted(1, [far])], [(0, 1)], there)) == ["H0", "H1"]


def test_where_nothing_has_room_nodes_run_all_the_same_and_together() -> None:
    there = hosts(950, 940)
    chosen = partition([Wanted(10, there)] * 4, [(0, 1), (1, 2), (2, 3)], there)
    assert len({host.compute_id for host in chosen}) == 1
    unknown = [Host("A"), Host("B")]
    assert len(partition([Wanted(10, unknown)] * 4, [], unknown)) == 4


class Offering(list[Host]):
    """The hosts that offer a type, which count how often they are looked at."""

    looked = 0

    def __contains__(self, host: object) -> bool:
        type(self).looked += 1
        return super().__contains__(host)


@pytest.mark.parametrize("memory", [1e6, 9000.0])
def test_each_node_is_looked_at_a_few_times_for_each_host(memory: float) -> None:
    """Also if the lab fits on no host."""
    there, count = hosts(0, 0, 0, 0, memory=memory), 5000
    Offering.looked = 0
    links = [(index, index // 20) for index in range(1, count)]
    chosen = partition([Wanted(4, Offering(there))] * count, links, there)
    assert len(chosen) == count and Offering.looked <= 3 * count * len(there)
    assert len(set(ids(chosen))) == (1 if memory == 1e6 else 3)
