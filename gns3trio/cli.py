"""The command line: ``gns3trio serve|demo|watch|web-ui|bench-link``."""

import argparse
import logging
import os
import resource
import sys
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from pathlib import Path

import trio

from gns3trio import __version__
from gns3trio.config import DEFAULT_FILES, SETTINGS, environment_name, load_config
from gns3trio.errors import LabError, sole_cause

USAGE_ERROR = 2
FAILURE = 1

_ABSENT = argparse.SUPPRESS

# Commands in modules of their own, which are loaded when they are called: a server starts quicker without them.
_OTHERS = (
    ("demo", "start a server and play the sample session on it", None),
    ("watch", "print a server's events as they happen", None),
    ("web-ui", "install the GNS3 web UI for the server", None),
    (
        "bench-link",
        "measure a link of a running lab",
        "Measure throughput, latency, loss and bursts of a link after RFC 2544. Its nodes notice nothing.",
    ),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status: 0, 1 when it failed, 2 when it was called wrongly."""
    argv = sys.argv[1:] if argv is None else argv
    arguments = _make_parser(argv).parse_args(argv)
    try:
        status: int = arguments.run(arguments)
    except KeyboardInterrupt:
        return 128 + 2
    except BrokenPipeError:  # whoever read our output wants no more of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILURE
    except LabError as error:
        print(f"gns3trio: {error}", file=sys.stderr)
        return FAILURE
    return status


def _make_parser(argv: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gns3trio", description="A GNS3-compatible network-lab server.")
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
    for name, text, description in _OTHERS:
        other = commands.add_parser(name, help=text, description=description)
        if name in argv:
            module = import_module(f"gns3trio.{name.replace('-', '_')}")
            module.add_arguments(other)
            other.set_defaults(run=module.run)
    return parser


def _layers_text() -> str:
    files = " or ".join(str(path) for path in reversed(DEFAULT_FILES))
    return (
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
            parser.add_argument(flag, dest=name, metavar="VALUE", default=_ABSENT, help=text)


def _default_text(default: object) -> str:
    if isinstance(default, bool):
        return "yes" if default else "no"
    return "none" if default in (None, "") else str(default).replace("%", "%%")


def _serve(arguments: argparse.Namespace) -> int:
    from gns3trio.server import (
        run_server,
    )  # builds on the compiled core, which the other commands do not need

    given = {name: value for name, value in vars(arguments).items() if name in SETTINGS}
    config = load_config(given, os.environ, arguments.config)
    logging.basicConfig(
        level=config.log_level.upper(),
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
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
    print(f"gns3trio {__version__} ready on {' '.join(urls)}", flush=True)
