"""A server whose links the kernel serves: nothing but the speed of a frame tells it from another."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Any, cast

import attrs
import pytest

from tests.e2e.conftest import PATIENCE, StartServer, wait_until
from tests.e2e.shell import COMMAND, Shell, make_lab, ping
from tests.kernel_offload import require_kernel_offload
from tests.pcap_reader import read_capture

WITHOUT_PRIVILEGES = ("unshare", "-U") if os.geteuid() == 0 else ()


@attrs.frozen
class Lab:
    """PC1 and PC2, linked."""

    shell: Shell
    link: str  # path of the link in the API

    def frames(self) -> int:
        """How many have crossed the link from PC1 to PC2."""
        return cast(int, self._statistics()["a_to_b"]["frames"])

    def is_offloaded(self) -> bool:
        """Whether the kernel serves the link."""
        statistics = self._statistics()
        return all(statistics[direction]["offloaded"] for direction in ("a_to_b", "b_to_a"))

    def answers(self) -> bool:
        """Whether PC1 answers a ping of PC2's, in the time of a busy machine."""
        return "ttl=64" in self.shell.run("console", "PC2", "-c", "ping 10.0.0.1 -c 1 -w 10000")

    def _statistics(self) -> dict[str, Any]:
        status, statistics = self.shell.server.get(f"{self.link}/statistics")
        assert status == 200
        return cast(dict[str, Any], statistics)


@pytest.fixture
def lab(start_server: StartServer) -> Lab:
    require_kernel_offload()
    shell = make_lab(Shell(start_server("--kernel-offload", "--stats-interval", "0.1")))
    link = shell.json("link", "show", "lab", "PC1-PC2")
    lab = Lab(shell, f"/v2/projects/{link['project_id']}/links/{link['link_id']}")
    wait_until(lab.is_offloaded)
    return lab


def test_frames_are_seen_whenever_somebody_looks(lab: Lab, tmp_path: Path) -> None:
    run = lab.shell.run
    before = lab.frames()
    assert lab.answers() and lab.answers()
    assert lab.frames() >= before + 2
    assert lab.is_offloaded()

    run("link", "filter", "lab", "PC1-PC2", "packet_loss=100")
    assert not lab.is_offloaded()
    assert "timeout" in ping(lab.shell)
    run("link", "filter", "lab", "PC1-PC2")
    assert lab.answers()
    wait_until(lab.is_offloaded)
    run("link", "suspend", "lab", "PC1-PC2")
    assert "timeout" in ping(lab.shell)
    run("link", "resume", "lab", "PC1-PC2")
    wait_until(lab.is_offloaded)

    file = tmp_path / "pings.pcapng"
    with lab.shell.running("capture", "lab", "PC1-PC2", "-w", str(file), "--filter", "icmp") as capture:
        wait_until(lambda: not lab.is_offloaded())
        assert lab.answers()
        capture.send_signal(signal.SIGINT)
        assert capture.wait(PATIENCE) == 0
    assert len(read_capture(file.read_bytes()).packets) == 2
    wait_until(lab.is_offloaded)

    run("node", "stop", "lab", "PC1")
    run("node", "start", "lab", "PC1")
    run("console", "lab", "PC1", "-c", "ip 10.0.0.1/24")
    assert lab.answers()
    wait_until(lab.is_offloaded)
    run("link", "delete", "lab", "PC1-PC2")
    assert "timeout" in ping(lab.shell)


def test_events_tell_of_frames_that_the_kernel_moved(lab: Lab) -> None:
    before = lab.frames()
    with lab.shell.running("watch", "--project", "lab", "--json") as watch:
        assert watch.stdout is not None
        assert json.loads(watch.stdout.readline())["action"] == "events.begin"
        assert lab.answers()
        while (event := json.loads(watch.stdout.readline()))["action"] != "link.stats" or (
            event["event"]["a_to_b"]["frames"] == before  # of what was before
        ):
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
