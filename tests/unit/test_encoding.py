"""JSON that is kept takes its own size of memory."""

import tracemalloc

import orjson

from gns3trio.encoding import dumps_to_keep


def test_what_is_kept_is_no_larger_than_its_text() -> None:
    document = {"b": ["x" * 50] * 400, "a": 1}
    dumps_to_keep(document)
    tracemalloc.start()
    try:
        kept = dumps_to_keep(document, orjson.OPT_SORT_KEYS)
        size, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert kept == orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    assert size < len(kept) + 200
