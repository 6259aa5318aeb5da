"""The image is built and run, by a Docker daemon of the tests' own. No registry is used: its base is made of Debian's
packages.
"""

import io
import json
import os
import ssl
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.docs.documents import ROOT

DEPLOY = ROOT / "docs" / "deploy"
COMPOSE = ["docker-compose", "--project-name", "lab", "--file", str(DEPLOY / "compose" / "compose.yaml")]
BASE, IMAGE = "debian-of-packages", "gns3trio"
MOST_BYTES = 120_000_000  # that the image adds to its base
PATIENCE = 600
# Builds use this machine's network. Containers run in a network of their own, so that this machine's does not change.
BUILDING = ([], ["--bridge=none", "--iptables=false", "--ip-forward=false", "--ip-masq=false"])
RUNNING = (["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"], list[str]())

SERVER = [*("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges")]
PASSWORD = ["--env", "GNS3TRIO_USER=lab", "--env", "GNS3TRIO_PASSWORD=secret"]


def run(*command: str | Path, stdin: bytes | None = None) -> str:
    """What a command prints, which must succeed."""
    result = subprocess.run(
        command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE, check=False
    )
    printed = result.stdout.decode()
    assert result.returncode == 0, printed[-4000:]
    return printed.strip()


@contextmanager
def daemon(folder: Path, kind: tuple[list[str], list[str]]) -> Iterator[None]:
    """A Docker daemon with its data in ``folder``, which the ``docker`` commands of this process use."""
    way, options = kind
    address = f"unix://{folder}/sock"
    command = ["dockerd", "--host", address, "--pidfile", f"{folder}/pid"]
    command += ["--data-root", f"{folder}/data", "--exec-root", f"{folder}/exec", *options]
    with (folder / "log").open("ab") as log, subprocess.Popen([*way, *command], stdout=log, stderr=log) as process:
        try:
            deadline = time.monotonic() + PATIENCE
            while subprocess.run(["docker", "--host", address, "info"], capture_output=True, check=False).returncode:
                assert process.poll() is None and time.monotonic() < deadline, (folder / "log").read_text()[-4000:]
                time.sleep(0.2)
            os.environ |= {"DOCKER_HOST": address, "DOCKER_BUILDKIT": "0", "GNS3TRIO_PASSWORD": "secret"}
            yield
        finally:
            for name in ("DOCKER_HOST", "DOCKER_BUILDKIT", "GNS3TRIO_PASSWORD"):
                os.environ.pop(name, None)
            process.terminate()
            process.wait()
            network = folder / "exec" / "netns" / "default"  # Docker leaves it mounted
            subprocess.run(["umount", "--lazy", network], capture_output=True, check=False)


def make_base(folder: Path) -> Path:
    """An archive of a small Debian, with the package sources and the certificates of this machine."""
    release = dict(line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    sources = [*Path("/etc/apt/sources.list.d").glob("*.sources"), *Path("/etc/apt").glob("sources.list")]
    certificates = ssl.get_default_verify_paths().cafile
    (folder / "pip.conf").write_text("[global]\ncert = /etc/this-machine.pem\n")
    archive = folder / "base.tar"
    run(
        *("mmdebstrap", "--quiet", "--variant=minbase"),
        f"--customize-hook=upload {certificates} /etc/this-machine.pem",
        f"--customize-hook=upload {folder}/pip.conf /etc/pip.conf",
        *(release["VERSION_CODENAME"], archive, *sources),
    )
    return archive


def context() -> bytes:
    """What Git knows of this folder, as ``git archive`` gives what is committed. Compressed, because Docker knows an
    archive from a recipe by its first bytes.
    """
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz", compresslevel=1) as tar:
        for name in run("git", "-C", ROOT, "ls-files").splitlines():
            if (ROOT / name).exists():
                tar.add(ROOT / name, name)
    return archive.getvalue()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A daemon that has the image."""
    folder = tmp_path_factory.mktemp("docker")
    with daemon(folder, BUILDING):
        run("docker", "import", make_base(folder), BASE)
        recipe = "docs/deploy/container/Containerfile"
        options = ["--network", "host", "--build-arg", f"BASE={BASE}", "--tag", IMAGE, "--file", recipe]
        run("docker", "build", *options, "-", stdin=context())
    with daemon(folder, RUNNING):
        yield


def test_the_image_is_small_and_its_server_needs_no_privileges(running: None) -> None:
    sizes = [int(run("docker", "image", "inspect", "--format", "{{.Size}}", name)) for name in (IMAGE, BASE)]
    assert sizes[0] - sizes[1] < MOST_BYTES
    name = run("docker", "run", "--detach", *SERVER, *PASSWORD, IMAGE)
    try:
        wait_healthy(name)
        assert run("docker", "exec", name, "id", "-u") == "10001"
        found = {
            each["what"]: each["verdict"]
            for each in json.loads(run("docker", "exec", name, "gns3trio", "doctor", "--json"))
        }
        assert {what: found[what] for what in ("core", "VPCS", "sandbox", "NAT", "projects")} == dict.fromkeys(
            ("core", "VPCS", "sandbox", "NAT", "projects"), "good"
        )
        assert found["CAP_NET_ADMIN"] == "optional"
        run("docker", "stop", name)
        assert run("docker", "inspect", "--format", "{{.State.ExitCode}}", name) == "0"
    finally:
        run("docker", "rm", "--force", "--volumes", name)


def wait_healthy(name: str) -> None:
    """Wait for the image's own health check."""
    deadline = time.monotonic() + PATIENCE
    while (state := run("docker", "inspect", "--format", "{{.State.Health.Status}}", name)) != "healthy":
        assert state == "starting" and time.monotonic() < deadline, run("docker", "logs", name)
        time.sleep(0.5)


LAB = """\
set -e
export GNS3TRIO_URL=http://127.0.0.1:3080
gns3trio project create lab
gns3trio node create lab ethernet_switch SW
gns3trio node create lab vpcs A --compute compute1
gns3trio node create lab vpcs B --compute compute2
gns3trio node create lab vpcs C
for pc in A B C; do gns3trio link create lab $pc SW; done
gns3trio node start lab --all
gns3trio console lab A -c "ip 10.0.0.1/24"
gns3trio console lab B -c "ip 10.0.0.2/24"
gns3trio console lab C -c "ip 10.0.0.3/24" -c "ping 10.0.0.1 -c 3" -c "ping 10.0.0.2 -c 3"
"""


def test_a_lab_over_a_controller_and_two_computes(running: None) -> None:
    try:
        run(*COMPOSE, "up", "--detach")
        joined = run(*COMPOSE, "ps", "--quiet", "join")
        assert run("docker", "wait", joined) == "0", run("docker", "logs", joined)
        controller = run(*COMPOSE, "ps", "--quiet", "controller")
        printed = run("docker", "exec", "--interactive", controller, "sh", "-s", stdin=LAB.encode())
        for number in (1, 2):
            assert f"10.0.0.{number} icmp_seq=3 ttl=64" in printed, printed
    finally:
        run(*COMPOSE, "down", "--volumes")
