"""``gns3trio login``: logs in at a server, and keeps the token for the other commands."""

import argparse
import os

from gns3trio.client.client import Client
from gns3trio.client.kept_tokens import keep_token, token_file
from gns3trio.commands.arguments import NOTHING, add_common
from gns3trio.commands.lab import run
from gns3trio.commands.output import print_line
from gns3trio.commands.passwords import read_password
from gns3trio.config import environment_name
from gns3trio.errors import Invalid

__all__ = ["add_arguments", "run"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of ``gns3trio login`` to its parser."""
    parser.add_argument("name", nargs="?", metavar="NAME", help=f"the user; default: {environment_name('user')}")
    parser.add_argument(
        "--password-file",
        metavar="FILE",
        help="file with the password in its first line; - is standard input. Without it, the password is "
        f"{environment_name('password')}, or it is asked for",
    )
    parser.add_argument("--forget", action="store_true", help="log out: delete the token that is kept for the server")
    add_common(parser, _login, outputs=NOTHING)


async def _login(server: Client, arguments: argparse.Namespace) -> None:
    if arguments.forget:
        keep_token(server.base, None)
        return
    name = arguments.name or arguments.user
    if not name:
        raise Invalid("NAME: is missing")
    password = os.environ.get(environment_name("password"), "")
    if arguments.password_file or not password:
        password = read_password(arguments.password_file, name)
    keep_token(server.base, await server.token(name, password))
    print_line(f"logged in as {name}; the token is in {token_file()}")
