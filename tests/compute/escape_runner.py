"""Runs ``escapes`` as the server runs a VPCS, on a terminal of its own, and prints what it says.

``python -m tests.compute.escape_runner PROGRAM OUTSIDE LIBRARY TCP_PORT OTHER_TERMINAL [USER_ID]``, in the
node's folder. With a user id this process, which plays the server, becomes that user first. Without ``SANDBOX=1`` in
the environment there is no sandbox, and only what is harmless is tried.
"""

import os
import sys
from pathlib import Path

import attrs
import trio

from gns3trio.compute.nodes.parts.program_files import files_of
from gns3trio.compute.nodes.parts.sandbox import Access, Sandbox
from gns3trio.compute.nodes.parts.spawn import spawn
from gns3trio.compute.nodes.vpcs.process import open_terminal, vpcs_sandbox

# Fewer than a VPCS may have, so that trying takes less.
TASKS = 64


async def main(program: str, outside: str, library: str, port: str, terminal: str) -> None:
    """Run it and print."""
    sandboxed = os.environ.get("SANDBOX") == "1"
    sandbox: Sandbox | None = None
    if sandboxed:
        sandbox = vpcs_sandbox({**await files_of(program), library: Access.READ}, Path.cwd())
        sandbox = attrs.evolve(sandbox, tasks=TASKS)
    which = "all" if sandboxed else "harmless"
    master, slave = open_terminal()
    async with trio.lowlevel.FdStream(master) as output:
        child = spawn(
            [program, which, outside, library, str(os.getpid()), port, terminal],
            cwd=Path.cwd(),
            sandbox=sandbox,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            controlling_tty=True,
        )
        os.close(slave)
        try:
            while data := await output.receive_some():
                sys.stdout.buffer.write(data)
        except trio.BrokenResourceError:
            pass  # it has ended
        print("exit status", await child.stop(grace=10))


if __name__ == "__main__":
    *words, user = [*sys.argv[1:], ""][:6]
    if user:
        os.setgroups([])
        os.setresgid(int(user), int(user), int(user))
        os.setresuid(int(user), int(user), int(user))
    trio.run(main, *words)
