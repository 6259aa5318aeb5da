"""A Docker engine for tests: the real dockerd, with nothing that it shares with another engine of this machine.

It has a folder, a containerd, mounts and cgroups of its own, and no network. A supervisor
(``docker_supervisor.py``) runs it, and removes all of this when the tests end, in whatever way.
"""

import http.client
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlencode

import pytest

from gns3trio.classes import frozen
from tests.support.machines import GUEST_PACKAGES

ROOT = Path(__file__).parent.parent.parent
# A root file system with busybox at /bin, and nothing that is started by itself.
BUSYBOX = "busybox"
# It starts in half a second, if it has a processor for itself.
START_SECONDS = 120.0
_PACKAGES = {"dockerd": "docker.io", "podman": "podman"}


@frozen
class DockerEngine:
    """An engine that runs, and its API."""

    socket: Path
    supervisor: int  # the process id
    busybox: Path  # the program that is in the images

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """The decoded reply of the Engine API. Bytes are sent as an archive. Raises AssertionError for an error."""
        connection = _UnixConnection(self.socket)
        is_archive = isinstance(body, bytes)
        headers = {"Content-Type": "application/x-tar" if is_archive else "application/json"}
        try:
            connection.request(method, path, body if is_archive or body is None else json.dumps(body), headers)
            reply = connection.getresponse()
            text = reply.read()
        finally:
            connection.close()
        assert reply.status < 400, f"{method} {path}: {reply.status} {text.decode(errors='replace')}"
        return json.loads(text) if text and "json" in (reply.getheader("Content-Type") or "") else text

    def make_image(self, name: str, *changes: str, files: Mapping[str, str] | None = None, names: bool = True) -> str:
        """Import an image of busybox with these programs or texts by their paths. A change is a line of a Dockerfile,
        such as ``VOLUME /data``. Without ``names``, it has no programs but these. Returns its id.
        """
        parameters = [("fromSrc", "-"), ("repo", name), ("tag", "latest"), *(("changes", each) for each in changes)]
        archive = busybox_archive(self.busybox if names else None, files or {})
        self.request("POST", f"/images/create?{urlencode(parameters)}", archive)
        return str(self.request("GET", f"/images/{quote(name)}/json")["Id"])

    def containers(self) -> list[str]:
        """The names of all containers, without the slash before them."""
        return [each["Names"][0][1:] for each in self.request("GET", "/containers/json?all=1")]

    @contextmanager
    def container(
        self,
        *command: str,
        image: str = BUSYBOX,
        host_config: Mapping[str, Any] | None = None,
        start: bool = True,
        **config: Any,
    ) -> Iterator["Container"]:
        """A container without a network, which is removed at the end."""
        config = {"Image": image, "Cmd": list(command), "NetworkDisabled": True, **config}
        created = self.request(
            "POST", "/containers/create", {**config, "HostConfig": {"NetworkMode": "none", **(host_config or {})}}
        )
        try:
            container = Container(self, created["Id"])
            if start:
                container.start()
            yield container
        finally:
            self.request("DELETE", f"/containers/{created['Id']}?force=1&v=1")


@frozen
class Container:
    """A container."""

    engine: DockerEngine
    id: str

    def start(self) -> None:
        """Start it."""
        self.engine.request("POST", f"/containers/{self.id}/start")

    @property
    def state(self) -> dict[str, Any]:
        """``Running``, ``Pid``, ``ExitCode`` and others."""
        found: dict[str, Any] = self.engine.request("GET", f"/containers/{self.id}/json")["State"]
        return found

    @property
    def pid(self) -> int:
        """The process id of its first process, for this host."""
        return int(self.state["Pid"])

    def printed(self) -> str:
        """All that it has printed, when it has ended."""
        self.engine.request("POST", f"/containers/{self.id}/wait")
        output = self.engine.request("GET", f"/containers/{self.id}/logs?stdout=1&stderr=1")
        return str(output.decode(errors="replace").replace("\r", ""))

    def run(self, *command: str) -> str:
        """What a command prints in it, which must succeed."""
        printed, status = self.attempt(*command)
        assert status == 0, f"{' '.join(command)}: {printed}"
        return printed

    def attempt(self, *command: str) -> tuple[str, int]:
        """What a command prints in it, and its exit status."""
        how = {"Cmd": list(command), "AttachStdout": True, "AttachStderr": True, "Tty": True}
        made = self.engine.request("POST", f"/containers/{self.id}/exec", how)["Id"]
        printed = self.engine.request("POST", f"/exec/{made}/start", {"Tty": True})
        while (found := self.engine.request("GET", f"/exec/{made}/json"))["Running"]:
            time.sleep(0.01)  # its output has ended already
        return printed.decode(errors="replace"), found["ExitCode"]


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("docker", timeout=START_SECONDS)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(os.fspath(self._path))


