"""Asks users before something is lost."""

import argparse
import sys

from gns3trio.errors import LabError
from gns3trio.printable import escape


def add_yes(parser: argparse.ArgumentParser) -> None:
    """Add the option that answers the question of ``confirm``."""
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")


def confirm(arguments: argparse.Namespace, question: str, *, otherwise: str, loses_data: bool = True) -> None:
    """Ask before something is lost, unless ``--yes`` is given. Raises LabError with ``otherwise`` unless the answer is
    yes, or if nobody can be asked. Without ``loses_data``, what is lost is made again by a command or two: then scripts
    need no ``--yes``.
    """
    if arguments.yes:
        return
    if not sys.stdin.isatty():
        if loses_data:
            raise LabError(f"{otherwise}: --yes is needed where nobody can be asked")
        return
    print(f"{escape(question)} [y/N] ", end="", file=sys.stderr, flush=True)  # the output may be read by a program
    try:
        answer = input()
    except EOFError:
        answer = ""
    if answer.strip().lower() not in ("y", "yes"):
        raise LabError(otherwise)
