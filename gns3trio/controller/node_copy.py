"""A second node like one that there is, with its files."""

from copy import deepcopy
from pathlib import Path
from uuid import uuid4

import attrs
import trio

from gns3trio import threads
from gns3trio.compute.vpcs_command import STARTUP_FILE
from gns3trio.compute.vpcs_script import rename_in_script
from gns3trio.controller.node import Node
from gns3trio.controller.project import Project
from gns3trio.controller.project_copy import PROJECT_FILES, copy_files, list_folder
from gns3trio.controller.project_files import node_folder
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
    script = instance.startup_script()
    if script is not None:
        script = rename_in_script(script, "%h")  # its name is not known before it is made
    folder = node_folder(project, record.node_type, record.node_id)
    try:
        left_out = await threads.disk.run(copy_node_files, node_folder(project, record.node_type, node.node_id), folder)
        project.warn_of_left_out(left_out)
        return await project.create_node(record, startup_script=script)
    except BaseException:
        with trio.CancelScope(shield=True):
            await threads.disk.run(discard_tree, folder)
        raise


def copy_node_files(source: Path, target: Path) -> list[str]:
    """Copy the folder of a node in a thread of trio, all but the start-up script, which is written anew; returns which
    links are not copied, and why.

    Raises Conflict for a file that this server may not read, Unavailable when the disk refuses.
    """
    content = list_folder(source, f"{PROJECT_FILES}/{source.parent.name}/{source.name}")
    files = [name for name in content.tree.files if name != STARTUP_FILE]
    copy_files(source, target, attrs.evolve(content.tree, files=files), trio.from_thread.check_cancelled)
    return content.left_out
