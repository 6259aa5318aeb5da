"""gns3-server 2.2 and this server are told the same story: statuses and keys agree, but for intended differences."""

import re
import socket
import time
from typing import Any

import httpx

from tests.e2e.conftest import PATIENCE, StartServer
from tests.peers.conftest import Controller
from tests.peers.scenario import Step, story

# The label of a step: GNS3's status, ours, and why ours is meant.
_NO_TRACE = "a wrong request is told as such"
_EMULATOR = "the emulator that would be needed is named"
OTHER_STATUS: dict[str, tuple[int, int, str]] = {
    "create project with a slash": (500, 409, _NO_TRACE),
    "create link of nothing": (500, 400, _NO_TRACE),
    "filter of null": (500, 400, _NO_TRACE),
    "create nat template": (500, 400, _NO_TRACE),
    "export with a strange compression": (500, 400, _NO_TRACE),
    "create link of one": (201, 400, "half a link cannot be completed later, so it is of no use"),
    "resize a disk": (404, 409, _EMULATOR),
    "idle-pc": (404, 409, _EMULATOR),
    "node from built-in template on no compute": (404, 201, "the least loaded compute is taken"),
    "rename the node with a script": (400, 200, "the script is a file of the node, not a property that comes back"),
}
# Keys that only one of the two has, by label; and why.
_TEMPORARY = (set[str](), {"temporary"}, "a key of the API before 2.0, which the document shows")
OTHER_KEYS: dict[str, tuple[set[str], set[str], str]] = {
    "version": (set(), {"gns3trio_version"}, "our own version, beside that of GNS3"),
    "set gns3vm": (
        set(),
        {"allocate_vcpus_ram", "engine", "headless", "port", "vcpus", "vmname", "when_exit"},
        "the reply shows all settings",
    ),
    **dict.fromkeys(
        (
            *("create project", "create project with a known id", "projects", "project", "change project"),
            *("rename project", "set variables", "restore snapshot", "duplicate project"),
            *("open project", "open project again"),
        ),
        _TEMPORARY,
    ),
}


def fill(value: Any, variables: dict[str, str]) -> Any:
    """A body or path with its variables, numbers as such where they are alone; ``{{0}}`` stays ``{0}``."""
    if isinstance(value, dict):
        return {key: fill(each, variables) for key, each in value.items()}
    if isinstance(value, list):
        return [fill(each, variables) for each in value]
    if isinstance(value, str) and (alone := re.fullmatch(r"\{(\w+)\}", value)):
        known = variables.get(alone.group(1), value)
        return int(known) if known.isdecimal() else known
    if isinstance(value, str) and not value.startswith("<"):
        filled = re.sub(r"(?<!\{)\{(\w+)\}", lambda found: variables.get(found.group(1), found.group(0)), value)
        return filled.replace("{{", "{").replace("}}", "}")
    return value


def tell(http: httpx.Client, step: Step, variables: dict[str, str]) -> tuple[int, set[str]]:
    """Send the request of a step; the status, and the keys of what comes (of the first one in a list)."""
    path, body = fill(step.path, variables), fill(step.body, variables)
    if step.method == "TELNET":
        return read_prompt(int(path)), set()
    deadline = time.monotonic() + PATIENCE
    while True:
        status, shown = ask(http, step.method, path, body)
        if not step.becomes or (isinstance(shown, dict) and step.becomes.items() <= shown.items()):
            break
        assert time.monotonic() < deadline, f"{step.label}: {status} {shown}"
        time.sleep(0.02)
    if isinstance(shown, dict):
        variables.update({name: str(shown[key]) for name, key in step.keep.items() if key in shown})
    first = shown[0] if isinstance(shown, list) and shown else shown
    return status, set(first) if isinstance(first, dict) and httpx.codes.is_success(status) else set()


def read_prompt(port: int) -> int:
    """Connect to a console and read until VPCS asks for a command."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as console:
        seen = b""
        while b"> " not in seen:
            data = console.recv(4096)
            assert data, seen
            seen += data
    return 0


def ask(http: httpx.Client, method: str, path: str, body: Any) -> tuple[int, Any]:
    """Send a request; the status, and the JSON of the reply, if it has any."""
    content = {"content": body.encode()} if isinstance(body, str) else {"json": body} if body is not None else {}
    with http.stream(method, path, **content) as reply:
        is_json = reply.headers.get("content-type", "").startswith("application/json")
        return reply.status_code, httpx.Response(200, content=reply.read()).json() if is_json else None


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
            missing, more = reference[1] - answer[1], answer[1] - reference[1]
            if reference[0] == answer[0] and (missing, more) != (only_theirs, only_ours):
                differences.append(f"{step.label}: only GNS3 {sorted(missing)}, only ours {sorted(more)}")
    assert not differences, "\n".join(differences)
