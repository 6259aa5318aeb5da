"""``gns3trio template``: lists, creates, changes and deletes templates, and creates nodes from them."""

import argparse
from typing import Any

from gns3trio.client.client import Client
from gns3trio.commands.arguments import add_action, add_list
from gns3trio.commands.finding import find_compute, find_template, open_path
from gns3trio.commands.lab import Json, node_facts, run
from gns3trio.commands.listing import show_list
from gns3trio.commands.numbers import to_whole
from gns3trio.commands.output import print_facts, print_line, show
from gns3trio.commands.properties import add_properties
from gns3trio.commands.questions import add_yes, confirm
from gns3trio.commands.suggestions import did_you_mean
from gns3trio.layout.free_places import free_place
from gns3trio.natural_order import natural_key

__all__ = ["add_arguments", "run"]

# Fields of a template that have an option of their own.
_FIELDS = ("name", "category", "symbol", "default_name_format", "console_type")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of ``gns3trio template`` to its parser."""
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    text = "list the templates of the server"
    add_list(actions, "list", text, _list, columns=("template", "type", "category", "origin"), wide=("id",))
    add_action(actions, "show", "show a template with all its fields", _show, "template")
    create = add_action(actions, "create", "create a template for new nodes", _create)
    create.add_argument("type", metavar="TYPE", help="vpcs, docker, ... (see: gns3trio node types)")
    create.add_argument("name", metavar="NAME", help="its name")
    create.set_defaults(parser=create)
    change = add_action(actions, "change", "change a template; its nodes stay as they are", _change, "template")
    change.add_argument("--name", help="another name")
    change.set_defaults(parser=change)
    for each in (create, change):
        each.add_argument("--category", help="where clients list it: guest, router, switch, firewall")
        each.add_argument("--symbol", help="the picture of its nodes, such as :/symbols/router.svg")
        each.add_argument("--default-name-format", metavar="FORMAT", help="names of its nodes, such as PC{0}")
        each.add_argument("--console-type", metavar="TYPE", help="type of the console, such as telnet, vnc or none")
        add_properties(each, "a field of a template of its type, such as image=debian:12 or ram=512")
    use = add_action(actions, "use", "create a node from a template", _use, "project", "template")
    use.add_argument("--name", help="PC{0} gives PC1, PC2, ... (default: as the template says)")
    use.add_argument("-x", type=to_whole, help="place in the drawing, pixels (default: a free place near 0, 0)")
    use.add_argument("-y", type=to_whole, help="place in the drawing, pixels")
    use.add_argument("--compute", metavar="COMPUTE", help="host that runs it, if the template names none")
    delete = add_action(actions, "delete", "delete a template; its nodes stay", _delete, "template")
    add_yes(delete)


async def _list(server: Client, arguments: argparse.Namespace) -> None:
    templates = await server.request("GET", "/v2/templates")
    show_list(
        arguments,
        sorted(templates, key=lambda each: natural_key(each["name"])),
        lambda each: (
            each["name"],
            each["template_type"],
            each["category"],
            "built in" if each["builtin"] else "",
            each["template_id"],
        ),
    )


def _facts(template: Json) -> dict[str, Any]:
    first = {"name": template["name"], "template_type": template["template_type"]}
    return {**first, **template}


async def _show(server: Client, arguments: argparse.Namespace) -> None:
    template = await find_template(server, arguments.template)
    show(arguments, template, lambda: print_facts(_facts(template)))


def _body(arguments: argparse.Namespace) -> Json:
    given = {name: getattr(arguments, name) for name in _FIELDS}
    return {**{name: value for name, value in given.items() if value is not None}, **dict(arguments.properties)}


async def _create(server: Client, arguments: argparse.Namespace) -> None:
    types = [each["node_type"] for each in await server.request("GET", "/v2/node_types")]
    if arguments.type not in types:
        hint = did_you_mean(arguments.type, types) or f" There are {', '.join(types)}."
        arguments.parser.error(f"argument TYPE: there is no node type {arguments.type!r}.{hint}")
    body = {"template_type": arguments.type, "compute_id": "local", **_body(arguments)}
    template = await server.request("POST", "/v2/templates", body)
    show(arguments, template, lambda: print_facts(_facts(template)))


async def _change(server: Client, arguments: argparse.Namespace) -> None:
    body = _body(arguments)
    if not body:
        arguments.parser.error("nothing to change: give at least one option, such as --name or --property")
    template = await find_template(server, arguments.template)
    template = await server.request("PUT", f"/v2/templates/{template['template_id']}", body)
    show(arguments, template, lambda: print_facts(_facts(template)))


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
    confirm(arguments, f"Delete the template {template['name']!r}?", otherwise="nothing was deleted")
    await server.request("DELETE", f"/v2/templates/{template['template_id']}")
    show(arguments, template, lambda: print_line(f"deleted {template['name']}"))
