"""The console of a running built-in PC: what is typed becomes lines, lines become commands, and these are driven here.

There is a task only while something is typed, or while a script or a command runs: a PC at its prompt has none, also
when clients are connected. All clients share one command line. Ctrl-C ends a command, or a script, at once.
"""

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Any, Protocol

import trio

from gns3trio.compute.nodes.vpcs.pc_console_traffic import ConsoleTraffic
from gns3trio.compute.nodes.vpcs.pc_scripts import run_script
from gns3trio.compute.nodes.vpcs.pc_session import PcSession
from gns3trio.compute.nodes.vpcs.pc_shell import prompt, run_line
from gns3trio.compute.nodes.vpcs.pc_show import BANNER
from gns3trio.compute.nodes.vpcs.pc_steps import (
    Command,
    Leave,
    Listen,
    NextEvent,
    Pause,
    Print,
    Quit,
    ReadFile,
    ReadHeard,
    ReadTraffic,
    SendTraffic,
    Start,
    Step,
    WriteFile,
)
from gns3trio.console.hub import ConsoleClient, ConsoleHub
from gns3trio.console.line_editor import Interrupt, Line, LineEditor
from gns3trio.errors import Conflict, Invalid
from gns3trio.forwarder.pc import Job, Pc
from gns3trio.forwarder.pc_types import Event, Finished

log = logging.getLogger(__name__)

_HELP_HINT = "\nPress '?' to get help.\n"
_STARTUP = "\nExecuting the startup file\n\n"
_GOOD_BYE = b"Good-bye\r\n"
_TOO_LONG = "This line was refused: it is too long.\n"


class ConsoleFiles(Protocol):
    """The files of the node's folder."""

    async def read(self, names: tuple[str, ...]) -> str | None:
        """The text of the first one that is there and can be read."""

    async def write(self, name: str, text: str) -> str | None:
        """Write one; returns why it cannot be."""


class PcConsole:
    """The console of one run of a PC. Its task runs in ``nursery``; ``quit`` is called when somebody ends the PC."""

    def __init__(
        self,
        nursery: trio.Nursery,
        hub: ConsoleHub,
        pc: Pc,
        session: PcSession,
        *,
        files: ConsoleFiles,
        quit: Callable[[], None],
    ) -> None:
        self._nursery = nursery
        self._hub = hub
        self._pc = pc
        self._session = session
        self._files = files
        self._quit = quit
        self._editor: LineEditor | None = None  # made when somebody types
        self._typist: ConsoleClient | None = None  # of the running line
        self._script: str | None = None  # to run first
        self._scope: trio.CancelScope | None = None  # of the task, while there is one
        self._job: Job | None = None
        self._events: AsyncGenerator[Event, None] | None = None

    # --- life ---

    def open(self, script: str | None) -> None:
        """Show the banner, run the script if there is one, and serve clients from now on."""
        self._hub.open()
        self._hub.on_input = self._attend_soon
        self._show(BANNER + _HELP_HINT)
        if script is None:
            self._show_prompt()
        else:
            self._script = script
            self._attend_soon()

    def close(self) -> None:
        """End it. What runs ends soon, and shows nothing any more."""
        self._hub.on_input = None
        if self._scope is not None:
            self._scope.cancel()
        self._hub.close()

    def _attend_soon(self) -> None:
        """Begin a task, unless there is one: it looks at all that is typed until it ends."""
        if self._scope is None:
            self._scope = trio.CancelScope()
            self._nursery.start_soon(self._attend, self._scope)

    async def _attend(self, scope: trio.CancelScope) -> None:
        try:
            with scope:
                await self._serve()
        except Exception:  # an error in a command must not end the others' nursery
            log.exception("the console of a built-in PC failed")
            self._show("\nThis server has an error: see its log.\n")
            self._show_prompt()
        finally:
            self._scope = None

    async def _serve(self) -> None:
        if self._script is not None:
            script, self._script = self._script, None
            self._show(_STARTUP)
            await self._run(run_script(self._session, script, run_line))
            self._hub.feed(f"\r{prompt(self._session)}".encode())
        typed = self._hub.input
        while not typed.is_empty:
            client, piece = typed.take()
            if self._editor is None:
                self._editor = LineEditor()
            step = self._editor.feed(piece)
            typed.put_back(client, step.rest)
            if step.shown:
                self._hub.feed(step.shown)
            match step.event:
                case Line() as line:
                    self._typist = client
                    await self._enter(line)
                case Interrupt():
                    self._show_prompt()
            await trio.lowlevel.checkpoint()

    async def _enter(self, line: Line) -> None:
        self._hub.feed(b"\r\n")
        if line.left_out:
            self._show(_TOO_LONG)
        else:
            self._session.remember(line.text)
            await self._run(run_line(self._session, line.text))
        self._show_prompt()

    # --- commands ---

    async def _run(self, command: Command) -> None:
        """Drive a command to its end, or until Ctrl-C."""
        try:
            async with ConsoleTraffic(self._pc) as traffic, trio.open_nursery() as nursery:
                nursery.start_soon(self._cancel_when_interrupted, nursery.cancel_scope)
                await self._drive(command, traffic)
                nursery.cancel_scope.cancel()
        finally:
            command.close()
            await self._end_job()

    async def _cancel_when_interrupted(self, scope: trio.CancelScope) -> None:
        typed = self._hub.input
        while not typed.begins_with_interrupt:
            await typed.wait_change()
        typed.take_byte()
        self._hub.feed(b"^C\r\n")
        scope.cancel()

    async def _drive(self, command: Command, traffic: ConsoleTraffic) -> None:
        answer: Any = None
        with suppress(StopIteration):
            while True:
                answer = await self._do(command.send(answer), traffic)

    async def _do(self, step: Step, traffic: ConsoleTraffic) -> Any:
        """Do what a command asks for; returns the answer."""
        match step:
            case Print(text):
                self._show(text)
                await trio.lowlevel.checkpoint()
            case Start(request):
                await self._end_job()
                try:
                    self._job = self._pc.start(request)
                except (Conflict, Invalid) as error:
                    return str(error)
                self._events = _events_of(self._job)
            case NextEvent():
                return await self._next_event()
            case Pause(None):
                await self._wait_for_key()
            case Pause(float() | int() as seconds):
                await trio.sleep(seconds)
            case ReadFile(names):
                return await self._files.read(names)
            case WriteFile(name, text):
                return await self._files.write(name, text)
            case Leave():
                if self._typist is not None:
                    self._hub.dismiss(self._typist, _GOOD_BYE)
            case SendTraffic() | ReadTraffic() | Listen() | ReadHeard():
                return await traffic.do(step)
            case Quit():
                self._quit()
                await trio.sleep_forever()
        return None

    async def _next_event(self) -> Event:
        if self._events is not None:
            async for event in self._events:
                return event
        return Finished(reason="closed", sent=0, lost=0)

    async def _end_job(self) -> None:
        job, events = self._job, self._events
        self._job = self._events = None
        if job is not None and events is not None:
            job.close()
            with trio.CancelScope(shield=True):
                await events.aclose()

    async def _wait_for_key(self) -> None:
        typed = self._hub.input
        asked_at = typed.arrived
        while typed.take_byte_after(asked_at) is None:
            await typed.wait_change()

    # --- output ---

    def _show(self, text: str) -> None:
        if text:
            self._hub.feed(text.replace("\n", "\r\n").encode())

    def _show_prompt(self) -> None:
        self._hub.feed(f"\r\n\r{prompt(self._session)}".encode())


async def _events_of(job: Job) -> AsyncGenerator[Event, None]:
    async for event in job:
        yield event
