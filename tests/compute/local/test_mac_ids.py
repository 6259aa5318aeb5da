"""What MAC addresses are made of: unique on the server as far as that goes."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gns3trio.compute.local.mac_ids import MacIds
from gns3trio.errors import Conflict

A, B, C = UUID(int=1), UUID(int=2), UUID(int=3)


def test_no_two_projects_have_the_same() -> None:
    ids = MacIds(8, "VPCS")
    assert [ids.lease(project) for project in (A, A, B, C, B)] == [0, 1, 2, 3, 4]


def test_one_that_was_used_comes_last() -> None:
    ids = MacIds(3, "VPCS")
    assert [ids.lease(A), ids.lease(A)] == [0, 1]
    ids.release(A, 1)
    ids.release(A, 0)
    assert [ids.lease(B) for _ in range(3)] == [2, 0, 1]


def test_a_project_comes_back_with_its_own() -> None:
    ids = MacIds(8, "VPCS")
    ids.reserve(A, [0, 5])
    assert ids.lease(A) == 1  # a node that had none does not take its sibling's
    assert [ids.lease(A, 5), ids.lease(A, 0)] == [5, 0]


def test_what_another_project_has_is_not_given_again() -> None:
    ids = MacIds(8, "VPCS")
    ids.lease(A, 3)
    ids.reserve(B, [3, 4])
    assert [ids.lease(C, 4), ids.lease(B, 3), ids.lease(B, 4)] == [0, 1, 4]


def test_one_number_for_two_nodes_of_a_file_and_numbers_that_are_none() -> None:
    ids = MacIds(4, "VPCS")
    ids.reserve(A, [2, 2, -1, 4, 10**20])
    assert [ids.lease(A, number) for number in (2, 2, -1, 4)] == [2, 0, 1, 3]


def test_more_than_there_are_differ_in_their_project() -> None:
    ids = MacIds(3, "VPCS")
    assert {ids.lease(A) for _ in range(2)} == {0, 1}
    assert [ids.lease(B) for _ in range(3)] == [2, 0, 1]
    with pytest.raises(Conflict, match="3 VPCS"):
        ids.lease(B)


def test_what_was_reserved_is_free_when_the_project_is_closed() -> None:
    ids = MacIds(2, "VPCS")
    ids.reserve(A, [0, 1])
    ids.release_project(A)
    assert [ids.lease(B, 0), ids.lease(B, 1)] == [0, 1]


@given(st.lists(st.tuples(st.sampled_from([A, B, C]), st.one_of(st.none(), st.integers(-2, 12)), st.booleans())))
def test_numbers_are_unique_as_long_as_there_are_enough(steps: list[tuple[UUID, int | None, bool]]) -> None:
    ids = MacIds(10, "VPCS")
    held: list[tuple[UUID, int]] = []
    for project, wanted, gives_back in steps:
        if gives_back and held:
            ids.release(*held.pop(0))
        elif sum(holder == project for holder, _ in held) < 10:
            before = len({number for _, number in held})
            held.append((project, ids.lease(project, wanted)))
            assert 0 <= held[-1][1] < 10
            assert len({number for _, number in held}) == min(before + 1, 10)
    assert len(set(held)) == len(held)
