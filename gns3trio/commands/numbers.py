"""Parses numbers on the command line, so that invalid ones are reported before anything is requested, created or
overwritten.

The server checks upper limits. Infinity and ``nan`` are rejected, because JSON has neither.
"""

import argparse
import math


def to_whole(text: str) -> int:
    """Parse a whole number, of any sign."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def to_count(text: str) -> int:
    """Parse a whole number that is at least 1."""
    number = to_whole(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


def to_seconds(text: str) -> float:
    """Parse a duration, which must be more than 0."""
    number = _finite(text)
    if number <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not more than 0")
    return number


def to_percent(text: str) -> float:
    """Parse a percentage from 0 to 100."""
    number = _finite(text)
    if not 0 <= number <= 100:
        raise argparse.ArgumentTypeError(f"{text} is not from 0 to 100")
    return number


def _finite(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return number
