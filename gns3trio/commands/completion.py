"""``gns3trio completion``: prints what makes a shell complete the commands and their options."""

import argparse

import shtab

SHELLS = ("bash", "zsh", "tcsh")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``gns3trio completion``."""
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))


def run(arguments: argparse.Namespace) -> int:
    """Print it."""
    print(shtab.complete(arguments.whole_parser, arguments.shell))
    return 0
