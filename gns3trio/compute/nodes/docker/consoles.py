"""The consoles of a container: its terminal or its web server on one TCP port, and a shell on a second one.

The second console is GNS3's auxiliary console. Its shell is started when the first client comes.
"""

from contextlib import suppress
from typing import Protocol

import trio

from gns3trio.compute.local.leases import ConsolePorts
from gns3trio.compute.node import NodeEvent
from gns3trio.compute.nodes.docker.run import Run
from gns3trio.compute.nodes.docker.settings import CONSOLE_TYPES
from gns3trio.compute.nodes.docker.web_console import WebConsole
from gns3trio.compute.nodes.parts.node_console import NodeConsole
from gns3trio.console.acceptor import ConsoleAcceptor
from gns3trio.console.hub import ConsoleHub
from gns3trio.errors import Conflict, Invalid

# How long a client that is refused may take to read why.
_REFUSAL_SECONDS = 2.0
_NO_SCREEN = "console_type: this server shows no screens of containers (vnc): take telnet, http, https or none"


class ConsoleHost(Protocol):
    """The node that the consoles belong to."""

    name: str

    def tell(self, event: NodeEvent) -> None:
        """Report an event of the node."""


def check_console_type(kind: str) -> str:
    """Raises Invalid for a type of console that no container has."""
    if kind not in CONSOLE_TYPES:
        raise Invalid(f"console_type: {kind!r} is not one of {', '.join(CONSOLE_TYPES)}")
    return kind


class Consoles:
    """The ports are held as long as the node exists; clients are accepted while the container runs."""

    def __init__(self, ports: ConsolePorts, acceptor: ConsoleAcceptor, host: ConsoleHost) -> None:
        self.kind = "none"
        self._host = host
        self._main = NodeConsole(ports, acceptor)
        self._aux = NodeConsole(ports, acceptor)
        self._aux.serve = self._serve_shell
        self._web = WebConsole()
        self._run: Run | None = None
        self._opening_shell = trio.Lock()

    @property
    def terminal(self) -> ConsoleHub:
        """The clients of the terminal."""
        return self._main.hub

    @property
    def port(self) -> int | None:
        """The TCP port of the console; None without one."""
        return self._main.port

    @property
    def aux_port(self) -> int | None:
        """The TCP port of the second console."""
        return self._aux.port

    # --- ports ---

    def open(self, console: int | None, kind: str, aux: int | None, *, is_new: bool) -> None:
        """Lease the ports. Others are taken, and that is told, if these are in use. Raises Conflict or Invalid."""
        self._use(check_console_type(kind))
        if is_new:
            self.require_supported()
        if kind != "none" and (reason := self._main.take(console)) is not None:
            self._warn(f"{reason}: '{self._host.name}' has console {self.port} instead")
        if (reason := self._aux.take(aux)) is not None:
            self._warn(f"{reason}: '{self._host.name}' has the auxiliary console {self.aux_port} instead")

    def _warn(self, text: str) -> None:
        self._host.tell(NodeEvent("warning", text))

    def require_supported(self) -> None:
        """Raises Conflict for a type of console that this server does not have."""
        if self.kind == "vnc":
            raise Conflict(_NO_SCREEN)

    def change(self, console: int | None, kind: str) -> None:
        """Move the console, or change its type. None keeps the port. Raises Conflict or Invalid; nothing is changed
        then.
        """
        before = self.kind
        if check_console_type(kind) == "vnc" and kind != before:
            raise Conflict(_NO_SCREEN)
        self._use(kind)
        if kind == "none":
            self._main.release()
            return
        try:
            self._main.move(console)
        except Conflict:
            self._use(before)
            raise

    def move_aux(self, port: int | None) -> None:
        """Move the second console; None keeps its port. Raises Conflict."""
        self._aux.move(port)

    def _use(self, kind: str) -> None:
        self.kind = kind
        self._main.serve = self._web.serve if kind in ("http", "https") else self._main.hub.serve_telnet

    def release(self) -> None:
        """Release the ports."""
        self._main.release()
        self._aux.release()

    # --- clients ---

    def began(self, run: Run, pid: int, http_port: int) -> None:
        """The container runs: accept clients."""
        self._run = run
        self._web.open(pid, run.container_id, http_port)
        for console in (self._main, self._aux):
            if console is self._main and self.kind == "none":
                continue
            try:
                console.listen()
            except Conflict as error:
                self._host.tell(NodeEvent("error", f"Docker container '{self._host.name}': {error}"))

    def ended(self) -> None:
        """The container has ended. Its terminal and its shell have closed their clients."""
        self._run = None
        self._main.stop_listening()
        self._aux.stop_listening()
        self._web.close()

    def reset(self) -> None:
        """Disconnect all clients."""
        self._main.hub.reset()
        self._aux.hub.reset()
        self._web.reset()

    async def _serve_shell(self, stream: trio.SocketStream) -> None:
        """Serve a client of the second console. Only Cancelled propagates."""
        try:
            async with self._opening_shell:
                if self._run is None:
                    raise Conflict("the container does not run")
                await self._run.open_shell(self._aux.hub)
        except Conflict as error:
            await _refuse(stream, str(error))
            return
        await self._aux.hub.serve_telnet(stream)


async def _refuse(stream: trio.SocketStream, reason: str) -> None:
    with trio.move_on_after(_REFUSAL_SECONDS):
        with suppress(trio.BrokenResourceError):
            await stream.send_all(f"{reason}\r\n".encode())
    await trio.aclose_forcefully(stream)
