"""One run of a container, from its start to its end: its terminal, its interfaces, and the watch for its end.

A run is a task in the compute's nursery, which catches all exceptions: an error in a node stops only that node. The
engine may be restarted meanwhile: a container that survives this is found again.
"""

import logging
import signal
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Protocol
from uuid import UUID

import trio

from gns3trio import threads
from gns3trio.compute.local.boots import Turn
from gns3trio.compute.local.programs import RunningProcess
from gns3trio.compute.node import NodeEvent
from gns3trio.compute.nodes.docker.container_files import SHELL
from gns3trio.compute.nodes.docker.containers import MIB, Containers, ContainerState
from gns3trio.compute.nodes.docker.engine import EngineAway, EngineRefused, HijackedStream
from gns3trio.compute.nodes.docker.kept_folders import KeptFolders
from gns3trio.compute.nodes.docker.namespace_taps import (
    ContainerAdapter,
    ContainerTap,
    close_container_taps,
    open_container_taps,
)
from gns3trio.compute.nodes.docker.services import DockerServices
from gns3trio.compute.nodes.docker.settings import BOOT_SECONDS, EXPECTED_MEMORY
from gns3trio.console.hub import ConsoleHub
from gns3trio.errors import Conflict, sole_cause
from gns3trio.printable import without_hidden

log = logging.getLogger(__name__)

# Between two attempts to reach an engine that is away, or a terminal that has ended before its container.
RETRY_SECONDS = 1.0
# Moby notes that a container is paused when it has paused it, and again when containerd tells of that, which may be
# after the next change. Then it is wrong for some moments, and refuses requests: they are repeated for so long.
SETTLE_SECONDS = 1.0
SETTLE_INTERVAL = 0.1
# The shell of the second console begins anew when a user leaves it.
_SHELLS = (*SHELL, "-c", f"while true; do TERM=vt100 {' '.join(SHELL)}; done")
# Bytes of what a container has printed last, for an error.
_LAST_WORDS = 400
# 128 and the number of a signal is the exit code of a process that it has killed.
_SIGNALLED = 128


class RunHost(Protocol):
    """The node that a run belongs to."""

    name: str
    node_id: UUID

    @property
    def terminal(self) -> ConsoleHub:
        """The clients of the container's terminal."""

    def plug_taps(self, taps: Sequence[ContainerTap]) -> None:
        """Connect the interfaces, which are there now."""

    def unplug(self) -> None:
        """Disconnect the interfaces, if they are connected. They are about to go."""

    def began(self, run: "Run", state: ContainerState) -> None:
        """The container runs."""

    def ended(self, reason: str | None, error: str | None) -> None:
        """The container has ended: by itself for this reason, or on request. ``error`` is for the user."""

    def tell(self, event: NodeEvent) -> None:
        """Report an event of the node."""


