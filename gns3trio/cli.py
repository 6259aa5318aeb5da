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
from gns3trio.commands.completion import complete
from gns3trio.config import DEFAULT_FILES, SETTINGS, environment_name, is_list, load_config
from gns3trio.errors import LabError, NotFound, sole_cause
from gns3trio.printable import LogFormatter, escape

FAILURE = 1
WRONG = 2  # so says argparse
NOT_FOUND = 3
INTERRUPTED = 128 + 2  # as a shell tells of SIGINT

_MISSING = "the following arguments are required: "
_ABSENT = argparse.SUPPRESS

# Each is a module of ``gns3trio.commands``, loaded when it is called: a server starts quicker without them.
_COMMANDS = {
    "project": "list, make, open, close, copy and move projects",
    "node": "list, make, start, stop and delete nodes",
    "link": "join nodes; filter, suspend and count links",
    "console": "a node's console in this terminal, or commands typed into it",
    "capture": "what crosses a link, live, into a file or Wireshark",
    "topology": "a project as a document: apply, compare, export, draw",
    "bench-link": "measure a link after RFC 2544; its nodes notice nothing",
    "bench-udp": "measure what is between two UDP ports after RFC 2544: a tunnel, a relay",
    "watch": "print a server's events as they happen",
    "doctor": "say what this machine lacks for labs, and how to get it",
    "web-ui": "install the GNS3 web UI for the server",
    "completion": "print what makes a shell complete commands, options and names",
    "demo": "start a server and play the sample session on it",
}
_EXIT_TEXT = """\
exit status: 0 done; 1 it failed, or the server refused; 2 the command was written wrongly;
3 there is no such project, node or link. topology diff: 1 when there are differences."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status, as ``--help`` tells them."""
    argv = sys.argv[1:] if argv is None else argv
    if argv[:1] == ["complete"] and len(argv) > 2:  # not for people, so no help tells of it
        return complete(argv[1], argv[2:], make_parser)
    arguments = make_parser(argv).parse_args(argv)
    try:
        status: int = arguments.run(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our output wants no more of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILURE
    except LabError as error:
        print(f"gns3trio: {escape(str(error))}", file=sys.stderr)
        return NOT_FOUND if isinstance(error, NotFound) else FAILURE
    return status


class _Parser(argparse.ArgumentParser):
    """Where only the command or its action is missing, the help tells which there are; and words in the wrong place
    are told where they belong.
    """

    _words: Sequence[str] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse, which calls it for the words of each command too."""
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
            message = f"{first}: options come behind the command, as in: gns3trio project list --url URL"
        elif message.startswith(_MISSING) and any(re.match("-[^-]", word) for word in self._words):
            message += "; what begins with - is taken for an option, unless -- is before it"
        super().error(message)


def make_parser(argv: Sequence[str] | None = None) -> argparse.ArgumentParser:
    """The parser for these arguments; without any, the whole of it."""
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
        "Where there are addresses or names, several are separated by commas, or each has the flag before it.\n"
        "A setting may also be given in a TOML file (--config; else the first that exists of\n"
        f"{files}) as NAME = VALUE, or as the environment variable\n"
        f"{environment_name('port')} (so for every setting). The command line is stronger than the environment,\n"
        "the environment than the file. Put the password into the file or the environment:\n"
        "other users of this machine can see a command line."
    )


def _add_settings(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", metavar="FILE", type=Path, help="TOML file with settings")
    for name, field in SETTINGS.items():
        flag = "--" + name.replace("_", "-")
        text = f"{field.metadata['doc']} (default: {_default_text(field.default)})"
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
    return "none" if default in (None, "") else str(default).replace("%", "%%")


def _serve(arguments: argparse.Namespace) -> int:
    gc.disable()  # what a start makes is no garbage, and to look for some takes a sixth of its time
    import trio

    from gns3trio.server import run_server  # builds on the compiled core, which the other commands do not need

    given = {name: value for name, value in vars(arguments).items() if name in SETTINGS}
    config = load_config(given, os.environ, arguments.config)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LogFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=config.log_level.upper(), handlers=[handler])
    if config.log_level == "info":  # our own line tells where the server is
        logging.getLogger("hypercorn.error").setLevel(logging.WARNING)
    _raise_descriptor_limit()
    try:
        trio.run(partial(run_server, config, _announce))
    except ExceptionGroup as group:
        raise sole_cause(group) from None
    return 0


def _raise_descriptor_limit() -> None:
    """A running node takes some five descriptors; the usual soft limit of 1024 would end a lab of 200 nodes."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _announce(urls: list[str]) -> None:
    gc.freeze()  # nor is it ever looked through again
    gc.enable()
    print(f"gns3trio {__version__} ready on {' '.join(urls)}", flush=True)
