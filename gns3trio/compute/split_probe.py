"""A probe of a link whose source and sink are attached apart, at two computes or at one."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gns3trio.compute.interface import Compute, LinkEnd
from gns3trio.compute.split_trials import ProbeEnd, run_split_trial
from gns3trio.traffic.trials import TrialResult, TrialSpec


class SplitProbe:
    """A source and a sink. Use ``open_split_probe``."""

    def __init__(self, near: LinkEnd, far: LinkEnd, source: ProbeEnd, sink: ProbeEnd) -> None:
        self._ends = near, far
        self._source = source
        self._sink = sink

    @property
    def is_open(self) -> bool:
        """Whether both ends of the link are still open."""
        return all(end.is_open for end in self._ends)

    async def run(self, spec: TrialSpec) -> TrialResult:
        """Run one trial from the near end to the far end."""
        return await run_split_trial(self._source, self._sink, spec)

    async def foreign_frames(self) -> int:
        """The number of frames that the nodes sent into the link since the probe exists."""
        return await self._source.foreign_frames() + await self._sink.foreign_frames()

    async def held_frames(self) -> int:
        """The number of frames that filters currently hold on the way to the sink."""
        return await self._source.held_frames() + await self._sink.held_frames()


@asynccontextmanager
async def open_split_probe(near: tuple[Compute, LinkEnd], far: tuple[Compute, LinkEnd]) -> AsyncIterator[SplitProbe]:
    """Attach a probe from one end of a link to the other, each with its compute. Raises Conflict."""
    async with far[0].probe_end(far[1], "sink") as sink, near[0].probe_end(near[1], "source") as source:
        yield SplitProbe(near[1], far[1], source, sink)
