"""The command line: ``gns3trio serve``, and a module of ``gns3trio.commands`` for each other command."""

import argparse
import errno
import gc
import logging
import os
import resource
import sys
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import get_args

from gns3trio import __version__
from gns3trio.acting import name_actor
from gns3trio.client.arguments import add_client_arguments
from gns3trio.commands.colors import When, when_colored
from gns3trio.commands.output import prepare_streams
from gns3trio.commands.parser import Parser, RawHelpFormatter
from gns3trio.config import DEFAULT_FILES, SETTINGS, environment_name, is_list, load_config
from gns3trio.errors import LabError, NotFound, sole_cause
from gns3trio.printable import LogFormatter, escape

FAILURE = 1
NOT_FOUND = 3
INTERRUPTED = 128 + 2  # the exit status that a shell reports for SIGINT

# Options of all commands that have a value.
_WITH_VALUE = ("--url", "--user", "--color")
_ABSENT = argparse.SUPPRESS

# Each is a module of ``gns3trio.commands``, imported only when it is called, so that the others start faster.
_COMMANDS = {
    "status": "show the server, its hosts, the open projects, what runs in them, and problems",
    "project": "list, create, open, close, rename, copy, export and import projects",
    "node": "list, create, change, start, stop and delete nodes",
    "link": "create and delete links, set their filters, show their counters",
    "console": "connect this terminal to a node's console, or run commands in it",
    "capture": "capture the traffic of a link into a file or Wireshark",
    "captures": "start, list, stop and save captures that go on at the server",
    "topology": "describe projects as YAML: apply, compare, export, draw, import",
    "snapshot": "list, create, restore, compare and delete snapshots of projects",
    "recover": "bring back an earlier version of a project",
    "drawing": "list, create, change and delete notes, shapes and pictures in projects",
    "appliance": "list appliances, and install them as templates",
    "template": "list, create, change, delete templates, and create nodes from them",
    "symbol": "list, show, upload and delete the pictures of nodes",
    "image": "list, upload, examine and delete images of machines",
    "compute": "list, add, change and remove the hosts that run nodes, and their trunks",
    "bench-link": "measure a link per RFC 2544, without disturbing its nodes",
    "bench-udp": "measure a tunnel or relay between two UDP ports per RFC 2544",
    "watch": "print a server's events as they happen",
    "doctor": "check this machine, and explain how to install what is missing",
    "web-ui": "install the GNS3 web UI for the server",
    "login": "log in at a server, for the other commands",
    "user": "list, create, change and delete users",
    "group": "list, create and delete groups of users, and change who is in them",
    "role": "list, create and delete roles, and change what they allow",
    "pool": "list, create and delete pools of projects",
    "acl": "list, add and remove permissions: who has which role where",
    "audit": "list who changed what",
    "completion": "print a completion script for a shell",
    "demo": "start a server and play the sample session on it",
    "version": "show the versions of this program and of the server",
}
_ALIASES = {"status": ["ps"]}
# They use no server that is named by an option.
_WITHOUT_SERVER = frozenset({"serve", "doctor", "web-ui", "completion", "demo"})
_EXIT_TEXT = """\
Exit status: 0 success; 1 failure, or the server rejected the request; 2 usage error;
3 no such project, node, link or host. topology diff, snapshot compare: 1 if there are differences."""


