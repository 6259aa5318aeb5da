"""A compute may be broken, hang, or lie: nothing that it does lasts without end or costs without limit."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import trio

from gns3trio.compute.nio import UdpNio
from gns3trio.compute.remote import compute as compute_module
from gns3trio.compute.remote import connection, http
from gns3trio.compute.remote.compute import RemoteCompute
from gns3trio.errors import Conflict, LabError, Unavailable
from tests.support.fake_compute import (
    CAPABILITIES,
    PING,
    Answer,
    FakeCompute,
    event,
    fake_compute,
    frame,
    notifications,
    reply,
    says,
    says_without_end,
)
from tests.support.remote_compute import PATIENCE, PROJECT, Watcher, connected, spec


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "SILENCE_SECONDS", 1.0)
    monkeypatch.setattr(connection, "GREETING_SECONDS", 1.0)
    monkeypatch.setattr(connection, "FIRST_PAUSE_SECONDS", 0.05)
    monkeypatch.setattr(connection, "LONGEST_PAUSE_SECONDS", 0.1)


JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
NO_ANSWERS: list[tuple[Answer, str]] = [
    (says(then_waits=True), "did not answer within 1 s"),
    (says(b"HTTP/1.1 200 OK\r\nX: ", then_waits=True), "did not answer within 1 s"),
    (says(JSON + b'Content-Length: 100\r\n\r\n{"', then_waits=True), "did not answer within 1 s"),
    (says(b"220 mail.example ESMTP\r\n\r\n"), "not HTTP"),
    (says_without_end(b"HTTP/1.1 200 OK\r\n", b"X: " + b"y" * 1000 + b"\r\n"), "not HTTP"),
    (says_without_end(b"", b"HTTP/1.1 102 Processing\r\n\r\n"), "did not answer within 1 s"),
    (says_without_end(JSON + b"Transfer-Encoding: chunked\r\n\r\n", b"3e8\r\n" + b" " * 1000 + b"\r\n"), "more than"),
    (says(JSON + b"Content-Length: 4\r\n\r\nnull"), "no GNS3 server"),
    (says(JSON + b"Content-Length: 3\r\n\r\n{x}"), "is not JSON"),
    (says(reply([[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]])), "nested"),
    (says(reply([0] * 300_000)), "its answer has"),
    (says(reply({**CAPABILITIES, "version": "3.0.0"})), "has GNS3 3.0.0"),
    (says(reply({**CAPABILITIES, "version": "2.22"})), "has GNS3 2.22"),
    (says(reply({"message": "no", "status": 401}, 401)), "it asks for a user and a password"),
    (says(reply({"message": "\x1b[31mred"}, 403)), "\ufffd[31mred"),
    (says(b"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n"), "redirection"),
]


@pytest.mark.parametrize(("answer", "reason"), NO_ANSWERS, ids=range(len(NO_ANSWERS)))
async def test_what_does_not_greet_as_a_compute_is_told(
    answer: Answer, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "MAX_REPLY_BYTES", 1024 * 1024)
    async with fake_compute(capabilities=answer) as fake, connected(fake, tmp_path) as (compute, _):
        assert compute.trouble is not None and reason in compute.trouble, compute.trouble
        assert len(compute.trouble) < 3000
        with pytest.raises(Unavailable, match="compute 'far' cannot be reached"):
            await compute.create_node(spec())


def capabilities_at(date: str) -> Answer:
    """The greeting, with the time by the clock of the compute."""
    head, _, body = reply(CAPABILITIES).partition(b"\r\n\r\n")
    return says(head + b"\r\nDate: " + date.encode("latin-1") + b"\r\n\r\n" + body)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, []),
        (30, []),
        (2 * 86400 + 60, ["2 days ahead of"]),
        (-7200 - 60, ["2 hours behind"]),
        (-190, ["3 minutes behind"]),
    ],
)
async def test_a_clock_that_differs_is_told_once(seconds: float, told: list[str], tmp_path: Path) -> None:
    answer = capabilities_at(formatdate(time.time() + seconds, usegmt=True))
    async with fake_compute(capabilities=answer) as fake, connected(fake, tmp_path) as (compute, watcher):
        assert compute.trouble is None
        fake.answers["GET notifications/ws"] = notifications(b"\x88\x00")
        compute.move(compute.address)
        await watcher.until(lambda: fake.asked.count("GET capabilities") >= 3)
        messages = [text for level, text, _ in watcher.messages if level == "warning"]
        assert len(messages) == len(told)
        assert all(part in text for part, text in zip(told, messages, strict=True)), messages


@pytest.mark.parametrize(
    "date", ["", "yesterday", "Mon, 99 Foo 2026 25:61:61 GMT", "Fri, 31 Dec 9999 23:59:59 -9900", "9" * 5000, "\xff"]
)
async def test_a_date_that_is_none_does_not_matter(date: str, tmp_path: Path) -> None:
    async with (
        fake_compute(capabilities=capabilities_at(date)) as fake,
        connected(fake, tmp_path) as (compute, watcher),
    ):
        assert compute.trouble is None
        assert watcher.messages == []


OURS = {"product": "gns3trio", "version": "1", "extensions": ["wiring", "later"]}


@pytest.mark.parametrize(
    ("answer", "version", "names"),
    [
        (reply(OURS), "1", ["later", "wiring"]),
        (reply({**OURS, "extensions": [1, None, "wiring"]}), "1", ["wiring"]),
        (reply({**OURS, "extensions": "wiring"}), "1", []),
        (reply({**OURS, "version": "\u202e" + "9" * 100}), "\ufffd" + "9" * 39, ["later", "wiring"]),
        (reply({**OURS, "version": 1}), "", ["later", "wiring"]),
        (reply({**OURS, "product": "other"}), None, []),
        (reply([]), None, []),
        (reply(OURS, 500), None, []),
    ],
)
async def test_extensions_are_those_of_a_server_of_ours(
    answer: bytes, version: str | None, names: list[str], tmp_path: Path
) -> None:
    async with fake_compute(extensions=says(answer)) as fake, connected(fake, tmp_path) as (compute, _):
        assert compute.trouble is None
        assert compute.own_version == version
        assert [name for name in ("later", "other", "wiring") if compute.has_extension(name)] == names


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (says(then_waits=True), "no websocket within 1 s"),
        (says(reply({}, 403)), "rejected with status 403"),
        (notifications(frame("no event")), "is not JSON"),
        (notifications(frame("[]")), "is not an event"),
        (notifications(frame(b"\xff\xfe")), ""),
        (notifications(PING, forever=None), "silent for 1 s"),
        (notifications(PING, b"\x88\x02\x03\xe8", forever=None), "closed the connection"),
        (says(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"), "answers websockets wrongly"),
    ],
)
async def test_notifications_that_are_none_end_the_connection(answer: Answer, reason: str, tmp_path: Path) -> None:
    async with fake_compute(notifications=answer) as fake, connected(fake, tmp_path) as (compute, watcher):
        await watcher.until(lambda: compute.trouble is not None and reason in compute.trouble)
        await watcher.until(lambda: fake.asked.count("GET capabilities") > 1)  # it is tried again


async def test_a_node_that_does_not_exist_is_not_believed(tmp_path: Path) -> None:
    strange = event("node.updated", project_id=str(PROJECT), node_id=str(uuid4()), status="started")
    wrong = event("node.updated", project_id="x", node_id=7, status=[])
    async with (
        fake_compute(notifications=notifications(strange, wrong, event("node.deleted"), event("x.y"))) as fake,
        connected(fake, tmp_path) as (compute, watcher),
    ):
        assert compute.trouble is None
        assert sorted(compute.capabilities.node_types) == ["qemu", "vpcs"]
        await watcher.until(lambda: compute.load().cpu_usage_percent == 12.5)


@asynccontextmanager
async def with_node(fake: FakeCompute, folder: Path, **view: Any) -> AsyncIterator[tuple[RemoteCompute, Any, Watcher]]:
    """A node that the compute shows so."""
    wanted = spec()
    nodes = f"projects/{PROJECT}/vpcs/nodes"
    fake.answers |= {
        "POST projects": says(reply({"name": "x", "project_id": str(PROJECT)}, 201)),
        f"POST {nodes}": says(reply({"node_id": str(wanted.node_id), **view}, 201)),
    }
    async with connected(fake, folder) as (compute, watcher):
        yield compute, await compute.create_node(wanted), watcher


async def test_what_a_node_shows_is_checked(tmp_path: Path) -> None:
    lies: dict[str, Any] = {
        "name": "\x00",
        "status": "exploded",
        "console": 70000,
        "console_type": "<script>",
        "command_line": "x\x1b[2J",
        "node_directory": "/../../etc",
        "large": "x" * 2_000_000,
        "ram": 512,
    }
    async with fake_compute() as fake, with_node(fake, tmp_path, **lies) as (_, node, _):
        assert (node.name, node.status, node.console, node.console_type) == ("PC1", "stopped", None, None)
        assert node.command_line == "x\ufffd[2J"
        assert node.properties() == {"ram": 512}
        assert node.files.target("a b") == (f"projects/{PROJECT}/files/project-files/vpcs/{node.node_id}/a%20b")
        for path in ("../x", "/etc/passwd", "a/../../b"):
            with pytest.raises(LabError):
                await node.files.open(path)


async def test_a_compute_that_hangs_ends_what_waits_for_it(tmp_path: Path) -> None:
    """It accepts and never answers: what is silent for SILENCE_SECONDS is away, and nobody waits longer."""
    async with fake_compute() as fake, with_node(fake, tmp_path) as (compute, node, _):
        fake.answers[f"POST projects/{PROJECT}/vpcs/nodes/{node.node_id}/start"] = says(then_waits=True)
        fake.answers["GET notifications/ws"] = notifications(PING, forever=None)
        compute.move(compute.address)  # a new connection, to what is silent after one ping
        await compute.wait_tried()
        assert compute.trouble is None
        with trio.fail_after(PATIENCE), pytest.raises(Unavailable, match="silent for 1 s"):
            await node.start()
        assert node.status == "stopped"


async def test_an_answer_that_stands_still_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though the compute is there: its notifications go on."""
    monkeypatch.setattr(compute_module, "CREATE_SECONDS", 0.5)
    begun = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx"
    async with fake_compute() as fake, connected(fake, tmp_path) as (compute, _):
        for answer in (says(then_waits=True), says(begun, then_waits=True)):
            fake.answers["GET qemu/images"] = answer
            with trio.fail_after(PATIENCE), pytest.raises(Unavailable):
                async with compute.forward("GET", "qemu/images", None, None) as reply:
                    async for _ in reply.content:
                        pass
        assert compute.trouble is None


