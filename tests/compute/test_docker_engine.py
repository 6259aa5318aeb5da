"""The Docker engine of the tests: what it gives them, and that it leaves nothing behind."""

import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.docker_engine import ROOT, DockerEngine

SECONDS = 60.0
_HOLD = """\
import sys
from tests.support.docker_engine import open_docker_engine
with open_docker_engine() as engine, engine.container("sleep", "1000") as container:
    print(engine.supervisor, engine.socket, container.id, container.pid, flush=True)
    sys.stdin.read()
"""


def test_containers_run_commands_from_an_image_of_this_test(docker_engine: DockerEngine) -> None:
    docker_engine.make_image(
        "with-parts", 'ENTRYPOINT ["/entry"]', "ENV A=b", files={"/entry": '#!/bin/sh\nexec "$@"\n'}
    )
    with docker_engine.container("sleep", "1000", image="with-parts") as container:
        assert container.run("sh", "-c", "echo $A; ls /sys/class/net").split() == ["b", "lo"]
        assert container.attempt("false") == ("", 1)
        assert container.state["Running"]
    assert container.id not in {each["Id"] for each in docker_engine.request("GET", "/containers/json?all=1")}


@pytest.mark.parametrize("is_paused", [False, True])
def test_nothing_is_left_when_the_tests_are_killed(is_paused: bool, docker_engine: DockerEngine) -> None:
    """Neither dockerd nor a container, nor a folder, a cgroup or a mount."""
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as tests:
        assert tests.stdout is not None
        supervisor, sock, name, pid = tests.stdout.readline().split()
        if is_paused:
            DockerEngine(Path(sock), int(supervisor), docker_engine.busybox).request(
                "POST", f"/containers/{name}/pause"
            )
        ends = [os.pidfd_open(int(each)) for each in (supervisor, pid)]
        tests.kill()
        for end in ends:
            assert select.select([end], [], [], SECONDS)[0] == [end]
            os.close(end)
    assert not Path(sock).parent.exists()
    for pattern in (f"gns3trio-test-{supervisor}", f"*/gns3trio-test-{supervisor}"):
        assert list(Path("/sys/fs/cgroup").glob(pattern)) == []
    assert name not in Path("/proc/mounts").read_text()
    assert not any(name in each or sock in each for each in _command_lines())


def _command_lines() -> Iterator[str]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield path.read_text(errors="replace")