# Errors of a disk or terminal to which the output goes; those of files have become a LabError.
_CANNOT_WRITE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status (``--help`` lists them)."""
    argv = sys.argv[1:] if argv is None else argv
    prepare_streams()
    if argv[:1] == ["complete"] and len(argv) > 2:  # called by completion scripts, so the help does not list it
        from gns3trio.commands.completion import complete

        return complete(argv[1], argv[2:], make_parser)
    arguments = make_parser(argv).parse_args(argv)
    when_colored.set(arguments.color)
    try:
        status: int = arguments.run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILURE
    except OSError as error:
        if error.errno not in _CANNOT_WRITE:
            raise
        print(f"gns3trio: the output cannot be written: {error.strerror}", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left in the buffer
        return FAILURE
    except LabError as error:
        print(f"gns3trio: {escape(str(error))}", file=sys.stderr)
        return NOT_FOUND if isinstance(error, NotFound) else FAILURE
    return status


def make_parser(argv: Sequence[str] | None = None) -> Parser:
    """The parser for these arguments; without arguments, the complete parser."""
    called = None if argv is None else _called(argv)
    parser = Parser(
        prog="gns3trio",
        description="A GNS3-compatible network-lab server, and commands for such a server.",
        epilog=_EXIT_TEXT,
        formatter_class=RawHelpFormatter,
    )
    parser.add_argument("-v", "--version", action="version", version=f"gns3trio {__version__}")
    if called not in _WITHOUT_SERVER:
        add_client_arguments(parser, with_defaults=True)
    _add_color(parser, "auto")
    parser.find_elsewhere = _commands_with
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser(
        "serve",
        help="run the server",
        description="Run the server until it gets SIGTERM or Ctrl-C.",
        formatter_class=RawHelpFormatter,
    )
    if called in (None, "serve"):
        serve.epilog = _layers_text()
        _add_settings(serve)
        serve.set_defaults(run=_serve)
    for name, text in _COMMANDS.items():
        also = _ALIASES.get(name, [])
        command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.", aliases=also)
        if called in (None, name, *also):
            module = import_module(f"gns3trio.commands.{name.replace('-', '_')}")
            module.add_arguments(command)
            command.set_defaults(run=module.run)
            _add_global_options(command, name)
    return parser


def _commands_with(action: str) -> list[str]:
    """The commands that have this action, with it."""
    found = make_parser().actions
    return [f"{name} {action}" for name in _COMMANDS if action in found[name].actions]


def _called(argv: Sequence[str]) -> str:
    """The command that is called: the first word that is neither an option nor the value of one; empty if there is
    none.
    """
    words = iter(argv)
    for word in words:
        if word in _WITH_VALUE:
            next(words, None)
        elif not word.startswith("-"):
            return word
    return ""


def _add_color(parser: argparse.ArgumentParser, default: str = argparse.SUPPRESS) -> None:
    parser.add_argument(
        "--color",
        choices=get_args(When),
        default=default,
        help="colors of the output (default: auto: on a terminal, if NO_COLOR is not set)",
    )


def _add_global_options(command: Parser, name: str) -> None:
    """Let the options of all commands also stand between a command and its action, and behind the action."""
    for parser in {id(each): each for each in (command, *command.actions.values())}.values():
        _add_color(parser)
    if command.actions and name not in _WITHOUT_SERVER:
        add_client_arguments(command, with_defaults=False)


def _layers_text() -> str:
    files = " or ".join(str(path) for path in reversed(DEFAULT_FILES))
    return (
        "Separate several addresses or names by commas, or repeat the flag.\n"
        "A setting may also be given in a TOML file (--config; otherwise the first that exists of\n"
        f"{files}) as NAME = VALUE, or as the environment variable\n"
        f"{environment_name('port')} (likewise for every setting). The command line overrides the environment,\n"
        "and the environment overrides the file. Put the password into the file or the environment:\n"
        "other users of this machine can read command lines."
    )


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", metavar="FILE", type=Path, help="TOML file with settings")
    for name, field in SETTINGS.items():
        flag = "--" + name.replace("_", "-")
        text = f"{field.metadata['doc']} (default: {_default_text(field.default)})".replace("%", "%%")
        if field.type is bool:
            parser.add_argument(flag, dest=name, action=argparse.BooleanOptionalAction, default=_ABSENT, help=text)
        else:
            action = "append" if is_list(field) else "store"
            parser.add_argument(flag, dest=name, metavar="VALUE", action=action, default=_ABSENT, help=text)


def _default_text(default: object) -> str:
    if isinstance(default, bool):
        return "yes" if default else "no"
    if isinstance(default, tuple):
        default = ",".join(default)
    return "none" if default in (None, "") else str(default)


def _serve(arguments: argparse.Namespace) -> int:
    gc.disable()  # objects created at the start are not garbage, and collecting costs a sixth of the start
    import trio

    from gns3trio.compute.local.cgroups import find_place, take_delegation
    from gns3trio.server import run_server  # imports the compiled core, which the other commands do not need
    from gns3trio.service_manager import find_service_manager

    given = {name: value for name, value in vars(arguments).items() if name in SETTINGS}
    config = load_config(given, os.environ, arguments.config)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LogFormatter("%(asctime)s %(levelname)s %(name)s: %(actor)s%(message)s"))
    handler.addFilter(name_actor)
    logging.basicConfig(level=config.log_level.upper(), handlers=[handler])
    if config.log_level == "info":  # our own output tells the server's address
        logging.getLogger("hypercorn.error").setLevel(logging.WARNING)
    _raise_descriptor_limit()
    if config.use_cgroups:
        take_delegation(find_place())
    try:
        trio.run(partial(run_server, config, _announce, find_service_manager(os.environ)))
    except ExceptionGroup as group:
        raise sole_cause(group) from None
    return 0


def _raise_descriptor_limit() -> None:
    """Raise the soft limit of descriptors: a running node needs about five, so the usual 1024 allow only 200 nodes."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _announce(urls: list[str], is_open: bool) -> None:
    gc.freeze()  # and the collector never examines them again
    gc.enable()
    print(f"gns3trio {__version__} ready on {' '.join(urls)}", flush=True)
    if is_open:  # on a line of its own, because scripts read the first one
        print(f"nobody has to log in; set the administrator's password at {urls[0]}/people", flush=True)
