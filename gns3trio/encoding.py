"""Encodes JSON, for sending and for keeping in memory."""

from typing import Any

import orjson


def dumps(document: Any, option: int | None = None) -> bytes:
    """As ``orjson.dumps``, but with ``U+FFFD`` for characters that JSON cannot contain: parts of file names that are
    not UTF-8.
    """
    try:
        return orjson.dumps(document, option=option)
    except TypeError:
        return orjson.dumps(_without_surrogates(document), option=option)


def dumps_sorted(document: Any) -> bytes:
    """JSON for a client, with the keys of every object sorted, as GNS3 sends them. Some clients split the text
    themselves and recognise the end of an object by its last key, so the keys that we add must not come after it.
    """
    return dumps(document, orjson.OPT_SORT_KEYS)


def dumps_to_keep(document: Any, option: int | None = None) -> bytes:
    """As ``dumps``, but copied: the result of orjson keeps its buffer alive, which is up to ten times as large."""
    return memoryview(dumps(document, option)).tobytes()


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", errors="surrogatepass").decode("utf-8", errors="replace")
    if isinstance(value, dict):
        return {_without_surrogates(name): _without_surrogates(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_without_surrogates(each) for each in value]
    return value
