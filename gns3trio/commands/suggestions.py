"""Suggests what was meant by a misspelt word."""

from collections.abc import Iterable, Sequence
from itertools import islice

_MOST = 3
# Names come from servers: comparing each with the word must not take long.
_MOST_NAMES = 10_000
_LONGEST = 100
_ALIKE = 0.6  # of difflib's ratios, where 1 is equal


def did_you_mean(word: str, names: Iterable[str]) -> str:
    """A sentence to add to a complaint, such as ``" Did you mean PC1 or PC2?"``; empty if no name is similar."""
    return suggest(similar(word, names))


def suggest(meant: Sequence[str]) -> str:
    """A sentence with what may be meant, but with few of many; empty if there is nothing."""
    return f" Did you mean {' or '.join(meant[:_MOST])}?" if meant else ""


def similar(word: str, names: Iterable[str]) -> list[str]:
    """The names that are most similar to a word, the best first: that which differs in case only; otherwise those that
    begin with it; otherwise others.
    """
    from difflib import get_close_matches  # imported here, because only mistakes need it

    if not word or len(word) > _LONGEST:
        return []
    by_folded: dict[str, str] = {}
    for name in islice(names, _MOST_NAMES):
        if len(name) <= _LONGEST:
            by_folded.setdefault(name.casefold(), name)
    folded = word.casefold()
    if folded in by_folded:
        return [by_folded[folded]]
    begins = sorted((name for name in by_folded if len(folded) > 1 and name.startswith(folded)), key=len)
    found = begins[:_MOST] or get_close_matches(folded, by_folded, _MOST, _ALIKE)
    return [by_folded[name] for name in found]
