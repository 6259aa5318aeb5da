"""The order that people expect of names: PC2 before PC10."""

import re

_NUMBER = re.compile(r"([0-9]+)")


def natural_key(name: str) -> list[tuple[str, int, str]]:
    """The key to sort names by. A number is compared by its length and digits: reading a long one takes long."""
    texts = _NUMBER.split(name)
    numbers = [digits.lstrip("0") for digits in (*texts[1::2], "")]
    return [(text, len(digits), digits) for text, digits in zip(texts[::2], numbers, strict=True)]