def find_busybox() -> Path | None:
    """A static busybox: the one that ``./dev`` has unpacked for guests, or this machine's."""
    for found in (
        *GUEST_PACKAGES.glob("*bin/busybox"),
        *GUEST_PACKAGES.glob("usr/bin/busybox"),
        shutil.which("busybox"),
    ):
        if found is not None:
            return Path(found)
    return None


def busybox_archive(busybox: Path | None, files: Mapping[str, str]) -> bytes:
    """The tar archive of a root file system: busybox with its names in /bin, and ``files``, which can be executed."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for folder in ("bin", "etc", "root", "tmp"):
            tar.addfile(_entry(folder, tarfile.DIRTYPE))
        if busybox is not None:
            program = busybox.read_bytes()
            tar.addfile(_entry("bin/busybox", size=len(program)), io.BytesIO(program))
            names = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split()
            for name in names:
                if name != "busybox":
                    tar.addfile(_entry(f"bin/{name}", tarfile.SYMTYPE, target="busybox"))
        for path, text in files.items():
            data = text.encode()
            tar.addfile(_entry(path.lstrip("/"), size=len(data)), io.BytesIO(data))
    return archive.getvalue()


def _entry(name: str, kind: bytes = tarfile.REGTYPE, *, size: int = 0, target: str = "") -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.size, entry.linkname, entry.mode = kind, size, target, 0o755
    return entry


@contextmanager
def open_docker_engine(program: Literal["dockerd", "podman"] = "dockerd") -> Iterator[DockerEngine]:
    """Start an engine, with the image ``busybox``. Skips the test if this machine cannot have one."""
    busybox = find_busybox()
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed (Debian: {_PACKAGES[program]})")
    if busybox is None:
        pytest.skip("there is no static busybox for images (Debian: busybox-static)")
    if os.geteuid() != 0:
        pytest.skip("a Docker engine needs root")
    # The path of a socket may have 107 bytes, so it is not in pytest's folder. The supervisor removes it.
    folder = Path(tempfile.mkdtemp(prefix="gns3trio-docker-"))
    command = [sys.executable, "-m", "tests.support.docker_supervisor", os.fspath(folder), program]
    with tempfile.TemporaryFile() as log:
        options: Any = {"stdin": subprocess.PIPE, "stdout": log, "stderr": log, "cwd": ROOT, "start_new_session": True}
        with subprocess.Popen(command, **options) as supervisor:  # leaving it closes its input and waits for it
            engine = DockerEngine(folder / "sock", supervisor.pid, busybox)
            trouble = _wait_until_it_works(engine, supervisor)
            if trouble is None:
                yield engine
        if trouble is not None:
            log.seek(0)
            pytest.skip(f"a Docker engine cannot run here: {trouble}\n{log.read()[-1500:].decode(errors='replace')}")


def _wait_until_it_works(engine: DockerEngine, supervisor: "subprocess.Popen[bytes]") -> str | None:
    """Return when the engine has run a container; returns why it cannot, if it cannot."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            engine.request("GET", "/_ping")
            break
        except OSError as error:
            if supervisor.poll() is not None or time.monotonic() > deadline:
                return str(error)
            time.sleep(0.05)  # dockerd tells nobody when it listens
    try:
        engine.make_image(BUSYBOX)
        with engine.container("true") as container:
            engine.request("POST", f"/containers/{container.id}/wait")
            return None if container.state["ExitCode"] == 0 else str(container.state)
    except (AssertionError, OSError) as error:
        return str(error)
