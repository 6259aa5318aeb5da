"""A node on another host. Its state is what the compute told last, in replies and notifications."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

import attrs
import trio

from gns3trio import threads
from gns3trio.compute.captures import CaptureSpec
from gns3trio.compute.extensions import ENGINES, LINK_CONDITIONS
from gns3trio.compute.nio import LinkNio, UdpNio
from gns3trio.compute.node import NodeEvent, NodeSpec, NodeStatus
from gns3trio.compute.node_features import TrafficEndpoint
from gns3trio.compute.node_traits import NodePort
from gns3trio.compute.node_types import node_types
from gns3trio.compute.remote.capture import RemoteCapture
from gns3trio.compute.remote.console import RemoteConsole
from gns3trio.compute.remote.dialect import Dialect
from gns3trio.compute.remote.event_order import StatusOrder
from gns3trio.compute.remote.files import RemoteFiles
from gns3trio.compute.remote.http import ACTION_SECONDS, ANSWER_SECONDS, ComputeHttp
from gns3trio.compute.remote.link_end import RemoteLinkEnd, nio_body
from gns3trio.compute.remote.node_view import NodeView, read_node
from gns3trio.compute.remote.parts import Host
from gns3trio.compute.remote.projects import forgiving
from gns3trio.compute.remote.reports import NodeFacts, read_facts
from gns3trio.compute.remote.streamed_capture import StreamedCapture
from gns3trio.errors import Conflict, Invalid, NotFound, path_error
from gns3trio.project_layout import CAPTURES, PROJECT_FILES

# How long a start that hangs may go on when somebody comes to stop the node.
_HANGING_SECONDS = 5.0
_SCRIPT = "startup_script"


def require_engine(can_choose: bool, node_type: str, engine: str) -> None:
    """Raises Conflict if the compute takes no choice of the engine, Invalid for one that no node of the type has."""
    if not can_choose:
        raise Conflict("engine: a GNS3 compute chooses it itself")
    if engine not in (engines := node_types[node_type].engines):
        there_are = f"there are {' and '.join(engines)}" if engines else "there is no choice"
        raise Invalid(f"engine: {engine!r} is none of a {node_type}: {there_are}")


class RemoteNode:
    """A node. Its compute creates it."""

    mac_table = None
    disks = None

    def __init__(self, compute: Host, spec: NodeSpec, view: NodeView) -> None:
        self._traits = node_types[spec.node_type]
        self.node_id = spec.node_id
        self.project_id = spec.project_id
        self.node_type = spec.node_type
        self.name = spec.name
        self.mac_id: int | None = None
        self.view = view
        self._facts = NodeFacts()
        self._compute = compute
        self._emit = spec.emit
        # A property of ours: GNS3 has the script in a file only.
        self._script = {_SCRIPT: spec.properties[_SCRIPT]} if _SCRIPT in spec.properties else {}
        self._ends: dict[tuple[int, int], RemoteLinkEnd] = {}
        self._left: set[tuple[int, int]] = set()  # ports that its compute still has to disconnect
        self._status_order = StatusOrder()
        self._starting: trio.CancelScope | None = None
        self._stoppers = 0
        self._console = RemoteConsole(
            lambda client: compute.open_console(client, f"{self.path}/console/ws"), lambda: self.status == "started"
        )

    # --- what is known ---

    @property
    def path(self) -> str:
        """Where it is in the API of the compute."""
        return f"projects/{self.project_id}/{self.node_type}/nodes/{self.node_id}"

    def port_path(self, port: tuple[int, int]) -> str:
        """Where a port is in the API of the compute."""
        return f"{self.path}/adapters/{port[0]}/ports/{port[1]}"

    @property
    def compute_name(self) -> str:
        """The name of its compute, for people."""
        return self._compute.address.name

    @property
    def dialect(self) -> Dialect:
        """How its compute speaks."""
        return self._compute.dialect

    def has_extension(self, name: str) -> bool:
        """Whether its compute has an extension of the compute API."""
        return self._compute.has_extension(name)

    @property
    def always_runs(self) -> bool:
        """Whether it runs as long as it exists."""
        return self._traits.always_runs

    @property
    def status(self) -> NodeStatus:
        """Its status as told last."""
        return "started" if self.always_runs else self.view.status

    @property
    def exit_reason(self) -> str | None:
        """Why it stopped last, if its compute tells."""
        return self._facts.exit_reason

    @property
    def engine(self) -> str | None:
        """What runs it, if its compute tells."""
        return self._facts.engine

    @property
    def has_default_engine(self) -> bool:
        """Whether its compute has chosen the engine."""
        return self._facts.has_default_engine

    @property
    def command_line(self) -> str | None:
        """The command line of its last start."""
        return self.view.command_line

    @property
    def directory(self) -> Path | None:
        """Its folder on the compute's host."""
        return Path(self.view.directory) if self.view.directory else None

    @property
    def files(self) -> RemoteFiles:
        """Its files, which are on the compute's host."""
        return RemoteFiles(
            self._compute.reach, f"projects/{self.project_id}", self._folder(), self._compute.spool_folder
        )

    def _folder(self) -> str:
        """Its folder below that of the project: GNS3 names some by another word than the type."""
        parts = PurePosixPath(self.view.directory or "").parts[-3:]
        kind = parts[1] if len(parts) == 3 and parts[::2] == (PROJECT_FILES, str(self.node_id)) else self.node_type
        return f"{PROJECT_FILES}/{kind if kind.isidentifier() else self.node_type}/{self.node_id}"

    @property
    def console(self) -> int | None:
        """The TCP port of its console on the compute's host."""
        return self.view.console

    @property
    def console_type(self) -> str | None:
        """The type of its console."""
        return self.view.console_type

    @property
    def console_access(self) -> RemoteConsole | None:
        """Its console, if it is a text."""
        return self._console if self.console_type == "telnet" else None

    @property
    def has_nio(self) -> bool:
        """Whether any port is connected."""
        return bool(self._ends)

    def ports(self) -> list[NodePort]:
        """Its ports as its properties tell them. Those of emulators follow from the record of the node."""
        return list(self._traits.ports(self.view.properties)) if self._traits.ports is not None else []

    def properties(self) -> dict[str, Any]:
        """Its properties, as the compute told them."""
        return {**self.view.properties, **self._script}

    def as_read(self, properties: dict[str, Any]) -> dict[str, Any]:
        """Only the compute could tell."""
        return properties

    def link_end(self, adapter_number: int, port_number: int) -> RemoteLinkEnd | None:
        """The end of the link at a port."""
        return self._ends.get((adapter_number, port_number))

    def ends(self) -> list[RemoteLinkEnd]:
        """The ends of all its links."""
        return list(self._ends.values())

    def traffic_endpoint(self) -> TrafficEndpoint:
        """Raises Conflict: GNS3 generates no traffic."""
        raise Conflict(f"'{self.name}' is on another host, whose nodes generate no traffic")

    def port_trouble(self, adapter_number: int, port_number: int) -> str | None:
        """No frame passes while its compute is away, as far as is known here."""
        return self._compute.trouble or self._facts.troubles.get((adapter_number, port_number))

    # --- what the compute tells ---

    def take(self, value: Any) -> None:
        """A reply of the compute that shows the node."""
        view = read_node(value, self.node_type, self.view)
        if view is not None:
            self._become(view)

    def take_event(self, value: Any) -> None:
        """An event of the compute that shows the node."""
        view = read_node(value, self.node_type, self.view)
        if view is not None:
            self._become(attrs.evolve(view, status=self._status_order.hear(view.status, self.view.status)))

    def take_again(self, value: Any) -> None:
        """A reply to a new connection, which shows the node: what was told before counts no more."""
        self._status_order.forget()
        self.take(value)

    def _become(self, view: NodeView) -> None:
        before, self.view = self.view, view
        if view == before:
            return
        is_status = before.status != view.status and not self.always_runs
        self._emit(NodeEvent("status" if is_status else "updated"))

    def run_by(self, engine: str) -> None:
        """It was created with this engine."""
        self._facts = attrs.evolve(self._facts, engine=engine, has_default_engine=False)

    def take_facts(self, facts: NodeFacts) -> None:
        """What a compute of ours reports of the node."""
        if facts.engine not in self._traits.engines:
            facts = attrs.evolve(facts, engine=None, has_default_engine=True)
        before, self._facts = self._facts, facts
        if facts.mac_id is not None:
            self.mac_id = facts.mac_id
        if (facts.exit_reason, facts.troubles) != (before.exit_reason, before.troubles):
            self._emit(NodeEvent("updated"))

    def _settle(self) -> None:
        """All events from before the answer to an action have come."""
        status = self._status_order.settle()
        if status is not None:
            self._become(attrs.evolve(self.view, status=status))

    def tell_changed(self) -> None:
        """Its compute went away, or came back."""
        self._emit(NodeEvent("updated"))

    def lose(self) -> NodeStatus:
        """The compute has it no longer; returns the status that it had."""
        status = self.status
        for end in self._ends.values():
            end.close()
        self._ends.clear()
        self._status_order.forget()
        self._become(attrs.evolve(self.view, status="stopped"))
        return status

    # --- actions ---

    async def request(self, method: str, path: str, body: Any = None, seconds: float = ANSWER_SECONDS) -> Any:
        """Send a request to the compute, and return its answer."""
        return await self._compute.reach().request(method, path, body, seconds=seconds)

    async def _act(self, action: str, status: NodeStatus) -> None:
        """Let the compute act on the node, which has a new status then. Events of the action may come later."""
        self._status_order.begin()
        try:
            reply = await self.request("POST", f"{self.path}/{action}", seconds=ACTION_SECONDS)
        except BaseException:
            self._status_order.fail()
            raise
        self._status_order.confirm()
        view = read_node(reply, self.node_type, self.view) or self.view
        self._become(attrs.evolve(view, status=status))
        self._compute.when_events_passed(self._settle)

    @contextmanager
    def stopping(self) -> Iterator[None]:
        """Starts that are running have a few seconds left."""
        self._stoppers += 1
        if self._starting is not None:
            self._starting.deadline = min(self._starting.deadline, trio.current_time() + _HANGING_SECONDS)
        try:
            yield
        finally:
            self._stoppers -= 1

    async def start(self) -> None:
        """Start it. Does nothing if it is started."""
        if self.status == "started":
            return
        if self._stoppers:
            raise Conflict(f"'{self.name}' is being stopped")
        with trio.CancelScope() as self._starting:
            await self._act("start", "started")
        cancelled, self._starting = self._starting.cancelled_caught, None
        if cancelled:
            raise Conflict(f"'{self.name}' was stopped before its start had come to an end")

    async def stop(self) -> None:
        """Stop it. Does nothing if it is stopped."""
        if self.status == "stopped" or self.always_runs:
            return
        await self._act("stop", "stopped")

    async def suspend(self) -> None:
        """Suspend it."""
        if self.status != "started":
            raise Conflict(f"'{self.name}' is not started")
        await self._act("suspend", "suspended")

    async def reload(self) -> None:
        """Stop and start it, as its type does that."""
        if self.always_runs:
            return
        if self.status == "stopped":
            await self.start()
            return
        await self._act("reload", "started")

    async def rename(self, name: str) -> None:
        """Change its name."""
        self.take(await self.request("PUT", self.path, {"name": name}))
        self.name = name

    async def set_custom_adapters(self, adapters: list[dict[str, Any]]) -> None:
        """Pass them on."""
        self.take(await self.request("PUT", self.path, {"custom_adapters": adapters}))

    async def set_console(self, console: int | None, console_type: str | None) -> None:
        """Move its console. As in GNS3, another port is taken if the wanted one is not free."""
        wanted = {"console": console, "console_type": console_type}
        changes = {name: value for name, value in wanted.items() if value is not None}
        if changes:
            self.take(await self.request("PUT", self.path, changes))

    async def reset_console(self) -> None:
        """Disconnect all clients of the console."""
        if self.console_type is not None and self.status == "started":
            await self.request("POST", f"{self.path}/console/reset", seconds=ACTION_SECONDS)

    async def set_properties(self, properties: dict[str, Any]) -> None:
        """Change those that are not as they were told; they pass untouched."""
        given = dict(properties)
        script = given.pop(_SCRIPT, None)
        changes = {name: value for name, value in given.items() if self.view.properties.get(name) != value}
        if changes:
            self.take(await self.request("PUT", self.path, changes))
        if script is not None and self._script.get(_SCRIPT) != script:
            await self.set_startup_script(script)
        self._script = {_SCRIPT: script} if script is not None else {}

    async def set_engine(self, engine: str | None, mac_id: int | None = None) -> None:
        """Let another engine run it, if its compute is one of ours."""
        if engine is not None:
            require_engine(self.has_extension(ENGINES), self.node_type, engine)
        elif not self.has_extension(ENGINES):
            return
        told = await self.request("PUT", f"{self.path}/engine", {"engine": engine, "mac_id": mac_id})
        facts = read_facts(told if isinstance(told, dict) else {})
        self.take_facts(
            attrs.evolve(
                self._facts,
                engine=facts.engine,
                has_default_engine=engine is None,
                mac_id=facts.mac_id,
            )
        )

    async def startup_script(self) -> str | None:
        """The text of its start-up script, which is a file on the compute."""
        traits = self._traits.script
        if traits is None:
            return None
        data = await self.files.read(traits.file_name, traits.max_bytes)
        return data.decode(errors="surrogateescape") if data is not None else None

    async def set_startup_script(self, text: str) -> None:
        """Replace the start-up script."""
        traits = self._traits.script
        if traits is None:
            raise Conflict(f"nodes of type {self.node_type} have no start-up script")
        await self.files.write(traits.file_name, text.encode(errors="surrogateescape"))

    async def resize_disk(self, drive_name: str, extend: int) -> None:
        """Make a disk larger."""
        if self.node_type != "qemu":
            raise Conflict(f"Node '{self.name}' is of type {self.node_type}, and has no disk")
        body = {"drive_name": drive_name, "extend": extend}
        await self.request("POST", f"{self.path}/resize_disk", body, seconds=ACTION_SECONDS)

    # --- ports ---

    async def bind_nio(self, adapter_number: int, port_number: int, nio: UdpNio) -> None:
        """Connect a port to a tunnel, in place of its earlier connection."""
        port = adapter_number, port_number
        if port in self._ends:
            await self.unbind_nio(adapter_number, port_number)
        await self.separate_left(self._compute.reach())
        body = nio_body(nio, self.node_type, is_ours=self.has_extension(LINK_CONDITIONS))
        await self.request("POST", f"{self.port_path(port)}/nio", body)
        self._ends[port] = RemoteLinkEnd(self, port, nio, self._compute.counters_of_links, suspended=nio.suspend)

    def joined(self, adapter_number: int, port_number: int, nio: LinkNio | None, *, suspended: bool) -> None:
        """The compute has connected a port: to a tunnel, or to another port."""
        port = adapter_number, port_number
        self.separated(*port)
        self._left.discard(port)
        udp = nio if isinstance(nio, UdpNio) else None
        self._ends[port] = RemoteLinkEnd(self, port, udp, self._compute.counters_of_links, suspended=suspended)

    def separated(self, adapter_number: int, port_number: int) -> None:
        """The compute has disconnected a port, or cannot be asked to."""
        end = self._ends.pop((adapter_number, port_number), None)
        if end is not None:
            end.close()

    async def unbind_nio(self, adapter_number: int, port_number: int) -> None:
        """Disconnect a port. Raises Conflict if it is not connected."""
        port = adapter_number, port_number
        if port not in self._ends:
            raise Conflict(f"Port {adapter_number}/{port_number} of node '{self.name}' is not connected")
        try:
            await self.request("DELETE", f"{self.port_path(port)}/nio")
        except (Conflict, NotFound):
            pass  # the compute does not have it either
        except BaseException:
            self.left_connected(*port)
            raise
        finally:
            self.separated(*port)

    def left_connected(self, adapter_number: int, port_number: int) -> None:
        """The compute could not be told to disconnect a port: it is when the compute returns."""
        self._left.add((adapter_number, port_number))

    async def separate_left(self, http: ComputeHttp) -> None:
        """Let the compute, which has returned, disconnect what it has still connected. Raises Unavailable."""
        for port in list(self._left):
            await forgiving(http.request("DELETE", f"{self.port_path(port)}/nio"))
            self._left.discard(port)

    async def start_capture(
        self, port: tuple[int, int], spec: CaptureSpec, failed: Callable[[str], None]
    ) -> RemoteCapture:
        """Let the compute capture at a port, and copy the records into the file."""
        assert spec.path is not None, "checked by the end of the link"
        path, http = spec.path, self._compute.reach()
        if self._compute.is_capturing_to(path):
            raise Conflict(f"capture file {path}: is being written by another capture")

        def create() -> Any:
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.exists() or path.is_symlink():
                if path.is_symlink() or not path.is_file():
                    raise FileExistsError(17, f"{path.name} is not a file")
                path.unlink()
            return path.open("xb")

        try:
            file = await threads.disk.run(create)
        except OSError as error:
            raise path_error(f"capture file {path}", error) from None
        where = self.port_path(port)

        async def end() -> None:
            await self.request("POST", f"{where}/{self.dialect.stop_capture}")

        capture = RemoteCapture(spec, file, failed, end)
        try:
            body = {"capture_file_name": path.name, "data_link_type": spec.data_link_type}
            await http.request("POST", f"{where}/{self.dialect.start_capture}", body)
        except BaseException:
            file.close()
            path.unlink(missing_ok=True)
            raise
        file_path = f"projects/{self.project_id}/files/{CAPTURES}/{quote(path.name)}"
        self._compute.begin(partial(capture.run, http, f"{where}/{self.dialect.capture_stream}", file_path))
        return capture

    def new_streamed_capture(self, spec: CaptureSpec, failed: Callable[[str], None]) -> StreamedCapture:
        """A capture for a compute of ours, which is to be started. Raises Conflict if another one writes its file."""
        if spec.path is not None and self._compute.is_capturing_to(spec.path):
            raise Conflict(f"capture file {spec.path}: is being written by another capture")
        return StreamedCapture(spec, failed, self._compute.capture_memory)

    async def start_streamed_capture(self, port: tuple[int, int], capture: StreamedCapture) -> None:
        """Start a capture at a port of a compute of ours."""
        await capture.start(self._compute.begin, self._compute.reach(), f"{self.port_path(port)}/captures/ws")
