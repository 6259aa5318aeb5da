"""Numbers on the command line. A wrong one is told of before anything is asked, made or overwritten.

What a number may be at most is left to the server. Infinity and what is no number (``nan``) are none here: JSON has
neither.
"""

import argparse
import math


def to_whole(text: str) -> int:
    """A whole number, of any sign."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def to_count(text: str) -> int:
    """A whole number from 1."""
    number = to_whole(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is less than 1")
    return number


def to_seconds(text: str) -> float:
    """A time, longer than none."""
    number = _finite(text)
    if number <= 0:
        raise argparse.ArgumentTypeError(f"{text} is not more than 0")
    return number


def to_percent(text: str) -> float:
    """A part of the whole."""
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
