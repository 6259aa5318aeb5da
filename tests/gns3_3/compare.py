"""How two answers to a step differ, in short lines."""

from collections.abc import Iterator

from tests.gns3_3.play import Answer


def differences(theirs: Answer, ours: Answer) -> frozenset[str]:
    """What is different. Of answers with different statuses, the rest is not compared: one of them is an error."""
    if theirs.status != ours.status:
        return frozenset({f"{theirs.status}, here {ours.status}"})
    return frozenset(_of_equal_status(theirs, ours))


def _of_equal_status(theirs: Answer, ours: Answer) -> Iterator[str]:
    if theirs.media_type != ours.media_type:
        yield f"{theirs.media_type}, here {ours.media_type}"
    if theirs.closed != ours.closed:
        yield f"closed by {theirs.closed}, here {ours.closed}"
    yield from (f"no {key}" for key in theirs.keys - ours.keys)
    yield from (f"also {key}" for key in ours.keys - theirs.keys)
    for name in sorted({*theirs.headers, *ours.headers}):
        pair = theirs.headers.get(name), ours.headers.get(name)
        if pair[0] != pair[1]:
            yield f"{name}: {pair[0]}, here {pair[1]}"
