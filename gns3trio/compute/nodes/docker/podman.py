"""What is done for Podman, which answers as a Docker engine, but ignores the folder that a volume is made of.

So it would keep files in a volume of its own, which goes with the container. There, a persistent folder is mounted as
it is. If it is empty, a container that runs before copies to it what the image has at that path.
"""

import os
from collections.abc import Sequence

import attrs
import trio

from gns3trio import threads
from gns3trio.compute.nodes.docker.container_files import INIT
from gns3trio.compute.nodes.docker.containers import Containers, ContainerSpec, Mount
from gns3trio.errors import Conflict

# Where the folders are in the container that fills them.
_FOLDERS = "/gns3/folders"
# Its arguments are a path of the image and a folder, and so on. A folder that cannot be filled stays empty.
_FILL = """\
while [ $# -gt 0 ]; do
    if [ -d "$1" ] && ! $B cp -a "$1/." "$2/"; then
        $B find "$2" -mindepth 1 -maxdepth 1 -exec $B rm -rf {} +
        exit 1
    fi
    shift 2
done"""


async def for_podman(containers: Containers, spec: ContainerSpec) -> ContainerSpec:
    """The container as the engine must be asked for it; fills its empty folders, if the engine is Podman.

    Raises Conflict if they cannot be filled.
    """
    filled = [mount for mount in spec.mounts if mount.is_filled]
    if not filled or not await containers.is_podman():
        return spec
    empty = await threads.disk.run(_empty_of, filled)
    if empty:
        await _fill(containers, spec, empty)
    return attrs.evolve(spec, mounts=[attrs.evolve(mount, is_filled=False) for mount in spec.mounts])


def _empty_of(mounts: Sequence[Mount]) -> list[Mount]:
    return [mount for mount in mounts if not os.listdir(mount.source)]


async def _fill(containers: Containers, spec: ContainerSpec, empty: Sequence[Mount]) -> None:
    folders = [Mount(mount.source, f"{_FOLDERS}/{number}") for number, mount in enumerate(empty)]
    pairs = [path for mount, folder in zip(empty, folders, strict=True) for path in (mount.target, folder.target)]
    filler = attrs.evolve(
        spec,
        name=f"{spec.name}.fill",
        entrypoint=[*INIT[:2], "-c", f"B={INIT[0]}\n{_FILL}", "fill"],
        command=pairs,
        mounts=[*(mount for mount in spec.mounts if mount.is_read_only), *folders],
        capabilities=(),
        privileged=False,
    )
    with trio.CancelScope(shield=True):  # it is made although nobody waits for the answer any more
        container_id = await containers.create(filler)
    try:
        await containers.start(container_id)
        await containers.wait(container_id)
        state = await containers.state(container_id)
    finally:
        with trio.CancelScope(shield=True):
            await containers.remove(container_id)
    if state is None or state.exit_code:
        raise Conflict(
            f"The folders {', '.join(mount.target for mount in empty)} of image {spec.image!r} cannot be copied"
        )
