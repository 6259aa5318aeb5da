"""The order that people expect of names: PC2 before PC10."""

import re

_NUMBER = re.compile(r"([0-9]+)")


def natural_key(name: str) -> list[tuple[str, int]]:
    """The key to sort names by."""
    texts = _NUMBER.split(name)
    return [(text, int(number)) for text, number in zip(texts[::2], [*texts[1::2], "0"], strict=True)]
