"""``gns3trio login``: logs in at a server, and keeps the token for the other commands."""

import argparse
import os

from gns3trio.client.client import Client
from gns3trio.client.kept_tokens import keep_token, read_token, token_file
from gns3trio.client.refusals import FORGOTTEN, NotLetIn
from gns3trio.commands.arguments import NOTHING, add_common
from gns3trio.commands.lab import run
from gns3trio.commands.output import note, print_line
from gns3trio.commands.parser import WRONG
from gns3trio.commands.passwords import read_password
from gns3trio.config import environment_name
from gns3trio.errors import LabError, Unavailable

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
    parser.add_argument("--forget", action="store_true", help="log out: end the token that is kept for the server")
    add_common(parser, _login, outputs=NOTHING)


async def _login(server: Client, arguments: argparse.Namespace) -> None:
    if arguments.forget:
        await _forget(server)
        return
    name = arguments.name or arguments.user
    if not name:
        note("give the user: gns3trio login NAME")
        raise SystemExit(WRONG)
    password = os.environ.get(environment_name("password"), "")
    if arguments.password_file or not password:
        password = read_password(arguments.password_file, name)
    keep_token(server.base, await token_of(server, name, password))
    print_line(f"logged in as {name}; the token is in {token_file()}")


async def token_of(server: Client, name: str, password: str) -> str:
    """A token for a user. Raises Unavailable if the user or the password is wrong."""
    try:
        return await server.token(name, password)
    except NotLetIn:
        raise Unavailable(f"the user {name!r} or the password is wrong. {FORGOTTEN}") from None


async def _forget(server: Client) -> None:
    token = read_token(server.base)
    if token is None:
        note(f"nobody was logged in at {server.base}")
        return
    keep_token(server.base, None)
    try:
        await server.with_token(token).request("POST", "/v2/account/logout", {})
    except LabError as error:  # it has ended already, or the server is not there
        note(f"the token is deleted here, and was not ended at the server: {error}")
    print_line(f"logged out at {server.base}")
