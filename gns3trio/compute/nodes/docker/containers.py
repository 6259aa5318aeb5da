"""Images and containers of an engine, as values, with the requests for them."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from gns3trio.classes import frozen
from gns3trio.compute.nodes.docker.engine import ANSWER_SECONDS, Engine, EngineRefused, HijackedStream
from gns3trio.compute.nodes.docker.settings import MAX_TASKS

MIB = 1024 * 1024
# What Podman calls itself.
_PODMAN = "Podman Engine"
# Process ids and exit codes of Linux have 32 bits.
_NUMBERS = 2**31
# As in GNS3: between the signal to stop, and SIGKILL.
STOP_SECONDS = 5
# An engine that is silent for so long does not remove it now. A client, or the end of the server, waits for this.
REMOVE_SECONDS = 30.0


@frozen(kw_only=True)
class Image:
    """What an image says of its containers."""

    entrypoint: Sequence[str]
    command: Sequence[str]
    volumes: Sequence[str]
    user: str


@frozen
class Mount:
    """A file or folder of this host in a container. ``is_filled``: if the folder is empty, the engine copies to it what
    the image has at this path.
    """

    source: str
    target: str
    is_filled: bool = False
    is_read_only: bool = False

    def body(self) -> dict[str, Any]:
        """An element of ``HostConfig.Mounts`` of the Engine API (1.25 and later)."""
        if not self.is_filled:
            return {"Type": "bind", "Source": self.source, "Target": self.target, "ReadOnly": self.is_read_only}
        # An engine fills new volumes only. This one has no name, so it goes with its container; the folder stays.
        driver = {"Name": "local", "Options": {"type": "none", "o": "bind", "device": self.source}}
        return {"Type": "volume", "Target": self.target, "VolumeOptions": {"DriverConfig": driver}}


@frozen(kw_only=True)
class ContainerSpec:
    """A container that is to be created. ``memory`` is in MiB; 0 is no limit. ``read_only`` are paths in it."""

    name: str
    host_name: str
    image: str
    labels: Mapping[str, str]
    entrypoint: Sequence[str]
    command: Sequence[str]
    environment: Sequence[str]
    mounts: Sequence[Mount] = ()
    hosts: Sequence[tuple[str, str]] = ()
    capabilities: Sequence[str] = ()
    read_only: Sequence[str] = ()
    privileged: bool = False
    user: str | None = None
    memory: int = 0
    cpus: float = 0.0

    def body(self) -> dict[str, Any]:
        """The body of the request."""
        host: dict[str, Any] = {
            "NetworkMode": "none",
            "Mounts": [mount.body() for mount in self.mounts],
            "ExtraHosts": [f"{name}:{address}" for name, address in self.hosts],
            "CapAdd": list(self.capabilities),
            "Privileged": self.privileged,
            "PidsLimit": MAX_TASKS,
            # The end of a container is a matter of its node.
            "RestartPolicy": {"Name": "no"},
            # A container prints to its console; a log of that on the host would grow for ever.
            "LogConfig": {"Type": "none", "Config": {}},
        }
        if self.read_only and not self.privileged:
            host["ReadonlyPaths"] = list(self.read_only)
        if self.memory:
            host |= {"Memory": self.memory * MIB, "MemorySwap": self.memory * MIB}
        if self.cpus:
            host["NanoCpus"] = round(self.cpus * 1e9)
        return {
            "Image": self.image,
            "Hostname": self.host_name,
            "Entrypoint": list(self.entrypoint),
            "Cmd": list(self.command),
            "Env": list(self.environment),
            "Labels": dict(self.labels),
            "Tty": True,
            "OpenStdin": True,
            "StdinOnce": False,
            "AttachStdin": True,
            "AttachStdout": True,
            "AttachStderr": True,
            **({"User": self.user} if self.user is not None else {}),
            "HostConfig": host,
        }


@frozen(kw_only=True)
class ContainerState:
    """The state of a container. ``pid`` is that of its first process on this host, 0 if it does not run."""

    is_running: bool
    is_paused: bool
    pid: int
    exit_code: int
    out_of_memory: bool
    error: str


class Containers:
    """The requests of nodes to an engine. All raise EngineRefused or EngineAway."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    async def image(self, name: str) -> Image | None:
        """An image that the engine has; None if it has none of this name."""
        try:
            found = await self.engine.request("GET", f"/images/{_quoted(name)}/json")
        except EngineRefused as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        config = _object(_object(found).get("Config"))
        return Image(
            entrypoint=_texts(config.get("Entrypoint")),
            command=_texts(config.get("Cmd")),
            volumes=sorted(_object(config.get("Volumes"))),
            user=str(config.get("User") or ""),
        )

    async def image_names(self) -> list[str]:
        """The names of the images that the engine has, sorted."""
        found = await self.engine.request("GET", "/images/json")
        names = {tag for each in _objects(found) for tag in _texts(each.get("RepoTags"))}
        return sorted(name for name in names if name != "<none>:<none>")

    async def is_podman(self) -> bool:
        """Whether the engine is Podman."""
        version = _object(await self.engine.request("GET", "/version"))
        return any(each.get("Name") == _PODMAN for each in _objects(version.get("Components")))

    async def create(self, spec: ContainerSpec) -> str:
        """Create a stopped container; returns its id."""
        body = spec.body()
        created = _object(await self.engine.request("POST", "/containers/create", {"name": spec.name}, body))
        return self.engine.checked_id(created.get("Id"))

    async def start(self, container_id: str) -> None:
        """Start a container. Does nothing if it runs."""
        await self.engine.request("POST", f"/containers/{container_id}/start")

    async def stop(self, container_id: str) -> None:
        """Ask the first process to end, and kill it after some seconds. Does nothing if it does not run."""
        await self.engine.request(
            "POST",
            f"/containers/{container_id}/stop",
            {"t": STOP_SECONDS},
            seconds=ANSWER_SECONDS + STOP_SECONDS,
        )

    async def kill(self, container_id: str) -> None:
        """Kill all its processes. Does nothing if it does not run."""
        try:
            await self.engine.request("POST", f"/containers/{container_id}/kill")
        except EngineRefused as error:
            if error.status not in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT):
                raise

    async def pause(self, container_id: str) -> None:
        """Freeze all its processes."""
        await self.engine.request("POST", f"/containers/{container_id}/pause")

    async def unpause(self, container_id: str) -> None:
        """Let its processes go on."""
        await self.engine.request("POST", f"/containers/{container_id}/unpause")

    async def remove(self, container_id: str) -> None:
        """Kill a container, and delete it with the volumes that have no name. Does nothing if it is gone."""
        try:
            query = {"force": "true", "v": "true"}
            await self.engine.request("DELETE", f"/containers/{container_id}", query, seconds=REMOVE_SECONDS)
        except EngineRefused as error:
            # 409: it is being removed already.
            if error.status not in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT):
                raise

    async def state(self, container_id: str) -> ContainerState | None:
        """The state of a container; None if it is gone."""
        try:
            found = await self.engine.request("GET", f"/containers/{container_id}/json")
        except EngineRefused as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        state = _object(_object(found).get("State"))
        return ContainerState(
            is_running=state.get("Running") is True,
            is_paused=state.get("Paused") is True,
            pid=_number(state.get("Pid")),
            exit_code=_number(state.get("ExitCode")),
            out_of_memory=state.get("OOMKilled") is True,
            error=str(state.get("Error") or ""),
        )

    async def wait(self, container_id: str) -> None:
        """Return when a container does not run, however long that takes."""
        await self.engine.wait("POST", f"/containers/{container_id}/wait", {"condition": "not-running"})

    async def labelled(self, labels: Mapping[str, str]) -> list[str]:
        """The ids of all containers with these labels."""
        filters = {"label": [f"{name}={value}" for name, value in labels.items()]}
        found = await self.engine.request("GET", "/containers/json", {"all": "true", "filters": filters})
        return [self.engine.checked_id(each.get("Id")) for each in _objects(found)]

    def attach(self, container_id: str) -> AbstractAsyncContextManager[HijackedStream]:
        """The terminal of a container's first process, from now on."""
        query = {"stream": "1", "stdin": "1", "stdout": "1", "stderr": "1"}
        return self.engine.hijack(f"/containers/{container_id}/attach", query)

    async def make_exec(self, container_id: str, command: Sequence[str], *, terminal: bool) -> str:
        """Prepare a command in a running container; returns its id."""
        body = {
            "AttachStdin": True,
            "AttachStdout": True,
            "AttachStderr": True,
            "Tty": terminal,
            "Cmd": list(command),
        }
        made = _object(await self.engine.request("POST", f"/containers/{container_id}/exec", None, body))
        return self.engine.checked_id(made.get("Id"))

    def run_exec(self, exec_id: str, *, terminal: bool) -> AbstractAsyncContextManager[HijackedStream]:
        """Start a prepared command, with its input and output. Without a terminal, the output is in frames."""
        return self.engine.hijack(f"/exec/{exec_id}/start", None, {"Detach": False, "Tty": terminal})


def _quoted(image: str) -> str:
    return quote(image, safe="/:@")


def _object(value: Any) -> dict[str, Any]:
    """What an engine answers is not trusted to have the right shape."""
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _texts(value: Any) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _number(value: Any) -> int:
    """What is too large for the number of a process, or for an exit code, is none."""
    return value if type(value) is int and abs(value) < _NUMBERS else 0
