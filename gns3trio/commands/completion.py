"""``gns3trio completion``: prints a script with which a shell completes commands, options, and names of a running
server.

At every Tab the script calls ``gns3trio complete SHELL ...``, which prints the candidates.
"""

import argparse
import re
import shlex
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import get_args

from gns3trio.client.arguments import add_client_arguments
from gns3trio.errors import LabError
from gns3trio.printable import escape

FILES = 4  # the exit status that tells the shell to complete a file
# What the names of objects are called that a server is asked for.
_KINDS = frozenset(
    (
        *("type", "project", "projects", "node", "nodes", "to", "ends", "link", "compute", "template", "appliance"),
        *("image", "symbol", "snapshot", "to_snapshot", "version", "drawing", "drawings", "hosted_id"),
        *("captures", "capture_file"),
        *("user_name", "to_user", "members", "group", "to_group", "role", "pool"),
    )
)
_TIMEOUT = 1  # seconds to wait for a server after Tab
_FILE_METAVARS = ("FILE", "FILE.svg", "DIR", "VALUE")  # a VALUE belongs to a setting and may be a path
LOG_LEVELS = ("debug", "info", "warning", "error")
_END = "\0"  # a mark that occurs in no command line

# -P: the current folder may contain modules of any name.
_PROGRAM = "{python} -P -m gns3trio complete"
_SCRIPTS = {
    "bash": """\
_gns3trio() {{
    mapfile -t COMPREPLY < <({program} bash "${{COMP_LINE:0:COMP_POINT}}" "$COMP_WORDBREAKS" 2>/dev/null)
    wait $! || compopt -o default
    [[ ${{COMPREPLY-}} != *= ]] || compopt -o nospace
}}
complete -F _gns3trio gns3trio""",
    "zsh": """\
#compdef gns3trio
_gns3trio() {{
    local found
    local -a lines
    found=$({program} zsh "${{(@Q)words[2,CURRENT-1]}}" "$PREFIX" 2>/dev/null) || {{ _files; return }}
    [[ -n $found ]] || return
    lines=("${{(@f)found}}")
    local -a glued
    [[ ${{lines[1]%%:*}} != *= ]] || glued=(-S '')
    _describe gns3trio lines "${{(@)glued}}"
}}
if [[ $funcstack[1] == _gns3trio ]]; then _gns3trio "$@"; else compdef _gns3trio gns3trio; fi""",
    "fish": """\
function __gns3trio
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    set -l found ({program} fish $before[2..] "$current" 2>/dev/null)
    or set found (__fish_complete_path "$current")
    printf '%s\\n' $found
end
complete -c gns3trio -f -a '(__gns3trio)'""",
}

Candidate = tuple[str, str]  # a candidate and its description


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``gns3trio completion`` to its parser."""
    parser.add_argument("shell", choices=_SCRIPTS, metavar="SHELL", help=", ".join(_SCRIPTS))


def run(arguments: argparse.Namespace) -> int:
    """Print the script of the chosen shell."""
    print(_SCRIPTS[arguments.shell].format(program=_PROGRAM.format(python=shlex.quote(sys.executable))))
    return 0


def complete(
    shell: str, arguments: Sequence[str], make_parser: Callable[[Sequence[str]], argparse.ArgumentParser]
) -> int:
    """Print the candidates. The arguments are those of the shell's script. Returns the exit status."""
    if shell == "bash":
        line, breaks = arguments
        words, current, quote = _split(line)
    else:
        *words, current = arguments
    found = _candidates(make_parser(words), words, current)
    if found is None:
        return FILES
    for word, text in ((escape(word), escape(text)) for word, text in found):
        if shell == "bash":
            if word.startswith(current):
                print(_for_bash(word, quote, _kept(line, breaks)))
        elif shell == "zsh":
            print(re.sub(r"([\\:])", r"\\\1", word) + (text and f":{text}"))
        else:
            print(f"{word}\t{text}")
    return 0


# --- bash, which leaves quoting to the completion command ---


def _split(line: str) -> tuple[list[str], str, str]:
    """The words before the cursor, the word at the cursor, and the quote that is open there."""
    for quote in ("", "'"):
        try:
            _, *words, current = shlex.split(line + _END + quote)
        except ValueError:  # another quote is open
            continue
        return words, current.removesuffix(_END), quote
    _, *words, current = shlex.split(line + _END + '"')
    return words, current.removesuffix(_END), '"'


def _kept(line: str, breaks: str) -> int:
    """The number of characters of the current word that readline keeps: up to the last unquoted one of ``breaks``."""
    quote, escaped, size, kept = "", False, 0, 0
    for character in line:
        if escaped or (quote and character not in (quote, "\\")):
            escaped = False
            size += 1
        elif character == "\\" and quote != "'":
            escaped = True
        elif character in "'\"":
            quote = "" if quote else character
        elif character.isspace():
            size = kept = 0
        else:
            size += 1
            if character in breaks:
                kept = size
    return kept


