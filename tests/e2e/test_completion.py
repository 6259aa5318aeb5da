"""Tab in real shells, interactive ones on a terminal, with a real server."""

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from gns3trio.conditions.gns3_filters import GNS3_FILTERS
from gns3trio.config import Config
from gns3trio.measure.rfc2544 import BenchmarkSpec
from tests.e2e.conftest import PATIENCE, ServerProcess, StartServer
from tests.e2e.terminal import Terminal

GNS3TRIO = (sys.executable, "-m", "gns3trio")
CLOSED = "http://127.0.0.1:1"

# How a shell starts, what makes its prompt ``ready>``, and a ``gns3trio`` of it that shows the words it is called with.
SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "PS1='rea''dy> '; gns3trio() { printf '<%s>' \"$@\"; echo; }"),
    "zsh": (
        ["zsh", "-f", "-i"],
        "PS1='rea''dy> '; autoload -Uz compinit; compinit -D; gns3trio() { printf '<%s>' \"$@\"; echo; }",
    ),
    "fish": (
        ["fish", "--no-config", "-i"],
        "function fish_prompt; echo -n 'rea''dy> '; end; function gns3trio; printf '<%s>' $argv; echo; end",
    ),
}
# What is typed, with Tabs, and the words that the shell makes of it.
TYPED = {
    "commands, actions, names and options": ("nod\tstar\tla\tPC2\t--a\t", ["node", "start", "lab", "PC2", "--all"]),
    "a node of any open project": ("console SW\t-c x", ["console", "SW1", "-c", "x"]),
    "a name that was given is not offered again": ("node stop lab PC2 P\t", ["node", "stop", "lab", "PC2", "PC1"]),
    "where traffic goes": (
        "node traffic lab PC1 S\t --ra\t10",
        ["node", "traffic", "lab", "PC1", "SW1", "--rate", "10"],
    ),
    "a link": ("link show lab PC1\t", ["link", "show", "lab", "PC1:0-PC2:0"]),
    "a link from within": ("link show lab PC1:0-P\t", ["link", "show", "lab", "PC1:0-PC2:0"]),
    "an option's name": ("watch --project la\t--count 1", ["watch", "--project", "lab", "--count", "1"]),
    "an option's choice": ("capture --direction a\tlab", ["capture", "--direction", "a_to_b", "lab"]),
    "a filter, behind whose name its value is typed": (
        "link filter lab PC1:0-PC2:0 del\t20 corr\t5",
        ["link", "filter", "lab", "PC1:0-PC2:0", "delay=20", "corrupt=5"],
    ),
    "tests, one behind the other": (
        "bench-link PC1-PC2 --tests th\t\b,la\t--seconds 1",
        ["bench-link", "PC1-PC2", "--tests", "throughput,latency", "--seconds", "1"],
    ),
    "a level of the log": ("serve --log-level wa\t", ["serve", "--log-level", "warning"]),
    "a file": ("topology apply lab a\t", ["topology", "apply", "lab", "a file.yaml"]),
    "a space": ("project show my\t", ["project", "show", "my $1 lab"]),
    "a space within": (r"project show my\ " + "\t", ["project", "show", "my $1 lab"]),
    "an open quote": ("project show 'my \t", ["project", "show", "my $1 lab"]),
    "an open double quote": ('project show "my \t', ["project", "show", "my $1 lab"]),
    "an apostrophe": ("project show it\t", ["project", "show", "it's: one"]),
    "an apostrophe that is escaped": (r"project show it\'s" + "\t", ["project", "show", "it's: one"]),
    "a colon that is escaped": (r"project show it\'s\:" + "\t", ["project", "show", "it's: one"]),
    "characters that are escaped": (r"project show R\&D\ \(" + "\t", ["project", "show", "R&D (old)"]),
    "an exclamation mark": ("project show what\t", ["project", "show", "what!now"]),
    "an exclamation mark in double quotes": ('project show "what\t', ["project", "show", "what!now"]),
    "a project with a space": (r"node show my\ \$1\ lab P" + "\t", ["node", "show", "my $1 lab", "PC7"]),
}
LAB = """\
nodes: {PC1: {node_type: vpcs}, PC2: {node_type: vpcs}, SW1: {node_type: ethernet_switch}}
links: [{ends: [PC1, PC2]}]
"""


def run(url: str, *words: str, text: str = "") -> str:
    return subprocess.run(
        [*GNS3TRIO, *words],
        env={**os.environ, "GNS3TRIO_URL": url},
        input=text,
        stdout=subprocess.PIPE,
        text=True,
        timeout=PATIENCE,
        check=True,
    ).stdout


