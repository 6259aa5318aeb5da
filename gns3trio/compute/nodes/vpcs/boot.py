"""A VPCS from its start until it works, and why it ended."""

import signal

import trio

from gns3trio.compute.nodes.vpcs.command import Boot, BootWatcher
from gns3trio.compute.nodes.vpcs.console import VpcsConsole
from gns3trio.compute.nodes.vpcs.process import VpcsProcess
from gns3trio.errors import Conflict

# VPCS is ready after 0.4 s; longer on a machine that starts hundreds at once.
BOOT_SECONDS = 60.0
# The most bytes of output in the message about a VPCS that did not start.
_OUTPUT_IN_MESSAGE = 300


class PortTaken(Exception):
    """VPCS could not bind its UDP port."""


async def wait_until_booted(process: VpcsProcess, console: VpcsConsole, name: str) -> None:
    """Show the output on the console until VPCS works. Raises PortTaken, or Conflict with its last output."""
    watcher = BootWatcher()
    with trio.move_on_after(BOOT_SECONDS):
        while watcher.state is Boot.STARTING:
            output = await process.read_output()
            if not output:
                break
            watcher.feed(output)
            console.show(output)
    if watcher.state is Boot.PORT_TAKEN:
        raise PortTaken
    if watcher.state is Boot.STARTING:
        said = watcher.output[-_OUTPUT_IN_MESSAGE:].decode(errors="replace").strip()
        raise Conflict(f"VPCS '{name}' did not start; it said: {said or 'nothing'}")


def describe_exit(code: int) -> str:
    """A text that explains an exit code; a negative one is the signal that killed the process."""
    if code >= 0:
        return f"exited with code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
