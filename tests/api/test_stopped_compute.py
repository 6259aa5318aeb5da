"""Every operation of the API while a compute is stopped, as by SIGSTOP: it accepts connections and never answers."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import attrs
import pytest
import trio
import trio.testing
from trio_websocket import ConnectionClosed

from gns3trio.api import server_values
from gns3trio.compute.remote import connection
from gns3trio.config import Config
from tests.support.described import DOCUMENT
from tests.support.far_server import far_server
from tests.support.pings import until
from tests.support.server import Server
from tests.support.stopped_server import Way, way_to
from tests.support.websockets import console, read_until

Json = dict[str, Any]
PATIENCE = 60
# The compute says something every second.
SILENCE_SECONDS = 4.0
NEVER = 1e9
LABS_AT_ONCE = 32


@attrs.frozen
class Project:
    """An open project with groups of PCs on two computes; the first two of a group are linked, and captured."""

    project_id: str
    drawing_id: str
    snapshot_id: str
    template_id: str
    groups: dict[str, dict[str, str]]  # by the names of parameters; ``spare_a`` and ``spare_b`` are not linked


async def make(server: Server, groups: dict[str, tuple[str, str]], template_id: str, *, snapshot: bool) -> Project:
    """A project with PCs on these computes."""
    name = str(uuid4())
    project = await server.request("POST", "/v2/projects", {"name": name, "auto_close": False}, 201)
    path = f"/v2/projects/{project['project_id']}"
    nodes: list[Json] = []
    links: list[Json] = []
    ids: dict[str, dict[str, str]] = {}
    for group, computes in groups.items():
        made = [str(uuid4()) for _ in range(4)]
        for node_id, compute in zip(made, (*computes, *computes), strict=True):
            nodes.append({"name": "PC{0}", "node_type": "vpcs", "compute_id": compute, "node_id": node_id})
        links.append({"nodes": ends(*made[:2]), "link_id": str(uuid4())})
        named = dict(zip(("node_id", "other", "spare_a", "spare_b"), made, strict=True))
        ids[group] = {**named, "vm_id": made[0], "link_id": links[-1]["link_id"]}
    drawing = {"svg": "<svg></svg>", "drawing_id": str(uuid4())}
    await server.request("POST", f"{path}/batch", {"nodes": nodes, "links": links, "drawings": [drawing]}, 201)
    for each in ids.values():
        capture = await server.request("POST", f"{path}/links/{each['link_id']}/captures", {"format": "pcap"}, 201)
        each["capture_id"] = capture["capture_id"]
    taken = await server.request("POST", f"{path}/snapshots", {"name": "now"}, 201) if snapshot else {}
    snapshot_id = taken.get("snapshot_id", str(uuid4()))
    return Project(project["project_id"], drawing["drawing_id"], snapshot_id, template_id, ids)


def ends(*node_ids: str) -> list[Json]:
    """The ends of a link of PCs."""
    return [{"node_id": each, "adapter_number": 0, "port_number": 0} for each in node_ids]


@attrs.frozen
class Case:
    """A request to an operation: with the ids of a group of PCs, below a project that has nodes on the stopped compute
    or none.
    """

    method: str
    template: str
    group: str
    is_both: bool

    def __str__(self) -> str:
        return (
            f"{self.method} {self.template} ({'a project on both' if self.is_both else 'a project here'}, {self.group})"
        )

    @property
    def is_about_compute(self) -> bool:
        """Whether it may wait for the compute."""
        return self.group != "near"

    @property
    def is_about_project(self) -> bool:
        """Whether it may change the project, which is its own then."""
        return "{project_id}" in self.template


OPERATIONS = [
    (method.upper(), template)
    for template, operations in DOCUMENT["paths"].items()
    for method in operations
    if template not in ("/v2/shutdown", "/v2/reload")
]
WITHOUT_STARTED_NODES = ("/start", "/engine", "/topology", "/open", "/recover")
OF_CLOSED_PROJECTS = ("/open", "/recover")
ENDS = ("/{node_id}", "/{vm_id}", "/{link_id}")  # of objects that other operations need
# What a project does with all its nodes, or needs of them.
OF_ALL_NODES = re.compile(
    r"(POST|PUT|GET|DELETE) /v[12]/projects/\{project_id\}"
    r"(/nodes/(start|stop|suspend|reload|console/reset)|/open|/close|/topology|/duplicate|/recover|/export"
    r"|/snapshots/\{snapshot_id\}/restore)"
    r"|DELETE /v[12]/projects/\{project_id\}"
)
# A change of a whole project comes after the one before.
WHOLE_CHANGES = re.compile(r"/v2/projects/\{project_id\}/batch")
# These measure for seconds, and have tests of their own.
MEASURES = re.compile(r".*/benchmark")
# These remove the compute, or change the way to it.
ABOUT_COMPUTES = re.compile(r"(PUT|DELETE) /v2/computes/\{compute_id\}")


def cases() -> Iterator[Case]:
    """Each operation once for each kind of object that it may be about."""
    for method, template in OPERATIONS:
        operation = f"{method} {template}"
        if MEASURES.fullmatch(operation) or ABOUT_COMPUTES.fullmatch(operation):
            continue
        yield Case(method, template, "near", False)
        of_controller = template.startswith(("/v1/projects/{", "/v2/projects/{"))
        if "{compute_id}" in template and "endpoint" not in template:
            yield Case(method, template, "far", True)
        if of_controller and OF_ALL_NODES.fullmatch(operation):
            yield Case(method, template, "far", True)
        elif of_controller:
            yield Case(method, template, "near", True)
            yield Case(method, template, "far", True)
            if "{link_id}" in template:
                yield Case(method, template, "across", True)


def body_of(case: Case, project: Project) -> Any:
    """The body of the request."""
    compute = "far" if case.is_about_compute else "local"
    node = {"name": "New", "node_type": "vpcs", "compute_id": compute}
    spare = project.groups[case.group]
    link = {"nodes": ends(spare["spare_a"], spare["spare_b"])}
    bodies: dict[tuple[str, str], Any] = {
        ("POST", "/v2/version"): {"version": "2.2.61"},
        ("POST", "/v2/projects"): {"name": str(uuid4())},
        ("POST", "/v2/computes"): {"protocol": "http", "host": "127.0.0.1", "port": 1, "compute_id": str(uuid4())},
        ("PUT", "/v2/projects/{project_id}"): {"grid_size": 50},
        ("POST", "/v2/projects/{project_id}/duplicate"): {"name": str(uuid4())},
        ("POST", "/v2/projects/{project_id}/snapshots"): {"name": "then"},
        ("POST", "/v2/projects/{project_id}/drawings"): {"svg": "<svg></svg>"},
        ("POST", "/v2/projects/{project_id}/batch"): {"nodes": [node], "start": True},
        ("PUT", "/v2/projects/{project_id}/topology"): {"nodes": {"PC1": {"node_type": "vpcs"}}},
        ("POST", "/v2/projects/{project_id}/nodes"): node,
        ("POST", "/v2/projects/{project_id}/vms"): {"name": "New", "vm_type": "vpcs", "compute_id": compute},
        ("PUT", "/v2/projects/{project_id}/nodes/{node_id}"): {"name": "Renamed"},
        ("PUT", "/v2/projects/{project_id}/vms/{vm_id}"): {"name": "Renamed"},
        ("PUT", "/v2/projects/{project_id}/nodes/{node_id}/engine"): {"engine": "builtin"},
        ("POST", "/v2/projects/{project_id}/nodes/{node_id}/duplicate"): {"x": 0, "y": 0},
        ("POST", "/v2/projects/{project_id}/links"): link,
        ("PUT", "/v2/projects/{project_id}/links/{link_id}"): {"filters": {"packet_loss": [10]}, "suspend": True},
        ("PUT", "/v2/projects/{project_id}/links/{link_id}/impairments"): {
            "impairments": [{"type": "loss", "percent": 10}]
        },
        ("POST", "/v2/projects/{project_id}/templates/{template_id}"): {"x": 0, "y": 0},
        ("PUT", "/v2/templates/{template_id}"): {"name": str(uuid4())},
        ("POST", "/v2/templates"): {"name": str(uuid4()), "template_type": "vpcs", "compute_id": compute},
        ("POST", "/v1/projects/{project_id}/vpcs/vms"): {"name": "New"},
    }
    if case.method not in ("POST", "PUT"):
        return None
    return bodies.get((case.method, case.template), {})


def path_of(case: Case, project: Project) -> str:
    """The path of the request. A parameter that is not known here is the id of something that is not there."""
    parameters = {
        "project_id": project.project_id,
        "drawing_id": project.drawing_id,
        "snapshot_id": project.snapshot_id,
        "template_id": project.template_id,
        "compute_id": "far" if case.is_about_compute else "local",
        "emulator": "qemu",
        "action": "images",
        "node_type": "vpcs",
        "adapter_number": "0",
        "port_number": "0",
        "path": "notes.txt",
        "filename": "notes.txt",
        "symbol_id": ":/symbols/computer.svg",
        "engine": "vmware",
        **project.groups[case.group],
    }
    return re.sub(r"\{(\w+)\}", lambda found: parameters.get(found[1], str(uuid4())), case.template)


@pytest.fixture
def config(config: Config) -> Config:
    return attrs.evolve(config, vpcs_engine="builtin")


class Listening(connection.Pace):
    """Counts how often a connection began to wait for what its compute says, for SILENCE_SECONDS at most."""

    turns = 0

    async def wait(self) -> None:
        await super().wait()
        Listening.turns += 1


@pytest.fixture
async def way(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Way]:
    """The way to a compute that is registered."""
    monkeypatch.setattr(connection, "SILENCE_SECONDS", NEVER)  # nobody notices, so what waits for it gets no answer
    monkeypatch.setattr(connection, "Pace", Listening)
    monkeypatch.setattr(connection, "FIRST_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(connection, "LONGEST_PAUSE_SECONDS", 0.1)
    async with far_server(tmp_path / "far", vpcs_engine="builtin") as far, way_to(far.config.port) as way:
        compute = await server.request("POST", "/v2/computes", {**far.address, "port": way.port}, 201)
        assert compute["connected"], compute
        yield way
        way.go_on()


@attrs.frozen
class Answer:
    """What a request got: of a stream, only that it began."""

    status: int
    message: str


async def ask(server: Server, case: Case, project: Project) -> Answer:
    """Send the request of a case."""
    async with server.http.stream(
        case.method, path_of(case, project), json=body_of(case, project), timeout=2 * PATIENCE
    ) as reply:
        message = ""
        if reply.is_error:
            await reply.aread()
            message = reply.json().get("message", "") if reply.content.startswith(b"{") else reply.text
        elif reply.headers.get("content-type") == "application/json" and "notifications" not in case.template:
            await reply.aread()
    return Answer(reply.status_code, message)


async def ask_all(
    server: Server, way: Way, chosen: list[Case], *, stopped: bool = True, silence: float = NEVER
) -> dict[Case, Answer]:
    """The answers, from labs that were made before the compute was stopped: each from its own, if it is about one. The
    compute counts as away when it was silent for so many seconds.
    """
    answers: dict[Case, Answer] = {}
    projects: dict[Case, Project] = {}
    templates: dict[str, str] = {}
    for compute in ("local", "far"):
        body = {"name": str(uuid4()), "template_type": "vpcs", "compute_id": compute}
        templates[compute] = (await server.request("POST", "/v2/templates", body, 201))["template_id"]

    async def prepare(case: Case) -> None:
        groups = {"near": ("local", "local")}
        if case.is_both:
            groups |= {"far": ("far", "far"), "across": ("local", "far")}
        template = templates["far" if case.is_about_compute else "local"]
        project = await make(server, groups, template, snapshot="{snapshot_id}" in case.template)
        path = f"/v2/projects/{project.project_id}"
        if not case.template.endswith(WITHOUT_STARTED_NODES):
            await server.request("POST", f"{path}/nodes/start", None, 204)
        if case.template.endswith(OF_CLOSED_PROJECTS):
            await server.request("POST", f"{path}/close", None, 204)
        projects[case] = project

    async def answer(case: Case) -> None:
        answers[case] = await ask(server, case, projects[case])

    own = [case for case in chosen if case.is_about_project]
    shared = {case.is_both: case for case in chosen if not case.is_about_project}
    async with trio.open_nursery() as nursery:
        for case in (*own, *shared.values()):
            nursery.start_soon(prepare, case)
    projects |= {case: projects[shared[case.is_both]] for case in chosen if not case.is_about_project}
    if silence < NEVER:
        connection.SILENCE_SECONDS = silence
        turns = Listening.turns
        with trio.fail_after(PATIENCE):
            while Listening.turns == turns:  # it says something every second
                await trio.sleep(0.01)
    if stopped:
        way.stop()
    with trio.move_on_after(PATIENCE):
        async with trio.open_nursery() as nursery:
            for case in chosen:
                nursery.start_soon(answer, case)
    connection.SILENCE_SECONDS = NEVER
    way.go_on()
    assert not (without := [str(case) for case in chosen if case not in answers]), without
    await until(server, "/v2/computes/far", lambda compute: compute["connected"])
    for project_id in {each.project_id for each in projects.values()}:
        assert (await server.http.delete(f"/v2/projects/{project_id}")).status_code in (204, 404)
    return answers


def in_parts(chosen: list[Case]) -> Iterator[list[Case]]:
    """Some at a time."""
    for first in range(0, len(chosen), LABS_AT_ONCE):
        yield chosen[first : first + LABS_AT_ONCE]


async def test_what_does_not_concern_it_waits_for_nothing(server: Server, way: Way) -> None:
    for part in in_parts([case for case in cases() if not case.is_about_compute]):
        for case, answer in (await ask_all(server, way, part)).items():
            assert "'far'" not in answer.message, case


async def test_what_concerns_it_ends_and_names_it(server: Server, way: Way) -> None:
    others: dict[Case, Answer] = {}
    for part in in_parts([case for case in cases() if case.is_about_compute]):
        for case, answer in (await ask_all(server, way, part, silence=SILENCE_SECONDS)).items():
            if answer.status >= 400 and not ("'far'" in answer.message and "silent" in answer.message):
                others[case] = answer
    for part in in_parts(list(others)):  # what it has nothing to do with is the same without it
        for case, answer in (await ask_all(server, way, part, stopped=False)).items():
            assert answer.status == others[case].status, (str(case), others[case], answer)


# What waits for a compute keeps others of the same project waiting only if they are about the same nodes.
HANGING = [
    ("POST", "/v2/projects/{project_id}/nodes"),
    ("POST", "/v2/projects/{project_id}/batch"),
    ("POST", "/v2/projects/{project_id}/links"),
    ("PUT", "/v2/projects/{project_id}/links/{link_id}"),
    ("POST", "/v2/projects/{project_id}/nodes/{node_id}/stop"),
    ("POST", "/v2/projects/{project_id}/nodes/{node_id}/duplicate"),
    ("GET", "/v2/projects/{project_id}/topology"),
    ("POST", "/v2/projects/{project_id}/templates/{template_id}"),
]


async def test_others_of_the_same_project_do_not_wait(server: Server, way: Way) -> None:
    template = await server.request(
        "POST", "/v2/templates", {"name": "far PC", "template_type": "vpcs", "compute_id": "far"}, 201
    )
    groups = {"near": ("local", "local"), "far": ("far", "far"), "across": ("local", "far")}
    project = await make(server, groups, template["template_id"], snapshot=True)
    here = await server.request(
        "POST", "/v2/templates", {"name": "PC", "template_type": "vpcs", "compute_id": "local"}, 201
    )
    await server.request("POST", f"/v2/projects/{project.project_id}/nodes/start", None, 204)
    near = attrs.evolve(project, template_id=here["template_id"])
    way.stop()
    async with trio.open_nursery() as nursery:
        for operation in HANGING:
            nursery.start_soon(ask, server, Case(*operation, "far", True), project)
        await trio.testing.wait_all_tasks_blocked(0.2)
        for case in sorted(cases(), key=lambda case: case.method == "DELETE" and case.template.endswith(ENDS)):
            if case.is_both and not case.is_about_compute and not WHOLE_CHANGES.fullmatch(case.template):
                with trio.move_on_after(PATIENCE) as limit:
                    answer = await ask(server, case, near)
                assert not limit.cancelled_caught, str(case)
                assert "'far'" not in answer.message, case
        nursery.cancel_scope.cancel()


async def test_statistics_of_all_computes_leave_it_out_at_once(
    server: Server, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LIVELY_SECONDS", 2.0)
    monkeypatch.setattr(server_values, "STATISTICS_SECONDS", NEVER)
    both = await server.request("GET", "/v2/statistics", None, 200)
    assert [each["compute_id"] for each in both] == ["local", "far"]
    way.stop()
    await trio.sleep(2.1)
    with trio.fail_after(PATIENCE):
        alone = await server.request("GET", "/v2/statistics", None, 200)
    assert [each["compute_id"] for each in alone] == ["local"]
    way.go_on()
    await until(server, "/v2/statistics", lambda shown: len(shown) == 2)


async def test_it_can_be_changed_and_removed(server: Server, way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also while nobody has noticed that it is stopped."""
    monkeypatch.setattr(connection, "GREETING_SECONDS", 1.0)
    await make(server, {"far": ("far", "far")}, "", snapshot=False)
    way.stop()
    with trio.fail_after(PATIENCE):
        changed = await server.request("PUT", "/v2/computes/far", {"name": "attic"}, 200)
        assert not changed["connected"] and "did not answer within 1 s" in changed["last_error"], changed
        await server.request("DELETE", "/v2/computes/far", None, 204)
    assert [each["compute_id"] for each in await server.request("GET", "/v2/computes", None, 200)] == ["local"]


async def test_an_open_console_ends_with_the_reason(server: Server, way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "SILENCE_SECONDS", SILENCE_SECONDS)
    project = await make(server, {"far": ("far", "far")}, "", snapshot=False)
    await server.request("POST", f"/v2/projects/{project.project_id}/nodes/start", None, 204)
    node = {"node_id": project.groups["far"]["node_id"]}
    async with console(server, {"project_id": project.project_id}, node) as opened:
        await read_until(opened, b"PC1> ")
        way.stop()
        with trio.fail_after(PATIENCE), pytest.raises(ConnectionClosed) as closed:
            while True:
                await opened.get_message()
        assert closed.value.reason is not None
        assert closed.value.reason.reason == f"compute 'far' cannot be reached: it was silent for {SILENCE_SECONDS:g} s"
