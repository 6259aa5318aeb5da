"""A second node like one that there is, with its files."""

from copy import deepcopy
from pathlib import Path
from uuid import uuid4

import attrs
import trio

from gns3trio import threads
from gns3trio.compute.nodes.vpcs.command import STARTUP_FILE
from gns3trio.compute.nodes.vpcs.script import MAX_SCRIPT_BYTES, read_script, rename_in_script
from gns3trio.controller.archives.project_copy import PROJECT_FILES, copy_files, list_folder
from gns3trio.controller.archives.reader import Budget
from gns3trio.controller.project.files import node_folder
from gns3trio.controller.project.node import Node
from gns3trio.controller.project.project import Project
from gns3trio.errors import Conflict
from gns3trio.removal import discard_tree

# Each is the only way to something outside, which a second one would be another of.
_NOT_COPIED = frozenset({"cloud", "nat"})


async def duplicate_node(project: Project, node: Node, *, x: int, y: int, z: int) -> Node:
    """A copy of a node at another place of the drawing; its name is made unique, and follows in its start-up script.

    The caller holds the lock of ``node``. Raises Conflict when it runs or is of a type that is not copied; nothing is
    left then.
    """
    instance = node.require_instance()
    if node.record.node_type in _NOT_COPIED:
        raise Conflict(f"Node '{node.name}' is a {node.record.node_type}, which cannot be duplicated")
    if node.status != "stopped" and not instance.always_runs:
        raise Conflict(f"Node '{node.name}' runs: stop it first")
    record = attrs.evolve(deepcopy(node.record), node_id=uuid4(), console=None, locked=False, x=x, y=y, z=z)
    folder = node_folder(project, record.node_type, record.node_id)
    try:
        copied = await threads.copying.run(
            copy_node_files, node_folder(project, record.node_type, node.node_id), folder
        )
        project.warn_of_left_out(copied.left_out)
        # Its name is not known before it is made.
        script = rename_in_script(copied.script, "%h") if copied.script is not None else None
        return await project.nodes.create(record, startup_script=script)
    except BaseException:
        with trio.CancelScope(shield=True):
            await threads.disk.run(discard_tree, folder)
        raise


@attrs.frozen
class CopiedFiles:
    """What of a node's folder was not copied, and why; and the start-up script, which is written with another name."""

    left_out: list[str]
    script: str | None


def copy_node_files(source: Path, target: Path) -> CopiedFiles:
    """Copy the folder of a node in a thread of trio, all but the start-up script.

    Raises Conflict for a file that this server may not read, Unavailable when the disk refuses.
    """
    content = list_folder(source, f"{PROJECT_FILES}/{source.parent.name}/{source.name}")
    files = [name for name in content.tree.files if name != STARTUP_FILE]
    checkpoint = trio.from_thread.check_cancelled
    if files:
        budget = Budget.for_disk(source)
        budget.require_room(source, content.tree.bytes)
        checkpoint = budget.watched(source, checkpoint)
    copy_files(source, target, attrs.evolve(content.tree, files=files), checkpoint)
    script = read_script(source)
    if script is not None and not script.is_whole:
        return CopiedFiles([*content.left_out, f"{STARTUP_FILE} has more than {MAX_SCRIPT_BYTES} bytes"], None)
    return CopiedFiles(content.left_out, script.text if script is not None else None)
