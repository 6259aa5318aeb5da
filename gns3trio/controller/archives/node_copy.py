"""Copies a node with its files."""

from contextlib import aclosing
from copy import deepcopy
from pathlib import Path
from uuid import uuid4

import attrs
import trio

from gns3trio import threads
from gns3trio.classes import frozen
from gns3trio.compute.interface import ComputeNode
from gns3trio.compute.node_traits import ScriptTraits
from gns3trio.compute.script_files import read_script
from gns3trio.controller.archives.project_copy import copy_files, list_folder, without_macs
from gns3trio.controller.archives.reader import Budget
from gns3trio.controller.gns3_format.records import NodeRecord
from gns3trio.controller.nodes.node import Node
from gns3trio.controller.project.files import folder_of_node
from gns3trio.controller.project.project import Project
from gns3trio.errors import Conflict
from gns3trio.project_layout import PROJECT_FILES
from gns3trio.removal import discard_tree
from gns3trio.sizes import size_text


async def duplicate_node(project: Project, node: Node, *, x: int, y: int, z: int) -> Node:
    """Create a copy of a node at another position. Its name is made unique, also in its start-up script.

    The caller holds the lock of ``node``. Raises Conflict if it runs or its type cannot be copied, and then leaves
    nothing behind.
    """
    instance = node.require_instance()
    if not node.traits.can_be_duplicated:
        raise Conflict(f"Node '{node.name}' is a {node.record.node_type}, which cannot be duplicated")
    if node.status != "stopped" and not instance.always_runs:
        raise Conflict(f"Node '{node.name}' runs: stop it first")
    record = attrs.evolve(
        without_macs(deepcopy(node.record)), node_id=uuid4(), console=None, aux=None, locked=False, x=x, y=y, z=z
    )
    if instance.files is not None:
        return await _duplicate_at_compute(project, node, record)
    folder, traits = folder_of_node(project, record.node_type, record.node_id), node.traits.script
    try:
        copied = await threads.copying.run(
            copy_node_files, folder_of_node(project, record.node_type, node.node_id), folder, traits
        )
        project.warn_of_left_out(copied.left_out)
        # Its name is known only after it is created.
        script = traits.rename(copied.script, "%h") if traits is not None and copied.script is not None else None
        return await project.nodes.create(record, startup_script=script, engine=node.chosen_engine)
    except BaseException:
        with trio.CancelScope(shield=True):
            await threads.disk.run(discard_tree, folder)
        raise


async def _duplicate_at_compute(project: Project, node: Node, record: NodeRecord) -> Node:
    """Copy a node whose files are at its compute."""
    copy = await project.nodes.create(record, engine=node.chosen_engine)
    try:
        async with project.nodes.lock(copy.node_id):
            await copy_through_computes(node.require_instance(), copy.require_instance(), node.traits.script)
    except BaseException:
        with trio.CancelScope(shield=True):
            await project.nodes.delete_all([copy])
        raise
    return copy


async def copy_through_computes(source: ComputeNode, target: ComputeNode, traits: ScriptTraits | None) -> None:
    """Copy the files of a node to another one through their computes; does nothing for types without files.

    The start-up script gets the name of the new node. Raises the errors of the computes; files that were copied before
    stay then.
    """
    if source.files is None or target.files is None:
        return
    for path in await source.files.paths():
        if traits is not None and path == traits.file_name:
            continue
        upload = target.files.upload(path)
        try:
            async with aclosing((await source.files.open(path)).pieces()) as pieces:
                await upload.receive(pieces)
            await upload.commit()
        finally:
            await upload.discard()
    script = await source.startup_script() if traits is not None else None
    if traits is not None and script is not None:
        await target.set_startup_script(traits.rename(script, target.name))


@frozen
class CopiedFiles:
    """The files of a node's folder that were not copied, with reasons; and the start-up script with the new name."""

    left_out: list[str]
    script: str | None


def copy_node_files(source: Path, target: Path, traits: ScriptTraits | None) -> CopiedFiles:
    """Copy the folder of a node in a thread, except the start-up script.

    Raises Conflict for a file that the server may not read, Unavailable if the disk reports an error.
    """
    content = list_folder(source, f"{PROJECT_FILES}/{source.parent.name}/{source.name}")
    files = [name for name in content.tree.files if traits is None or name != traits.file_name]
    checkpoint = trio.from_thread.check_cancelled
    if files:
        budget = Budget.for_disk(source)
        budget.require_room(source, content.tree.bytes)
        checkpoint = budget.watched(source, checkpoint)
    copy_files(source, target, attrs.evolve(content.tree, files=files), checkpoint)
    script = read_script(source, traits.file_name, traits.max_bytes) if traits is not None else None
    if traits is not None and script is not None and not script.is_whole:
        return CopiedFiles([*content.left_out, f"{traits.file_name} has more than {size_text(traits.max_bytes)}"], None)
    return CopiedFiles(content.left_out, script.text if script is not None else None)
