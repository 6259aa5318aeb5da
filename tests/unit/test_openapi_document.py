"""What linters of OpenAPI ask for, such as Redocly's."""

import itertools
from typing import Any

from gns3trio.api.app import TABLES
from gns3trio.api.openapi import describe_api
from gns3trio.api.openapi_tags import TAGS

DOCUMENT = describe_api(TABLES)
OPERATIONS: list[dict[str, Any]] = [each for path in DOCUMENT["paths"].values() for each in path.values()]
# Both are GNS3's: a file named "nodes", and the nodes of a type named "files", which there is not.
OF_GNS3 = {
    (f"/{version}/compute/projects/{{project_id}}/files/{{path}}", f"/{version}/compute/projects/{{project_id}}/{rest}")
    for version in ("v2", "v3")
    for rest in ("{node_type}/nodes",)
}


def may_be_the_same(one: str, other: str) -> bool:
    """Whether some path fits both, and neither says more than the other."""
    pairs = list(itertools.zip_longest(one.split("/"), other.split("/"), fillvalue=""))
    is_open = [(a.startswith("{"), b.startswith("{")) for a, b in pairs]
    fits = all(a == b or any(opened) for (a, b), opened in zip(pairs, is_open, strict=True))
    same = len(one.split("/")) == len(other.split("/"))
    says_more = {a - b for a, b in is_open}
    return same and fits and not (says_more == {0, 1} or says_more == {0, -1})


def test_no_two_paths_mean_the_same() -> None:
    found = {pair for pair in itertools.combinations(DOCUMENT["paths"], 2) if may_be_the_same(*pair)}
    assert {tuple(sorted(pair)) for pair in found} == {tuple(sorted(pair)) for pair in OF_GNS3}
    assert may_be_the_same("/a/{x}", "/a/{y}") and not may_be_the_same("/a/{x}", "/a/b")


def test_operations_are_in_few_groups_which_are_described() -> None:
    tags = {tag["name"]: tag["description"] for tag in DOCUMENT["tags"]}
    assert {name for each in OPERATIONS for name in each["tags"]} == tags.keys() == {tag.name for tag in TAGS}
    assert len(tags) < 20
    assert all(text.endswith(".") for text in tags.values())


def test_each_operation_says_what_it_does_and_what_can_go_wrong() -> None:
    for each in OPERATIONS:
        assert each["summary"] and each["operationId"]
        assert any(status.startswith("4") for status in each["responses"])
        assert any(status.startswith(("2", "3")) for status in each["responses"])


def test_sizes_are_told_in_their_units() -> None:
    text = DOCUMENT["info"]["description"]
    assert "256 GiB" in text and "16 MiB" in text and "64 MiB" in text
