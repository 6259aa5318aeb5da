"""``gns3trio template``: lists templates, and creates nodes from them."""

import argparse
from typing import Any

from gns3trio.client.client import Client
from gns3trio.commands.free_place import free_place
from gns3trio.commands.lab import (
    Json,
    add_action,
    ask,
    find_compute,
    find_template,
    node_facts,
    open_path,
    print_facts,
    print_line,
    print_table,
    run,
    show,
)
from gns3trio.commands.numbers import to_whole

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of ``gns3trio template`` to its parser."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    add_action(actions, "list", "list the templates of the server", _list)
    add_action(actions, "show", "show a template with all its fields", _show, "template")
    use = add_action(actions, "use", "create a node from a template", _use, "project", "template")
    use.add_argument("--name", help="PC{0} gives PC1, PC2, ... (default: as the template says)")
    use.add_argument("-x", type=to_whole, help="place in the drawing, pixels (default: a free place near 0, 0)")
    use.add_argument("-y", type=to_whole, help="place in the drawing, pixels")
    use.add_argument("--compute", metavar="COMPUTE", help="host that runs it, if the template names none")
    delete = add_action(actions, "delete", "delete a template; its nodes stay", _delete, "template")
    delete.add_argument("--yes", action="store_true", help="do not ask")


async def _list(server: Client, arguments: argparse.Namespace) -> None:
    templates = await server.request("GET", "/v2/templates")
    rows = [
        (each["name"], each["template_type"], each["category"], "built in" if each["builtin"] else "")
        for each in templates
    ]
    show(arguments, templates, lambda: print_table(("template", "type", "category", ""), rows))


async def _show(server: Client, arguments: argparse.Namespace) -> None:
    template = await find_template(server, arguments.template)
    first = {"name": template["name"], "template_type": template["template_type"]}
    show(arguments, template, lambda: print_facts({**first, **template}))


async def _use(server: Client, arguments: argparse.Namespace) -> None:
    path = await open_path(server, arguments.project)
    template = await find_template(server, arguments.template)
    x, y = arguments.x, arguments.y
    if x is None and y is None:
        x, y = free_place((each["x"], each["y"]) for each in await server.request("GET", f"{path}/nodes"))
    body: dict[str, Any] = {"x": x or 0, "y": y or 0}
    if arguments.name is not None:
        body["name"] = arguments.name
    if arguments.compute is not None:
        body["compute_id"] = (await find_compute(server, arguments.compute))["compute_id"]
    node: Json = await server.request("POST", f"{path}/templates/{template['template_id']}", body)
    show(arguments, node, lambda: print_facts(node_facts(node)))


async def _delete(server: Client, arguments: argparse.Namespace) -> None:
    template = await find_template(server, arguments.template)
    if not arguments.yes:
        ask(f"Delete the template {template['name']!r}? [y/N] ", otherwise="nothing was deleted")
    await server.request("DELETE", f"/v2/templates/{template['template_id']}")
    show(arguments, template, lambda: print_line(f"deleted {template['name']}"))
