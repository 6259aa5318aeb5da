"""Properties of nodes and templates on the command line: ``NAME=VALUE``."""

import argparse
import json
from typing import Any


def to_property(text: str) -> tuple[str, Any]:
    """A property: its value is JSON if it can be read as that, and a text otherwise."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not like NAME=VALUE")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def add_properties(parser: argparse.ArgumentParser, help_text: str) -> None:
    """Add the option that sets properties, which may be given several times."""
    parser.add_argument(
        "--property",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        type=to_property,
        dest="properties",
        help=f"{help_text}; may be given several times",
    )
