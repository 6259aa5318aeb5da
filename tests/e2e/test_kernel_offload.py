"""A server whose links the kernel serves: nothing but the speed of a frame tells it from another."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests.e2e.conftest import PATIENCE, StartServer, wait_until
from tests.e2e.test_cli import COMMAND, Shell, make_lab, ping
from tests.kernel_offload import require_kernel_offload
from tests.pcap_reader import read_capture

WITHOUT_PRIVILEGES = ("unshare", "-U") if os.geteuid() == 0 else ()


@pytest.fixture
def lab(start_server: StartServer) -> Shell:
    require_kernel_offload()
    return make_lab(Shell(start_server("--kernel-offload", "--stats-interval", "0.1")))


def is_offloaded(lab: Shell) -> bool:
    statistics = lab.json("link", "stats", "lab", "PC1-PC2")
    return all(statistics[direction]["offloaded"] for direction in ("a_to_b", "b_to_a"))


def answers(lab: Shell) -> bool:
    """Whether PC1 answers a ping of PC2's, in the time of a busy machine."""
    return "ttl=64" in lab.run("console", "PC2", "-c", "ping 10.0.0.1 -c 1 -w 10000")


def test_frames_are_seen_whenever_somebody_looks(lab: Shell, tmp_path: Path) -> None:
    wait_until(lambda: is_offloaded(lab))
    before = lab.json("link", "stats", "lab", "PC1-PC2")["a_to_b"]["frames"]
    assert answers(lab) and answers(lab)
    assert lab.json("link", "stats", "lab", "PC1-PC2")["a_to_b"]["frames"] >= before + 2
    assert is_offloaded(lab)

    lab.run("link", "filter", "lab", "PC1-PC2", "packet_loss=100")
    assert not is_offloaded(lab)
    assert "timeout" in ping(lab)
    lab.run("link", "filter", "lab", "PC1-PC2")
    assert answers(lab)
    wait_until(lambda: is_offloaded(lab))
    lab.run("link", "suspend", "lab", "PC1-PC2")
    assert "timeout" in ping(lab)
    lab.run("link", "resume", "lab", "PC1-PC2")
    wait_until(lambda: is_offloaded(lab))

    file = tmp_path / "pings.pcapng"
    with lab.running("capture", "lab", "PC1-PC2", "-w", str(file), "--filter", "icmp") as capture:
        wait_until(lambda: not is_offloaded(lab))
        assert answers(lab)
        capture.send_signal(signal.SIGINT)
        assert capture.wait(PATIENCE) == 0
    assert len(read_capture(file.read_bytes()).packets) == 2
    wait_until(lambda: is_offloaded(lab))

    lab.run("node", "stop", "lab", "PC1")
    lab.run("node", "start", "lab", "PC1")
    lab.run("console", "lab", "PC1", "-c", "ip 10.0.0.1/24")
    assert answers(lab)
    wait_until(lambda: is_offloaded(lab))
    lab.run("link", "delete", "lab", "PC1-PC2")
    assert "timeout" in ping(lab)


def test_events_tell_of_frames_that_the_kernel_moved(lab: Shell) -> None:
    wait_until(lambda: is_offloaded(lab))
    before = lab.json("link", "stats", "lab", "PC1-PC2")["a_to_b"]["frames"]
    with lab.running("watch", "--project", "lab", "--json") as watch:
        assert watch.stdout is not None
        assert json.loads(watch.stdout.readline())["action"] == "events.begin"
        assert answers(lab)
        while (event := json.loads(watch.stdout.readline()))["action"] != "link.stats":
            pass
    assert event["event"]["a_to_b"]["frames"] > before and event["event"]["a_to_b"]["offloaded"]


def test_a_server_that_may_not_says_what_it_needs(tmp_path: Path) -> None:
    if WITHOUT_PRIVILEGES and subprocess.run([*WITHOUT_PRIVILEGES, "true"], check=False).returncode != 0:
        pytest.skip("a namespace of users is not allowed here")
    words = ["serve", "--port", "0", "--projects-path", str(tmp_path / "projects"), "--kernel-offload"]
    command = [*WITHOUT_PRIVILEGES, *COMMAND, *words]
    result = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert result.returncode == 1
    assert re.match(r"gns3trio: kernel_offload: (not permitted: .*CAP_BPF|this kernel cannot)", result.stderr)
    settings = tmp_path / "settings.toml"
    settings.write_text("kernel_offload = true\n")
    doctor = subprocess.run(
        [*WITHOUT_PRIVILEGES, *COMMAND, "doctor", "--config", str(settings)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert doctor.returncode == 1 and re.search(r"kernel offload +missing", doctor.stdout)
