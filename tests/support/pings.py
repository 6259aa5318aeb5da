"""PCs that get their addresses from their scripts, and pings from their consoles until something is so."""

import math
import re
from collections.abc import Callable
from typing import Any

import trio

from tests.support.lab import read_match
from tests.support.server import Server
from tests.support.websockets import console

Json = dict[str, Any]
PATIENCE = 60


async def until(server: Server, path: str, is_so: Callable[[Any], bool]) -> Any:
    """Ask until the reply is as wanted."""
    with trio.fail_after(PATIENCE):
        while not is_so(reply := await server.request("GET", path, None, 200)):
            await trio.sleep(0.05)
    return reply


def script(number: int) -> Json:
    """The properties of a PC with the address 10.0.0.NUMBER."""
    return {"properties": {"startup_script": f"set pcname %h\nip 10.0.0.{number}/24\n"}}


async def ping(
    server: Server, project: Json, node: Json, address: str, outcome: bytes, *, again_after: float = math.inf
) -> None:
    """Ping from the console of a node, which this server passes through, until the outcome is seen, a pattern. The
    command is typed again if its node says nothing for so many seconds.
    """
    async with console(server, project, node) as opened:
        with trio.fail_after(PATIENCE):
            while True:
                await opened.send_message(f"ping {address} -c 1\r".encode())
                with trio.move_on_after(again_after):
                    said = await read_match(opened, rb"(icmp_seq=1|not reachable|no gateway)[^\r\n]*[\r\n]")
                    if re.search(outcome, said):
                        return