async def test_a_small_file_that_never_comes_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something moves all the time, but a script is needed soon."""
    monkeypatch.setattr("gns3trio.compute.remote.files.ANSWER_SECONDS", 0.3)

    async def trickle(stream: trio.SocketStream, head: str) -> None:
        await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            await stream.send_all(b"x")
            await trio.sleep(0.05)

    async with fake_compute() as fake, with_node(fake, tmp_path) as (compute, node, _):
        fake.answers[f"GET projects/{PROJECT}/files/project-files/vpcs/{node.node_id}/startup.vpc"] = trickle
        with trio.fail_after(PATIENCE), pytest.raises(Unavailable, match="did not answer within"):
            await node.startup_script()
        assert compute.trouble is None


async def test_ports_and_files_that_are_none(tmp_path: Path) -> None:
    async with fake_compute() as fake, with_node(fake, tmp_path) as (compute, node, _):
        for told in ({"udp_port": 70000}, {"udp_port": "x"}, [], {"udp_port": True}):
            fake.answers[f"POST projects/{PROJECT}/ports/udp"] = says(reply(told, 201))
            with pytest.raises(Conflict, match="no UDP port"):
                await compute.lease_udp(PROJECT)
        path = f"project-files/vpcs/{node.node_id}"
        told_files = [{"path": f"{path}/{name}"} for name in ("good", "../bad", "a/../b", "x\x00y", "")] + [7, {}]
        fake.answers[f"GET projects/{PROJECT}/files"] = says(reply(told_files))
        assert await node.files.paths() == ["good"]
        nio = UdpNio(1000, "127.0.0.1", 1001)
        with pytest.raises(LabError, match="there is nothing"):
            await node.bind_nio(0, 0, nio)
        assert not node.has_nio and node.link_end(0, 0) is None


async def test_messages_are_passed_on_safely(tmp_path: Path) -> None:
    messages = notifications(
        event("log.error", message="\x1b]0;x" + "y" * 5000),
        event("log.warning", message=["no"]),
        event("log.info", message="of another project", project_id=str(uuid4())),
    )
    async with fake_compute(notifications=messages) as fake, connected(fake, tmp_path) as (_, watcher):
        await watcher.until(lambda: bool(watcher.messages))
        ((level, message, project_id),) = watcher.messages
        assert (level, project_id) == ("error", None)
        assert message.startswith("\ufffd]0;x") and len(message) == 2000
