"""Docker nodes: what they take of the host, and may take. Real containers of a real engine."""

from pathlib import Path

import pytest

from gns3trio.errors import Conflict
from tests.support.docker_engine import DockerEngine
from tests.support.docker_nodes import open_docker_lab

MIB = 2**20
# A first process that ends when it is asked to; a shell does not.
COMMAND = "sh -c 'trap exit TERM; while :; do sleep 9999 & wait $!; done'"


async def test_containers_are_counted_and_limited(tmp_path: Path, docker_engine: DockerEngine) -> None:
    async with open_docker_lab(tmp_path, docker_engine, max_node_memory="200") as lab:
        first = await lab.make("A", adapters=0, memory=128, start_command=COMMAND)
        second = await lab.make("B", adapters=0, memory=128, start_command=COMMAND)
        (usage,) = await lab.compute.usage([first])
        assert usage is not None and (usage.processes, usage.memory_bytes) == (0, None)
        await first.start()
        (usage,) = await lab.compute.usage([first])
        assert usage is not None and usage.configured_memory_bytes == 128 * MIB
        assert usage.processes >= 1 and usage.memory_bytes is not None and 0 < usage.memory_bytes < 128 * MIB
        assert usage.cpu_seconds is not None and usage.cpu_seconds > 0
        with pytest.raises(Conflict, match=r"'B' is not started: it needs 128 MiB .* have 128 MiB of the 200 MiB"):
            await second.start()
        await first.stop()
        await second.start()
        unlimited = await lab.make("C", adapters=0, start_command=COMMAND)
        with pytest.raises(Conflict, match="'C' is not started: it needs 128 MiB"):
            await unlimited.start()
    assert docker_engine.containers() == []
