"""``gns3trio compute``: another host on the command line."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import PATIENCE, ServerProcess, StartServer
from tests.e2e.shell import Shell

PASSWORD = "far secret"


@pytest.fixture
def shell(start_server: StartServer) -> Shell:
    return Shell(start_server("--trunk-port", "3078"))  # other tests use the usual one at the same time


@pytest.fixture
def far(start_far: Callable[[], ServerProcess]) -> str:
    """The address of another server."""
    return start_far().url


@pytest.fixture
def start_far(start_server: StartServer, tmp_path: Path) -> Callable[[], ServerProcess]:
    settings = {"GNS3TRIO_USER": "lab", "GNS3TRIO_PASSWORD": PASSWORD}
    ranges = ["--console-start-port-range", "56000", "--console-end-port-range", "57000"]
    ranges += ["--udp-start-port-range", "57001", "--udp-end-port-range", "58000", "--trunk-port", "3079"]
    return lambda: start_server("--projects-path", str(tmp_path / "far"), *ranges, env=settings)


def test_a_host_is_added_used_and_removed(shell: Shell, far: str, tmp_path: Path) -> None:
    wrong = shell.run("compute", "add", far, "--name", "attic", status=1)
    assert "away" in wrong and "asks for a user and a password" in wrong
    (tmp_path / "password").write_text(PASSWORD + "\n")
    user = ("--compute-user", "lab", "--password-file", str(tmp_path / "password"))
    added = shell.run("compute", "add", far, "--name", "attic", *user)
    assert "connected" in added and PASSWORD not in added
    assert [each["name"] for each in shell.json("compute", "list")][1:] == ["attic"]
    ways = [each["what"] for each in shell.json("doctor", "--projects-path", str(shell.server.projects))]
    assert "way to attic" in ways
    assert "connected" in shell.run("compute", "list").splitlines()[2]
    assert shell.json("compute", "show", "attic")["user"] == "lab"
    assert "vpcs" in shell.run("compute", "show", "attic")

    shell.run("project", "create", "lab")
    node = shell.json("node", "create", "lab", "vpcs", "PC{0}", "--compute", "attic")
    assert node["compute_id"] == shell.json("compute", "show", "attic")["compute_id"]
    listed, shown = shell.run("compute", "list"), shell.run("compute", "show", "attic")
    assert "0 of 1 started" in listed.splitlines()[2] and "gns3trio 0" in listed
    assert "PROJECT" in shown and "lab      0 of 1 started" in shown
    assert shell.json("compute", "list")[1]["usage"]["nodes"] == {"started": 0, "total": 1}
    shell.run("node", "create", "lab", "vpcs", "NEAR", "--compute", "local")
    rows = shell.run("node", "list", "lab").splitlines()
    assert rows[0].endswith("HOST") and rows[2].endswith("  attic")
    assert [each["name"] for each in shell.json("node", "list", "lab", "--compute", "attic")] == [node["name"]]
    assert "host" in shell.run("node", "show", "lab", node["name"])
    said = shell.run("node", "create", "lab", "vpcs", "X", "--compute", "cellar", status=3)
    assert "no compute 'cellar'; there are: " in said and "attic" in said
    assert shell.json("node", "create", "lab", "vpcs", "X", "--compute", "auto")["compute_id"] != "auto"
    assert "--yes" in shell.run("compute", "remove", "attic", status=1)
    shell.run("compute", "remove", "attic", "--yes")
    assert shell.json("project", "show", "lab")["status"] == "closed"
    assert "no compute" in shell.run("compute", "show", "attic", status=3)
    shell.run("compute", "add", far, "--name", "attic", *user)
    shell.run("project", "open", "lab")
    assert "started" in shell.run("node", "start", "lab", node["name"])


def test_a_host_that_is_away_is_the_reason(
    shell: Shell, start_far: Callable[[], ServerProcess], tmp_path: Path
) -> None:
    far = start_far()
    (tmp_path / "password").write_text(PASSWORD + "\n")
    user = ("--compute-user", "lab", "--password-file", str(tmp_path / "password"))
    shell.run("compute", "add", far.url, "--name", "attic", *user)
    shell.run("project", "create", "lab")
    shell.run("node", "create", "lab", "vpcs", "PC", "--compute", "attic")
    shell.run("node", "start", "lab", "PC")
    assert "compute 'attic'" not in shell.run("compute", "list")
    far.stop(signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    while "compute 'attic' cannot be reached: connection refused" not in shell.run("compute", "list"):
        assert time.monotonic() < deadline
    said = shell.run("console", "lab", "PC", "-c", "show ip", status=1)
    assert "the console was closed: compute 'attic' cannot be reached" in said
    assert "the console was closed: compute 'attic' cannot be reached" in shell.run("console", "lab", "PC", text="")


def test_trunks_are_listed(shell: Shell, far: str, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(PASSWORD + "\n")
    user = ("--compute-user", "lab", "--password-file", str(tmp_path / "password"))
    # The name differs from the address of the server, so that it is seen to be another host.
    shell.run("compute", "add", far.replace("127.0.0.1", "localhost"), "--name", "attic", *user)
    assert shell.json("compute", "trunks")[0]["peers"] == []
    assert "no trunk is open" in shell.run("compute", "trunks")
    shell.run("project", "create", "lab")
    for name, compute in (("A", "local"), ("B", "attic")):
        shell.run("node", "create", "lab", "vpcs", name, "--compute", compute)
    shell.run("link", "create", "lab", "A", "B")
    deadline = time.monotonic() + PATIENCE
    states: list[str] = []
    while states != ["up", "up"]:
        assert time.monotonic() < deadline, states
        told = shell.json("compute", "trunks")
        states = [peer["state"] for trunk in told for peer in trunk["peers"]]
    assert [[peer["links"] for peer in trunk["peers"]] for trunk in told] == [[1], [1]]
    _, there, back = shell.run("compute", "trunks").splitlines()
    assert " attic" in there and " up " in there and back.startswith("attic")
    assert len(shell.run("compute", "trunks", "attic").splitlines()) == 2
    assert "% lost" in shell.run("compute", "list").splitlines()[2]
    assert "trunk at UDP port 3079" in shell.run("compute", "show", "attic")


def test_a_host_is_changed(shell: Shell, far: str, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(PASSWORD + "\n")
    user = ("--compute-user", "lab", "--password-file", str(tmp_path / "password"))
    shell.run("compute", "add", "http://127.0.0.1:9", "--name", "attic", status=1)
    assert "nothing to change" in shell.run("compute", "change", "attic", status=2)
    said = shell.run("compute", "change", "attic", "--password-file", "x", status=1)
    assert "--compute-user is needed with it" in said
    assert "ADDRESS" in shell.run("compute", "change", "attic", "--address", "attic", status=1)
    assert "connected" in shell.run("compute", "change", "attic", "--address", far, "--name", "cellar", *user)
    assert shell.json("compute", "show", "cellar")["last_error"] is None
    certificate = str(Path(__file__).parents[1] / "http" / "tls" / "cert.pem")
    shell.run("compute", "change", "cellar", "--certificate", certificate)
    assert "its own" in shell.run("compute", "show", "cellar")
    shell.run("compute", "change", "cellar", "--no-certificate")
    assert "its own" not in shell.run("compute", "show", "cellar")
    assert "is confirmed already" in shell.run("compute", "confirm", "cellar", status=1)
    assert "no compute" in shell.run("compute", "change", "attic", "--name", "x", status=3)


def test_a_host_that_a_file_names_is_confirmed(shell: Shell, far: str, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(PASSWORD + "\n")
    user = ("--compute-user", "lab", "--password-file", str(tmp_path / "password"))
    shell.run("compute", "add", far, "--name", "attic", *user)
    shell.run("project", "create", "lab")
    shell.run("node", "create", "lab", "vpcs", "PC", "--compute", "attic")
    shell.run("compute", "remove", "attic", "--yes")
    shell.run("project", "open", "lab")
    assert "to be confirmed" in shell.run("compute", "list")
    assert "gns3trio compute confirm" in shell.run("compute", "show", "attic")
    assert "away" in shell.run("compute", "confirm", "attic", status=1)  # a file has no password
    assert "connected" in shell.run("compute", "change", "attic", *user)


def test_what_is_no_address(shell: Shell) -> None:
    for address in ("attic", "ftp://attic", "http://", "http://a:b@attic", "http://attic:x", "http://attic/v2"):
        assert "ADDRESS" in shell.run("compute", "add", address, status=1)
    said = shell.run("compute", "add", "http://127.0.0.1:9", "--compute-user", "lab", status=1, text="")
    assert "--password-file" in said
    said = shell.run("compute", "add", "http://127.0.0.1:9", "--certificate", "/absent.pem", status=1)
    assert "/absent.pem: No such file" in said
    assert "connection refused" in shell.run("compute", "add", "http://127.0.0.1:9", status=1)


def test_projects_of_other_controllers_are_listed_and_closed(shell: Shell) -> None:
    assert shell.json("compute", "hosted") == []
    status, project = shell.server.post("/v2/compute/projects", '{"name": "theirs"}')
    assert status == 201
    assert "theirs" in (listed := shell.run("compute", "hosted")) and "away" in listed
    (hosted,) = shell.json("compute", "hosted")
    assert hosted["project_id"] == project["project_id"]
    assert "--yes" in shell.run("compute", "release", hosted["hosted_id"], status=1)
    assert "theirs is closed" in shell.run("compute", "release", hosted["hosted_id"], "--yes")
    assert shell.json("compute", "hosted") == []
    assert "no project" in shell.run("compute", "release", hosted["hosted_id"], "--yes", status=3)
