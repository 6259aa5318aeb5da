"""Changes several attributes of a node in one step."""

from contextlib import AsyncExitStack
from typing import Any

from gns3trio.compute.interface import ComputeNode

Adapters = list[dict[str, Any]]


async def update_node(
    instance: ComputeNode,
    name: str,
    console: tuple[int | None, str | None],
    properties: dict[str, Any],
    custom_adapters: tuple[Adapters, Adapters] = ([], []),
) -> bool:
    """Change name, console and properties of a node, and what users want of its adapters (as it is, and as it is to
    be), all or none of them. Returns whether anything changed.
    """
    before = instance.name, (instance.console, instance.console_type), instance.properties()
    async with AsyncExitStack() as undo:
        if name != before[0]:
            await instance.rename(name)
            undo.push_async_callback(instance.rename, before[0])
        if console != before[1]:
            await instance.set_console(*console)
            undo.push_async_callback(instance.set_console, *before[1])
        if custom_adapters[0] != custom_adapters[1]:
            await instance.set_custom_adapters(custom_adapters[1])
            undo.push_async_callback(instance.set_custom_adapters, custom_adapters[0])
        if properties != before[2]:
            await instance.set_properties(properties)
        undo.pop_all()
    return before != (instance.name, (instance.console, instance.console_type), instance.properties())
