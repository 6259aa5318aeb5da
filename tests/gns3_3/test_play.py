"""The words of the story: variables, places in replies, and what is taken down of a reply."""

from collections import Counter

import pytest

from tests.gns3_3.compare import differences
from tests.gns3_3.play import Answer, fill, find, keys_of
from tests.gns3_3.recording import read_recording
from tests.gns3_3.steps import ADMIN, NOBODY, WORKER
from tests.gns3_3.story import story


def test_the_recording_is_of_this_story() -> None:
    steps = list(story())
    assert list(read_recording()) == [step.name for step in steps]
    by = Counter(step.by for step in steps)
    assert all(by[user] >= 100 for user in (ADMIN, WORKER, NOBODY))


def test_variables_are_filled_in() -> None:
    variables = {"id": "abc", "port": 5, "whole": {"x": None}}
    body = {
        "a": "{id}",
        "b": ["/p/{id}/q", "{port}"],
        "c": "{whole}",
        "d": "X{{0}}",
        "e": "{unknown}",
        "f": "<g>{id}</g>",
    }
    assert fill(body, variables) == {
        "a": "abc",
        "b": ["/p/abc/q", 5],
        "c": {"x": None},
        "d": "X{0}",
        "e": "{unknown}",
        "f": "<g>{id}</g>",
    }


@pytest.mark.parametrize(
    ("place", "found"),
    [("name=b/id", 2), ("name=c/id", None), ("name=a/of/x", 1), ("name=b/of/x", None), (".", ...)],
)
def test_a_place_in_a_reply(place: str, found: object) -> None:
    reply = [{"name": "a", "id": 1, "of": {"x": 1}}, {"name": "b", "id": 2}]
    assert find(reply, place) == (reply if found is ... else found)


def test_keys_are_those_of_all_items() -> None:
    assert set(keys_of([{"a": 1}, {"b": [{"c": 1}, {"d": {}}]}])) == {"[].a", "[].b", "[].b[].c", "[].b[].d"}
    assert set(keys_of({"a": {"b": None}})) == {"a", "a.b"}
    assert set(keys_of([])) == set(keys_of("text")) == set()


def test_differences_are_told() -> None:
    theirs = Answer(200, "application/json", frozenset({"a", "b"}), {"allow": "GET"})
    assert differences(theirs, theirs) == set()
    assert differences(theirs, Answer(404, "text/plain")) == {"200, here 404"}
    ours = Answer(200, "text/html", frozenset({"b", "c"}), {}, 1000)
    assert differences(theirs, ours) == {
        "application/json, here text/html",
        "no a",
        "also c",
        "allow: GET, here None",
        "closed by None, here 1000",
    }
