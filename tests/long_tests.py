"""Tests that take long, the longest first. They begin first, so that at the end the other processes of a parallel run
do not wait for one of them.

Most of them wait, for VPCS or for time to pass. So every second process begins with them, and the others compute
meanwhile.
"""

from collections.abc import Sequence

import pytest

# Beginnings of names of tests.
LONG_TESTS = (
    "tests/docs/test_documents.py::test_what_a_document_shows_is_what_happens[docs/how-to/teach-a-class.md]",
    "tests/hosts/test_hosts.py::test_on_hosts",
    "tests/e2e/test_soak.py::test_everything_comes_back",
    "tests/api/test_stopped_compute.py::test_what_",
    "tests/compute/test_cloud.py::test_real_devices",
    "tests/e2e/test_openapi.py::test_every_operation",
    "tests/e2e/test_openapi.py::test_operations_on_a_lab",
    "tests/e2e/test_server.py::test_five_hundred_watchers_miss_nothing",
    "tests/docs/test_documents.py::test_what_a_document_shows_is_what_happens[docs/tutorial.md]",
    "tests/e2e/test_session.py::test_the_session_passes_twice",
    "tests/native/test_pc_and_dnsmasq.py::test_real_dnsmasq",
    "tests/compute/test_pc_recording.py::test_each_answer",
    "tests/e2e/test_thirty_users.py::test_thirty_users",
    "tests/e2e/test_node_moves.py::test_a_server_that_is_killed",
    "tests/native/test_pc_and_linux.py::test_real_linux",
    "tests/docs/test_ospf.py::test_what_the_page_of_routers",
    "tests/docs/test_documents.py::test_what_a_document_shows_is_what_happens[docs/how-to/send-traffic.md]",
    "tests/api/test_links.py::test_filters_suspension_and_impairments",
    "tests/api/test_far_links.py::test_impairments_wherever_the_ends_are",
    "tests/e2e/test_full_project.py::test_a_full_project",
)


def begin_with_long_tests(items: Sequence[pytest.Item], processes: int) -> list[pytest.Item]:
    """The tests in another order, of which each process gets a part: as many as the others, one after the other."""
    ranks = {item: rank for item in items if (rank := _rank(item.nodeid)) is not None}
    long = sorted(ranks, key=ranks.__getitem__)
    others = [item for item in items if item not in ranks]
    beginning = (processes + 1) // 2
    ordered: list[pytest.Item] = []
    for process in range(processes):
        size = (len(items) - len(ordered)) // (processes - process)
        begin = long[process // 2 :: beginning][:size] if process % 2 == 0 else []
        ordered += begin + others[: size - len(begin)]
        others = others[size - len(begin) :]
    done = set(ordered)
    return ordered + [item for item in items if item not in done]


def _rank(name: str) -> int | None:
    return next((rank for rank, beginning in enumerate(LONG_TESTS) if name.startswith(beginning)), None)
