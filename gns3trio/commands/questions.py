"""Asks users before something is lost."""

import argparse
import sys

from gns3trio.errors import LabError
from gns3trio.printable import escape


def add_yes(parser: argparse.ArgumentParser) -> None:
    """Add the option that answers the question of ``confirm``."""
    parser.add_argument("-y", "--yes", action="store_true", help="do not ask")


def is_asked(arguments: argparse.Namespace, *, scripts_need_yes: bool = True) -> bool:
    """Whether ``confirm`` would ask, or refuse because nobody can be asked."""
    return not arguments.yes and (scripts_need_yes or sys.stdin.isatty())


def confirm(arguments: argparse.Namespace, question: str, *, otherwise: str, scripts_need_yes: bool = True) -> None:
    """Ask before something is lost, unless ``--yes`` is given. Raises LabError with ``otherwise`` unless the answer is
    yes, or if nobody can be asked. Without ``scripts_need_yes``, nothing is asked there: what is lost is made again by
    a command or two, or the script itself has said what is to be left.
    """
    if not is_asked(arguments, scripts_need_yes=scripts_need_yes):
        return
    if not sys.stdin.isatty():
        raise LabError(f"{otherwise}: --yes is needed where nobody can be asked")
    print(f"{escape(question)} [y/N] ", end="", file=sys.stderr, flush=True)  # the output may be read by a program
    try:
        answer = input()
    except EOFError:
        answer = ""
    if answer.strip().lower() not in ("y", "yes"):
        raise LabError(otherwise)
