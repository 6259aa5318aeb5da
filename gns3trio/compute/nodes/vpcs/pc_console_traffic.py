"""What the console of a built-in PC does for the command ``traffic``: one flow, or listening, until it ends."""

from contextlib import AsyncExitStack
from typing import Any

from gns3trio.compute.nodes.vpcs.pc_steps import Listen, ReadHeard, ReadTraffic, SendTraffic, TrafficStep
from gns3trio.errors import Conflict, LabError
from gns3trio.forwarder.pc import Pc
from gns3trio.forwarder.pc_traffic import Listener, PcFlow, PcFlows, listening, open_flows


class ConsoleTraffic:
    """The traffic of one command. Use it as an ``async with``, which ends it."""

    def __init__(self, pc: Pc) -> None:
        self._pc = pc
        self._stack = AsyncExitStack()
        self._flows: PcFlows | None = None
        self._listener: Listener | None = None

    async def __aenter__(self) -> "ConsoleTraffic":
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._stack.aclose()

    async def do(self, step: TrafficStep) -> Any:
        """Do a step; returns its answer."""
        try:
            return await self._do(step)
        except LabError as error:
            if isinstance(step, SendTraffic | Listen):
                return str(error)
            raise

    async def _do(self, step: TrafficStep) -> Any:
        forwarder = self._pc.forwarder
        match step:
            case SendTraffic(target, spec):
                flow = PcFlow(self._pc, None, target, spec)
                self._flows = await self._stack.enter_async_context(open_flows(forwarder, [flow]))
            case ReadTraffic():
                if self._flows is None:
                    raise Conflict("no traffic was begun")
                return (await self._flows.read())[0]
            case Listen():
                self._listener = self._stack.enter_context(listening(forwarder, self._pc))
            case ReadHeard():
                return self._listener.heard() if self._listener is not None else []
        return None
