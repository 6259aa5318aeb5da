"""What a service manager gets over its socket: that the server is ready, that its loop runs, that it stops."""

import logging
import os
import secrets
import select
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import trio

from gns3trio.service_manager import ServiceManager, find_service_manager
from tests.e2e.conftest import PATIENCE, StartServer, start_server

__all__ = ["start_server"]

FAST = 0.02


class Manager:
    """A service manager that reads what it is told."""

    def __init__(self, sock: socket.socket, variable: str) -> None:
        self.sock = sock
        self.variable = variable  # the value of NOTIFY_SOCKET

    def told(self) -> dict[str, str]:
        """The next message."""
        lines = self.sock.recv(4096).decode().split("\n")
        return dict(line.split("=", 1) for line in lines)

    def told_beside_pings(self) -> dict[str, str]:
        """The next message that is no ping."""
        while (message := self.told()) == {"WATCHDOG": "1"}:
            pass
        return message

    def drain(self) -> None:
        """Forget what has come."""
        while self.has_message():
            self.told()

    def has_message(self) -> bool:
        """Whether a message waits."""
        return bool(select.select([self.sock], [], [], 0)[0])


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Manager]:
    variable = str(tmp_path / "notify") if request.param == "path" else f"@gns3trio/{secrets.token_hex(8)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(variable.replace("@", "\0") if request.param == "abstract" else variable)
        sock.settimeout(PATIENCE)
        yield Manager(sock, variable)


def test_a_server_tells_when_it_is_ready_that_it_runs_and_when_it_stops(
    manager: Manager, start_server: StartServer
) -> None:
    server = start_server(env={"NOTIFY_SOCKET": manager.variable, "WATCHDOG_USEC": "40000"})
    assert manager.told() == {"READY": "1", "STATUS": f"ready on {server.url}"}
    assert httpx.get(f"{server.url}/health").status_code == 200
    for _ in range(3):
        assert manager.told() == {"WATCHDOG": "1"}
    assert server.stop() == 0
    assert manager.told_beside_pings() == {"STOPPING": "1", "STATUS": "stopping"}


def test_a_server_that_cannot_start_is_never_ready(manager: Manager, start_server: StartServer) -> None:
    with pytest.raises(AssertionError, match="no server"):
        start_server("--host", "0.0.0.0", "--no-allow-unauthenticated", env={"NOTIFY_SOCKET": manager.variable})
    assert not manager.has_message()


async def test_no_ping_comes_while_the_loop_is_blocked(manager: Manager) -> None:
    reporter = find_service_manager({"NOTIFY_SOCKET": manager.variable, "WATCHDOG_USEC": str(int(FAST * 1e6))})
    assert reporter is not None
    async with trio.open_nursery() as nursery:
        nursery.start_soon(reporter.report, "", trio.Event())
        while not manager.has_message():
            await trio.sleep(FAST)
        # Nothing else of the loop runs between these lines.
        manager.drain()
        manager.sock.settimeout(10 * FAST)
        with pytest.raises(TimeoutError):
            manager.told()
        manager.sock.settimeout(PATIENCE)
        assert await trio.to_thread.run_sync(manager.told) == {"WATCHDOG": "1"}
        nursery.cancel_scope.cancel()


async def test_pings_go_on_while_the_server_stops(manager: Manager) -> None:
    closing = trio.Event()
    closing.set()
    reporter = find_service_manager({"NOTIFY_SOCKET": manager.variable, "WATCHDOG_USEC": str(int(FAST * 1e6))})
    assert reporter is not None
    async with trio.open_nursery() as nursery:
        nursery.start_soon(reporter.report, "", closing)
        while (await trio.to_thread.run_sync(manager.told)).get("STOPPING") != "1":
            pass
        for _ in range(3):
            assert await trio.to_thread.run_sync(manager.told) == {"WATCHDOG": "1"}
        nursery.cancel_scope.cancel()


async def test_a_manager_that_does_not_watch_gets_no_pings(manager: Manager) -> None:
    reporter = find_service_manager({"NOTIFY_SOCKET": manager.variable})
    assert reporter is not None and reporter.watchdog_seconds is None
    closing = trio.Event()
    closing.set()
    await reporter.report("", closing)
    assert [set(manager.told()) for _ in range(2)] == [{"READY", "STATUS"}, {"STOPPING", "STATUS"}]
    assert not manager.has_message()


async def test_a_manager_that_is_gone_ends_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    closing = trio.Event()
    closing.set()
    with caplog.at_level(logging.WARNING):
        await ServiceManager(str(tmp_path / "nobody")).report("", closing)
    assert [record.getMessage() for record in caplog.records] == [
        f"cannot tell the service manager {what}: No such file or directory" for what in ("READY=1", "STOPPING=1")
    ]


@pytest.mark.parametrize(
    ("variables", "seconds"),
    [
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "-1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "\u00b2"}, None),
        ({"WATCHDOG_USEC": "9" * 5000}, None),
        ({}, None),
    ],
)
def test_the_time_limit(variables: dict[str, str], seconds: float | None) -> None:
    found = find_service_manager({"NOTIFY_SOCKET": "/run/notify", **variables})
    assert found == ServiceManager("/run/notify", seconds)


@pytest.mark.parametrize("value", ["", "relative", "vsock:2:1234"])
def test_an_address_that_is_no_unix_socket_is_not_used(value: str) -> None:
    assert find_service_manager({"NOTIFY_SOCKET": value, "WATCHDOG_USEC": "1000"}) is None
