"""The benchmark's ubridge driver, against a fake that keeps to the hypervisor protocol and does forward."""

import sys
from pathlib import Path

import pytest

from benchmarks.forwarding.forwarders import variants
from benchmarks.forwarding.machine import Cpus, Placement
from benchmarks.forwarding.measure import Plan, measure
from benchmarks.forwarding.programs import BenchmarkError
from benchmarks.forwarding.ubridge import Refused, ReplyParser, running_ubridge

FAKE = """#!{python}
# Speaks the hypervisor protocol on one connection, and forwards between the two UDP tunnels of each started bridge.
import selectors, signal, socket, sys

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
assert sys.argv[1] == "-H"
host, port = sys.argv[2].split(":")
with socket.create_server((host, int(port))) as server:
    control, _ = server.accept()
selector = selectors.DefaultSelector()
selector.register(control, selectors.EVENT_READ)
bridges, received = {{}}, b""


def answer(words):
    match words:
        case ["bridge", "create", name]:
            if name in bridges:
                return "206-bridge exists already"
            bridges[name] = []
        case ["bridge", "add_nio_udp", name, own, remote_host, remote_port]:
            tunnel = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            tunnel.bind((host, int(own)))
            tunnel.connect((remote_host, int(remote_port)))
            tunnel.setblocking(False)
            bridges[name].append(tunnel)
        case ["bridge", "start", name]:
            one, other = bridges[name]
            selector.register(one, selectors.EVENT_READ, other)
            selector.register(other, selectors.EVENT_READ, one)
        case ["bridge", "list"]:
            return "".join(f"101 {{name}}\\r\\n" for name in bridges) + "100-OK"
        case _:
            return "202-unknown command"
    return "100-OK"


while True:
    for key, _ in selector.select():
        if key.fileobj is not control:
            key.data.send(key.fileobj.recv(65535))
            continue
        data = control.recv(4096)
        if not data:
            sys.exit(0)
        *lines, received = (received + data).split(b"\\n")
        for line in lines:
            control.sendall(answer(line.decode().split()).encode() + b"\\r\\n")
"""


@pytest.fixture
def fake_ubridge(tmp_path: Path) -> Path:
    binary = tmp_path / "ubridge"
    binary.write_text(FAKE.format(python=sys.executable))
    binary.chmod(0o755)
    return binary


def test_a_reply_is_read_whole_however_it_is_cut() -> None:
    parser = ReplyParser()
    assert parser.receive_data(b"101 bridge0 (runn") is None
    assert parser.receive_data(b"ing)\r\n101 bridge1\r") is None
    assert parser.receive_data(b"\n100-") is None
    assert parser.receive_data(b"OK\r\n") == ["bridge0 (running)", "bridge1"]
    assert parser.receive_data(b"100-bridge created\r\n") == []


def test_an_error_reply_is_raised_and_the_next_reply_starts_anew() -> None:
    parser = ReplyParser()
    with pytest.raises(Refused, match="206-bridge exists"):
        parser.receive_data(b"101 half an answer\r\n206-bridge exists\r\n")
    assert parser.receive_data(b"100-OK\r\n") == []


def test_what_is_no_reply_is_said() -> None:
    with pytest.raises(BenchmarkError, match="not a reply: 'SSH"):
        ReplyParser().receive_data(b"SSH-2.0-OpenSSH\r\n")


def test_commands_and_their_errors_reach_the_program(fake_ubridge: Path) -> None:
    with running_ubridge(fake_ubridge) as (_, hypervisor):
        hypervisor.command("bridge", "create", "one")
        assert hypervisor.command("bridge", "list") == ["one"]
        with pytest.raises(Refused, match="206"):
            hypervisor.command("bridge", "create", "one")
        with pytest.raises(Refused, match="202"):
            hypervisor.command("nonsense")


def test_frames_cross_one_and_two_hops(fake_ubridge: Path) -> None:
    """The whole way: processes, wiring, traffic, CPU accounting."""
    plan = Plan(
        variants=[variant for variant in variants(fake_ubridge) if variant.name.startswith("ubridge")],
        links=[2],
        windows=[2],
        sizes=[64],
        placements=[Placement.FREE],
        cpus=Cpus.default(),
        burst=1,
        seconds=0.1,
        warm_up_seconds=0.0,
        rounds=1,
    )
    found = {one.variant: one.sample for one in measure(plan, lambda text: None)}
    assert found.keys() == {"ubridge1", "ubridge2"}
    for sample in found.values():
        assert sample.frames > 0
        assert (sample.lost, sample.late, sample.damaged) == (0, 0, 0)
        assert sample.watched_cpu_ns > 0


def test_a_missing_binary_is_said(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="cannot start"), running_ubridge(tmp_path / "ubridge"):
        pass
