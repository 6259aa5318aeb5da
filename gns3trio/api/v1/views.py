"""Formats projects and VPCS nodes for version 1 of the API, for replies and events."""

from typing import Any

from gns3trio.controller.nodes.node import Node
from gns3trio.controller.project.project import Project
from gns3trio.controller.storage.files import printable


def project_view(project: Project) -> dict[str, Any]:
    """A project."""
    return {
        "location": printable(project.folder.parent),
        "name": project.settings.name,
        "path": printable(project.folder),
        "project_id": str(project.project_id),
        "temporary": project.temporary,
    }


async def vm_view(node: Node) -> dict[str, Any]:
    """A VPCS node with its start-up script."""
    return with_script(vm_state(node), await read_script(node))


def vm_state(node: Node) -> dict[str, Any]:
    """A VPCS node without its start-up script, which is in a file: only the name of that."""
    instance, script = node.instance, node.traits.script
    return {
        "command_line": instance.command_line if instance else "",
        "console": instance.console if instance else None,
        "name": node.name,
        "project_id": str(node.project_id),
        "startup_script_path": script.file_name if script is not None else None,
        "status": node.status,
        "vm_directory": str(instance.directory) if instance and instance.directory else None,
        "vm_id": str(node.node_id),
    }


async def read_script(node: Node) -> str | None:
    """The start-up script of a node; None if it has none. Raises Unavailable if it cannot be read now."""
    instance = node.instance
    return await instance.startup_script() if instance is not None else None


def with_script(state: dict[str, Any], script: str | None) -> dict[str, Any]:
    """A VPCS node with its script."""
    path = state["startup_script_path"] if script is not None else None
    return {**state, "startup_script": script, "startup_script_path": path}