@pytest.fixture
def server(start_server: StartServer) -> ServerProcess:
    """A server with some projects; the closed one has nodes too, which are not offered."""
    server = start_server()
    run(server.url, "topology", "apply", "lab", "-", "--create", text=LAB)
    run(server.url, "topology", "apply", "closed", "-", "--create", text=LAB)
    run(server.url, "project", "close", "closed")
    run(server.url, "project", "create", "it's: one")
    run(server.url, "project", "create", "my $1 lab")
    run(server.url, "project", "create", "R&D (old)")
    run(server.url, "project", "create", "what!now")
    run(server.url, "node", "create", "my $1 lab", "vpcs", "PC7")
    return server


@pytest.mark.parametrize("name", SHELLS)
def test_tab(server: ServerProcess, terminals: list[Terminal], tmp_path: Path, name: str) -> None:
    command, preparation = SHELLS[name]
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed")
    (tmp_path / "a file.yaml").touch()
    script = tmp_path / "completion"
    script.write_text(run(server.url, "completion", name))
    environment = {**os.environ, "GNS3TRIO_URL": server.url, "TERM": "dumb", "HOME": str(tmp_path)}
    # A shell wants the terminal to be that of its session.
    terminal = Terminal(environment, "setsid", "--ctty", "--wait", *command)
    terminals.append(terminal)
    terminal.type(f"cd '{tmp_path}'; {preparation}; source ./completion\r")
    for what, (typed, words) in TYPED.items():
        terminal.until("ready> ")
        terminal.type(f"gns3trio {typed}\r")
        seen = terminal.until(r"(?m)^<.*>\r?\n")
        assert seen.splitlines()[-1] == "".join(f"<{word}>" for word in words), what


@pytest.mark.parametrize("words", [["node", "list", ""], ["link", "show", "lab", ""], ["console", ""]])
def test_without_a_server_there_are_no_names_and_no_complaint(words: list[str]) -> None:
    assert offered(CLOSED, *words) == ([], 0)


def test_a_server_that_does_not_answer_is_not_waited_for(server: ServerProcess) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert offered(server.url, "node", "list", "--url", url, "") == ([], 0)


def test_the_server_is_the_one_that_the_line_names(server: ServerProcess) -> None:
    names = ["R&D (old)", "closed", "it's: one", "lab", "my $1 lab", "what!now"]
    assert offered(CLOSED, "node", "list", "--url", server.url, "") == (names, 0)
    assert offered(CLOSED, "node", "list", f"--url={server.url}", "") == (names, 0)


def test_what_is_offered_is_what_is_taken() -> None:
    names, _ = offered(CLOSED, "link", "filter", "lab", "PC1-PC2", "")
    assert {*names} == {f"{each['type']}=" for each in GNS3_FILTERS}
    assert offered(CLOSED, "link", "filter", "lab", "PC1-PC2", "delay=5", "")[0] == [n for n in names if n != "delay="]
    assert offered(CLOSED, "bench-udp", "--tests", "")[0] == list(BenchmarkSpec().tests)
    assert offered(CLOSED, "bench-link", "--tests", "loss,")[0] == ["loss,throughput", "loss,latency", "loss,burst"]
    levels, _ = offered(CLOSED, "serve", "--log-level", "")
    assert len(levels) == 4
    for level in levels:
        assert Config(log_level=level).log_level == level


def test_what_lists_and_new_commands_take(server: ServerProcess) -> None:
    run(server.url, "snapshot", "create", "lab", "before")
    run(server.url, "group", "create", "class")
    for words, names in (
        (["node", "list", "-o", ""], ["table", "wide", "json", "yaml", "name"]),
        (["node", "ls", "lab", "--status", ""], ["started", "stopped", "suspended"]),
        (["node", "ls", "lab", "--filter", ""], ["name=", "type=", "status=", "console="]),
        (["--url", server.url, "project", "ls", "--status", ""], ["opened", "closed"]),
        (["snapshot", "restore", "lab", ""], ["before"]),
        (["topology", "draw", "--theme", ""], ["light", "dark", "auto"]),
        (["drawing", "create", "lab", ""], ["note", "rectangle", "ellipse", "line", "picture"]),
    ):
        assert offered(server.url, *words) == (names, 0)
    assert "class" in offered(server.url, "group", "show", "")[0]
    assert {"status", "snapshot", "recover", "version"} <= {*offered(CLOSED, "")[0]}
    assert "--url" in offered(CLOSED, "node", "list", "--")[0]
    assert offered(CLOSED, "topology", "import", "") == ([], 4)  # a file


def test_where_anything_may_come_nothing_is_offered(server: ServerProcess) -> None:
    for words in (
        ["nonsense", ""],
        ["project", "create", ""],
        ["node", "show", "lab", "PC1", ""],
        ["project", "no", ""],
    ):
        assert offered(server.url, *words) == ([], 0)


def offered(url: str, *words: str) -> tuple[list[str], int]:
    """What fish would get, without the descriptions, and the exit status; nothing may be complained of."""
    result = subprocess.run(
        [*GNS3TRIO, "complete", "fish", *words],
        env={**os.environ, "GNS3TRIO_URL": url},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert result.stderr == ""
    return [line.partition("\t")[0] for line in result.stdout.splitlines()], result.returncode
