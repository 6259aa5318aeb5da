"""The parser of the command line: argparse's, with complaints that help, and options of all commands anywhere."""

import argparse
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn

from gns3trio.commands.suggestions import did_you_mean, suggest
from gns3trio.printable import escape

WRONG = 2  # the exit status that argparse uses

_MISSING = "the following arguments are required: "
_WRONG_WORD = re.compile(r"argument (COMMAND|ACTION): invalid choice: (['\"])(.*?)\2 \(", re.DOTALL)


class HelpFormatter(argparse.HelpFormatter):
    """Shows a short usage: the help lists the options below it, and a complaint should be seen."""

    def add_usage(self, usage: str | None, actions: Any, groups: Any, prefix: str | None = None) -> None:
        """Show the positional arguments only."""
        shown = [action for action in actions if not action.option_strings]
        shown.append(argparse.Action([], "options", nargs="?", metavar="OPTIONS"))
        super().add_usage(usage, shown, [], prefix)


class RawHelpFormatter(HelpFormatter, argparse.RawDescriptionHelpFormatter):
    """Keeps the lines of the texts above and below the options."""


class Parser(argparse.ArgumentParser):
    """Refuses abbreviations of options. If only the command or its action is missing, it prints the help. It explains
    where misplaced options belong, and what may be meant by misspelt words.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"formatter_class": HelpFormatter, "allow_abbrev": False, **options})
        self._words: Sequence[str] = ()
        self._subcommands: argparse._SubParsersAction[Parser] | None = None
        # Where a word that is no subcommand here is one: such as ``project ls`` for ``ls``.
        self.find_elsewhere: Callable[[str], Sequence[str]] = lambda word: ()

    def _names(self) -> list[str]:
        """The names of the subcommands, without other names of the same."""
        return list({id(parser): name for name, parser in reversed([*self.actions.items()])}.values())

    @property
    def actions(self) -> "Mapping[str, Parser]":
        """The parsers of the subcommands, by their names and other names."""
        return self._subcommands.choices if self._subcommands is not None else {}

    def add_subparsers(self, **options: Any) -> Any:
        """Remember the subcommands for ``error``."""
        self._subcommands = super().add_subparsers(**{"prog": self.prog, **options})
        return self._subcommands

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Refuse unknown words, where it is known which options there are. argparse also calls this for the words of
        each subcommand.
        """
        self._words = sys.argv[1:] if args is None else list(args)
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self._refuse(unknown)
        return found, unknown

    def _refuse(self, unknown: Sequence[str]) -> NoReturn:
        first = next((word for word in unknown if word.startswith("-") and word != "-"), None)
        if first is None:
            self.error(f"there is one word too many: {unknown[0]!r}")
        option = first.partition("=")[0]
        if self._subcommands is not None:
            self._misplaced(option)
        self.error(f"there is no option {option}.{did_you_mean(option, self._option_string_actions)}")

    def _misplaced(self, option: str) -> NoReturn:
        super().error(f"{option}: write this option after the command and its action: gns3trio project list --json")

    def error(self, message: str) -> NoReturn:
        """Print the usage and the complaint, and end with WRONG."""
        if message.endswith((": COMMAND", ": ACTION")):
            self.print_help(sys.stderr)
            self.exit(WRONG)
        if found := _WRONG_WORD.match(message):
            first = self._words[0] if self._words else ""
            if first.startswith("-") and first.partition("=")[0] not in self._option_string_actions:
                self._misplaced(first)
            elsewhere = suggest([f"{self.prog} {words}" for words in self.find_elsewhere(found[3])])
            hint = elsewhere or did_you_mean(found[3], self._names()) or f" {self.prog} --help lists them."
            message = f"there is no {found[1].lower()} {found[3]!r}.{hint}"
        elif message.startswith(_MISSING) and any(re.match("-[^-]", word) for word in self._words):
            message += "; a word that begins with - is an option, unless -- is before it"
        super().error(escape(message))  # it may have names from a server
