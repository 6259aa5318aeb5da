"""The command line: ``gns3trio serve``, and a module of ``gns3trio.commands`` for each other command."""

import argparse
import gc
import logging
import os
import re
import resource
import sys
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

from gns3trio import __version__
from gns3trio.acting import name_actor
from gns3trio.commands.completion import complete
from gns3trio.config import DEFAULT_FILES, SETTINGS, environment_name, is_list, load_config
from gns3trio.errors import LabError, NotFound, sole_cause
from gns3trio.printable import LogFormatter, escape

FAILURE = 1
WRONG = 2  # the exit status that argparse uses
NOT_FOUND = 3
INTERRUPTED = 128 + 2  # the exit status that a shell reports for SIGINT

_MISSING = "the following arguments are required: "
_ABSENT = argparse.SUPPRESS

# Each is a module of ``gns3trio.commands``, imported only when it is called, so that the server starts faster.
_COMMANDS = {
    "project": "list, create, open, close, copy, export and import projects",
    "node": "list, create, change, start, stop and delete nodes",
    "link": "create and delete links, set their filters, show their counters",
    "console": "connect this terminal to a node's console, or run commands in it",
    "capture": "capture the traffic of a link into a file or Wireshark",
    "topology": "describe projects as YAML: apply, compare, export, draw",
    "appliance": "list appliances, and install them as templates",
    "template": "list templates, and create nodes from them",
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
}
_EXIT_TEXT = """\
Exit status: 0 success; 1 failure, or the server rejected the request; 2 usage error;
3 no such project, node, link or host. topology diff: 1 if there are differences."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status (``--help`` lists them)."""
    argv = sys.argv[1:] if argv is None else argv
    if argv[:1] == ["complete"] and len(argv) > 2:  # called by completion scripts, so the help does not list it
        return complete(argv[1], argv[2:], make_parser)
    arguments = make_parser(argv).parse_args(argv)
    try:
        status: int = arguments.run(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILURE
    except LabError as error:
        print(f"gns3trio: {escape(str(error))}", file=sys.stderr)
        return NOT_FOUND if isinstance(error, NotFound) else FAILURE
    return status


class _Parser(argparse.ArgumentParser):
    """Prints the help if only the command or its action is missing, and explains where misplaced options belong."""

    _words: Sequence[str] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Remember the words for ``error``. argparse also calls this for the words of each subcommand."""
        self._words = sys.argv[1:] if args is None else list(args)
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        if message.endswith((": COMMAND", ": ACTION")):
            self.print_help(sys.stderr)
            self.exit(WRONG)
        first = self._words[0] if self._words else ""
        is_misplaced = message.startswith(
            ("argument COMMAND: ", "argument ACTION: ", f"unrecognized arguments: {first}")
        )
        if first.startswith("--") and is_misplaced:
            message = f"{first}: options come after the command, as in: gns3trio project list --url URL"
        elif message.startswith(_MISSING) and any(re.match("-[^-]", word) for word in self._words):
            message += "; a word that begins with - is an option, unless -- is before it"
        super().error(message)


def make_parser(argv: Sequence[str] | None = None) -> argparse.ArgumentParser:
    """The parser for these arguments; without arguments, the complete parser."""
    parser = _Parser(
        prog="gns3trio",
        description="A GNS3-compatible network-lab server, and commands for such a server.",
        epilog=_EXIT_TEXT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("-v", "--version", action="version", version=f"gns3trio {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser(
        "serve",
        help="run the server",
        description="Run the server until it gets SIGTERM or Ctrl-C.",
        epilog=_layers_text(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_settings(serve)
    serve.set_defaults(run=_serve)
    for name, text in _COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        if argv is None or name in argv:
            module = import_module(f"gns3trio.commands.{name.replace('-', '_')}")
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    return parser


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


def _announce(urls: list[str]) -> None:
    gc.freeze()  # and the collector never examines them again
    gc.enable()
    print(f"gns3trio {__version__} ready on {' '.join(urls)}", flush=True)