class Run:
    """A run of a container that has been created. ``memory`` is what it may have, in MiB; 0 is no limit."""

    def __init__(
        self,
        services: DockerServices,
        host: RunHost,
        container_id: str,
        *,
        adapters: Sequence[ContainerAdapter],
        folders: KeptFolders,
        memory: int,
    ) -> None:
        self.container_id = container_id
        self._services = services
        self._host = host
        self._adapters = adapters
        self._folders = folders
        self._memory = memory
        self._scope = trio.CancelScope()
        self._ended = trio.Event()
        self._is_up = False
        self._is_stopping = False
        self._last_words = bytearray()
        self._nursery: trio.Nursery | None = None  # while it is up
        self._shell: ConsoleHub | None = None  # the clients of the shell, if one runs

    @property
    def _containers(self) -> Containers:
        return self._services.containers

    # --- for the node ---

    async def pause(self) -> None:
        """Freeze the container, unless somebody has. Raises Conflict."""
        await self._suspend(self._containers.pause, is_paused=True)

    async def go_on(self) -> None:
        """Let a frozen container go on, unless somebody has. Raises Conflict."""
        await self._suspend(self._containers.unpause, is_paused=False)

    async def _suspend(self, request: Callable[[str], Awaitable[None]], *, is_paused: bool) -> None:
        """Make a request that leads to this state. If the engine refuses it, what it knows has to settle first."""
        until = trio.current_time() + SETTLE_SECONDS
        while True:
            try:
                await request(self.container_id)
                return
            except EngineRefused:
                state = await self._containers.state(self.container_id)
                if state is None or not state.is_running or trio.current_time() >= until:
                    if is_paused == (state is not None and state.is_paused):
                        return
                    raise
            await trio.sleep(SETTLE_INTERVAL)

    async def stop(self, *, is_paused: bool) -> None:
        """End the container: its first process gets its signal to stop, and is killed after some seconds. Raises
        Conflict if the engine does not do it.
        """
        self._is_stopping = True
        try:
            if is_paused:
                await self.go_on()
            await self._containers.stop(self.container_id)
        except EngineRefused as error:
            if error.status != HTTPStatus.NOT_FOUND:  # somebody has removed it
                raise
        finally:
            self._is_stopping = self._ended.is_set()
        await self.abandon()

    async def abandon(self) -> None:
        """Let the container alone, because the engine does not end it."""
        self._is_stopping = True
        self._scope.cancel()
        with trio.CancelScope(shield=True):
            await self._ended.wait()

    async def open_shell(self, hub: ConsoleHub) -> None:
        """Run a shell in the container, for the clients of ``hub``, unless there is one. Raises Conflict."""
        if self._shell is None and self._nursery is not None:
            self._shell = hub
            try:
                await self._nursery.start(self._serve_shell, hub)
            except BaseException:
                self._shell = None
                raise

    # --- the task ---

    async def run(self, *, task_status: trio.TaskStatus[None]) -> None:
        """The whole run. Raises errors until the container works; later errors are told to the node."""
        reason: str | None = None
        error: str | None = None
        try:
            with self._scope:
                async with self._services.admission.admit(
                    self._host.node_id,
                    f"Docker container '{self._host.name}'",
                    (self._memory or EXPECTED_MEMORY) * MIB,
                    self._folders.folder,
                    BOOT_SECONDS,
                ) as turn:
                    reason, error = await self._live(turn, task_status)
        except Exception as failure:
            if not self._is_up:
                raise sole_cause(failure) from None
            log.exception("the container %s failed", self.container_id[:12])
            reason = "failed because of an error of this server"
            error = f"Docker container '{self._host.name}' {reason}"
        finally:
            self._ended.set()
            if self._is_up:
                self._host.ended(*((None, None) if self._is_stopping else (reason, error)))

    async def _live(self, turn: Turn, task_status: trio.TaskStatus[None]) -> tuple[str | None, str | None]:
        taps: list[ContainerTap] = []
        await self._folders.restore(self._host)
        try:
            async with trio.open_nursery() as nursery:
                await nursery.start(self._serve_terminal)
                await self._containers.start(self.container_id)
                try:
                    state = await self._opened(taps)
                except BaseException:
                    with trio.CancelScope(shield=True):
                        await self._end_at_once()
                    raise
                self._host.plug_taps(taps)
                self._nursery = nursery
                self._is_up = True
                self._host.began(self, state)
                turn.works()
                task_status.started()
                process = RunningProcess(
                    pid=state.pid,
                    container_id=self.container_id,
                    configured_bytes=self._memory * MIB or None,
                )
                with self._services.running.held(self._host.node_id, process):
                    ended = await self._until_end()
                nursery.cancel_scope.cancel()
            return self._describe_end(ended)
        finally:
            self._nursery = None
            self._host.terminal.close()
            self._host.unplug()
            await close_container_taps(taps)
            if self._is_up:
                await self._folders.save(self._host)

    async def _opened(self, taps: list[ContainerTap]) -> ContainerState:
        """Open the interfaces of the container; returns its state."""
        state = await self._containers.state(self.container_id)
        if state is None or not state.is_running:
            await trio.sleep(0.1)  # its last words
            words = self._words()
            code = f"exited with code {state.exit_code}" if state is not None else "was removed"
            raise Conflict(f"Docker container '{self._host.name}' ended at once: it {code}{words}")
        if self._adapters:
            # The call is short, and its result must not be lost.
            with trio.CancelScope(shield=True):
                taps += await threads.devices.run(
                    open_container_taps, self._services.forwarder, state.pid, self.container_id, self._adapters
                )
        return state

    async def _end_at_once(self) -> None:
        """A container without its interfaces is not left running."""
        try:
            await self._containers.kill(self.container_id)
        except Conflict as error:
            log.warning("container %s is not killed: %s", self.container_id[:12], error)

    def _words(self) -> str:
        lines = bytes(self._last_words).decode("utf-8", "replace").splitlines()
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f": {without_hidden(last)}" if last else ""

    async def _until_end(self) -> ContainerState | None:
        """Wait until the container does not run; returns its last state, None if it was removed."""
        was_told = False
        while True:
            try:
                await self._containers.wait(self.container_id)
                return await self._containers.state(self.container_id)
            except EngineRefused as error:
                if error.status == HTTPStatus.NOT_FOUND:
                    return None
                await trio.sleep(RETRY_SECONDS)
            except EngineAway as error:
                if not was_told:
                    was_told = True
                    self._host.tell(
                        NodeEvent("warning", f"Docker container '{self._host.name}' is not under control: {error}")
                    )
                await trio.sleep(RETRY_SECONDS)

    def _describe_end(self, state: ContainerState | None) -> tuple[str, str | None]:
        if state is None:
            reason = "was removed from outside"
        elif state.out_of_memory:
            reason = "was killed because it needed more memory than it may have"
        elif state.exit_code > _SIGNALLED:
            reason = f"was killed by {_signal_name(state.exit_code - _SIGNALLED)}"
        elif state.exit_code or state.error:
            error = without_hidden(state.error[:_LAST_WORDS])
            reason = f"exited with code {state.exit_code}{f': {error}' if error else self._words()}"
        else:
            return "ended", None
        return reason, f"Docker container '{self._host.name}' {reason}"

    # --- the terminal ---

    async def _serve_terminal(self, *, task_status: trio.TaskStatus[None]) -> None:
        """Connect the terminal with the clients of the console, until cancelled. Raises Conflict, at the first time."""
        is_first = True
        while True:
            try:
                async with self._containers.attach(self.container_id) as stream:
                    if is_first:
                        is_first = False
                        self._host.terminal.open()
                        task_status.started()
                    await pump(stream, self._host.terminal, self._note)
            except Conflict:
                if is_first:
                    raise
            await trio.sleep(RETRY_SECONDS)  # it has ended, as the container does now, or lives on without a terminal

    async def _serve_shell(self, hub: ConsoleHub, *, task_status: trio.TaskStatus[None]) -> None:
        """Run a shell until it ends. Raises Conflict, at its start."""
        has_begun = False
        try:
            shell = await self._containers.make_exec(self.container_id, _SHELLS, terminal=True)
            async with self._containers.run_exec(shell, terminal=True) as stream:
                hub.open()
                has_begun = True
                task_status.started()
                await pump(stream, hub)
        except Conflict:
            if not has_begun:
                raise
        finally:
            self._shell = None
            hub.close()

    def _note(self, output: bytes) -> None:
        self._last_words += output
        del self._last_words[:-_LAST_WORDS]


async def pump(stream: HijackedStream, hub: ConsoleHub, note: Callable[[bytes], None] | None = None) -> None:
    """Move bytes between a stream and the clients of a console, until the stream ends."""

    async def type_input() -> None:
        while True:
            _, typed = await hub.read_input()
            await stream.send(typed)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(type_input)
        while output := await stream.receive():
            if note is not None:
                note(output)
            hub.feed(output)
        nursery.cancel_scope.cancel()


def _signal_name(number: int) -> str:
    with suppress(ValueError):
        return signal.Signals(number).name
    return f"signal {number}"
