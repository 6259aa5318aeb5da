"""gns3-server 2.2 and this server are told the same story: statuses and keys agree, but for intended differences."""

import re
from typing import Any

import httpx

from tests.e2e.conftest import StartServer
from tests.peers.conftest import Controller
from tests.peers.scenario import Step, story

# The label of a step: GNS3's status, ours, and why ours is meant.
OTHER_STATUS: dict[str, tuple[int, int, str]] = {}
# Keys that only one of the two has, by label; and why.
OTHER_KEYS: dict[str, tuple[set[str], set[str], str]] = {}


def fill(value: Any, variables: dict[str, str]) -> Any:
    """A body or path with its variables; ``{{0}}`` stays ``{0}``."""
    if isinstance(value, dict):
        return {key: fill(each, variables) for key, each in value.items()}
    if isinstance(value, list):
        return [fill(each, variables) for each in value]
    if isinstance(value, str) and not value.startswith("<"):
        filled = re.sub(r"(?<!\{)\{(\w+)\}", lambda found: variables.get(found.group(1), found.group(0)), value)
        return filled.replace("{{", "{").replace("}}", "}")
    return value


def tell(http: httpx.Client, step: Step, variables: dict[str, str]) -> tuple[int, set[str]]:
    """Send the request of a step; the status, and the keys of what comes (of the first one in a list)."""
    path, body = fill(step.path, variables), fill(step.body, variables)
    content = {"content": body.encode()} if isinstance(body, str) else {"json": body} if body is not None else {}
    with http.stream(step.method, path, **content) as reply:
        is_json = reply.headers.get("content-type", "").startswith("application/json")
        shown = httpx.Response(200, content=reply.read()).json() if is_json else None
    if isinstance(shown, dict):
        variables.update({name: str(shown[key]) for name, key in step.keep.items() if key in shown})
    first = shown[0] if isinstance(shown, list) and shown else shown
    keys = set(first) if isinstance(first, dict) and reply.is_success else set()
    return reply.status_code, keys


def test_the_same_story(gns3_controller: Controller, start_server: StartServer) -> None:
    theirs: dict[str, str] = {}
    ours: dict[str, str] = {}
    differences: list[str] = []
    steps = list(story())
    assert len(steps) >= 150
    assert len({step.label for step in steps}) == len(steps)
    with httpx.Client(base_url=start_server().url, timeout=30) as http:
        for step in steps:
            reference, answer = tell(gns3_controller.http, step, theirs), tell(http, step, ours)
            expected = OTHER_STATUS.get(step.label, (reference[0], reference[0], ""))
            if (reference[0], answer[0]) != expected[:2]:
                differences.append(f"{step.label}: GNS3 {reference[0]}, ours {answer[0]}, expected {expected[:2]}")
            only_theirs, only_ours, _ = OTHER_KEYS.get(step.label, (set(), set(), ""))
            if reference[0] == answer[0] and (reference[1] - answer[1], answer[1] - reference[1]) != (
                only_theirs,
                only_ours,
            ):
                differences.append(
                    f"{step.label}: only GNS3 {sorted(reference[1] - answer[1])}, only ours {sorted(answer[1] - reference[1])}"
                )
    assert not differences, "\n".join(differences)
