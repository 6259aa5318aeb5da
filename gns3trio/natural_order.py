"""Natural sort order of names: PC2 before PC10."""

import re

_NUMBER = re.compile(r"([0-9]+)")


def natural_key(name: str) -> list[tuple[str, int, str]]:
    """The sort key of a name. Numbers are compared by length and digits, because parsing a long number is slow."""
    texts = _NUMBER.split(name)
    numbers = [digits.lstrip("0") for digits in (*texts[1::2], "")]
    return [(text, len(digits), digits) for text, digits in zip(texts[::2], numbers, strict=True)]