def _for_bash(word: str, quote: str, kept: int) -> str:
    if quote == "'":
        return word.replace("'", r"'\''")
    if quote == '"':  # where an exclamation mark would be expanded from the history, whatever is before it
        return re.sub(r'(["$`\\])', r"\\\1", word).replace("!", "\"'!'\"")
    return re.sub(r"([^\w@%+=:,./-])", r"\\\1", word[kept:])


# --- candidates ---


def _candidates(parser: argparse.ArgumentParser, words: Sequence[str], current: str) -> list[Candidate] | None:
    """The candidates at the cursor; None means that file names are completed."""
    given: dict[str, list[str]] = {}
    option: argparse.Action | None = None
    rest = _positionals(parser)
    for word in words:
        if option is not None:
            given[option.dest] = [word]
            option = None
        elif word.startswith("-") and word != "-":
            name, separator, value = word.partition("=")
            action = parser._option_string_actions.get(name)
            if action is None or action.nargs == 0:
                given[action.dest if action else name] = []
            elif separator:
                given[action.dest] = [value]
            else:
                option = action
        elif not rest:
            return []
        elif isinstance(rest[0], argparse._SubParsersAction):
            if word not in rest[0].choices:
                return []
            parser = rest[0].choices[word]
            rest = _positionals(parser)
        else:
            values = given.setdefault(rest[0].dest, [])
            values.append(word)
            if rest[0].nargs in (None, "?", len(values)):
                rest = rest[1:]
    if option is not None:
        return _values(option, parser, given, current)
    if current.startswith("-"):
        return [
            (flag, _text(action))
            for flag, action in parser._option_string_actions.items()
            if flag[:2] == "--" and action.help != argparse.SUPPRESS
        ]
    found: list[Candidate] = []
    for action in rest[: 2 if rest and rest[0].nargs == "?" else 1]:
        offered = _values(action, parser, given, current)
        if offered is None:
            return None
        found += offered
    return found


def _positionals(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return [action for action in parser._actions if not action.option_strings]


def _text(action: argparse.Action) -> str:
    return (action.help or "").replace("%%", "%")


def _values(
    action: argparse.Action, parser: argparse.ArgumentParser, given: dict[str, list[str]], current: str
) -> list[Candidate] | None:
    if isinstance(action, argparse._SubParsersAction):
        return [(each.dest, _text(each)) for each in action._choices_actions]
    if action.choices is not None:
        return [(str(choice), "") for choice in action.choices]
    if action.dest in _KINDS:
        known = given.get(action.dest, ())
        return [each for each in _names(action.dest, given) if each[0] not in known]
    if action.dest == "conditions":
        if action.metavar == "KEY=VALUE":
            return [(f"{column}=", "") for column in parser.get_default("columns")]
        if action.metavar == "TYPE":
            return list(_names("type", given))
        return [(state, "") for state in parser.get_default("states")]
    if action.dest == "direction":
        return [(each, "") for each in ("a_to_b", "b_to_a", "both")]
    if action.dest == "console_type":
        return [(each, "") for each in ("telnet", "vnc", "http", "https", "spice", "none")]
    if action.dest == "filters":
        from gns3trio.commands.link_conditions import FILTERS

        used = {word.partition("=")[0] for word in given.get("filters", ())}
        return [(f"{name}=", values) for name, values in FILTERS.items() if name not in used]
    if action.dest == "impairments":
        from gns3trio.commands.link_conditions import values_of
        from gns3trio.conditions.impairments import IMPAIRMENT_TYPES

        return [(f"{name}=", values_of(kind)) for name, kind in IMPAIRMENT_TYPES.items()]
    if action.dest == "tests":
        from gns3trio.measure.results import TestName

        before, comma, _ = current.rpartition(",")
        return [(before + comma + test, "") for test in get_args(TestName) if test not in before.split(",")]
    if action.dest == "engine":
        from gns3trio.commands.node import DEFAULT_ENGINE
        from gns3trio.compute.node_types import node_types

        engines = {engine: "" for traits in node_types.values() for engine in traits.engines}
        return [*engines.items(), *([] if action.option_strings else [(DEFAULT_ENGINE, "")])]
    if action.dest == "log_level":
        return [(level, "") for level in LOG_LEVELS]
    return None if action.metavar in _FILE_METAVARS else []


def _names(kind: str, given: dict[str, list[str]]) -> Iterable[Candidate]:
    """Names from the server; none if there is no server or no such project."""
    import trio  # imported here, because completing commands and options does not need it

    from gns3trio.client.client import Client
    from gns3trio.commands.names import names_of

    defaults = argparse.ArgumentParser()
    add_client_arguments(defaults, with_defaults=True)
    arguments = argparse.Namespace(
        url=given.get("url", [defaults.get_default("url")])[0],
        user=given.get("user", [defaults.get_default("user")])[0],
        insecure="insecure" in given,
    )

    async def ask() -> list[Candidate]:
        with trio.move_on_after(_TIMEOUT):
            return await names_of(Client.from_arguments(arguments), arguments, kind, given.get("project", [None])[0])
        return []

    try:
        return trio.run(ask)
    except LabError:
        return []
