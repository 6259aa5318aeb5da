"""Long replies are sent in pieces, and are the same JSON as short ones."""

from collections.abc import Iterator

import orjson
import pytest
import trio

from gns3trio.api.encoded_lists import PIECE_BYTES, LongReply, encode_pieces
from gns3trio.encoding import dumps_sorted


@pytest.mark.parametrize("count", [0, 1, 2, 5000])
async def test_the_pieces_are_the_json_of_the_whole(count: int) -> None:
    views = [{"number": number, "a": "x" * 50} for number in range(count)]
    fields = {"z": views, "a": [], "plain": {"b": 1, "a": None}}
    for result, whole in (
        (views, views),
        (iter(views), views),
        (LongReply({**fields, "z": iter(views), "a": iter(())}), fields),
    ):
        pieces = await encode_pieces(result)
        assert b"".join(pieces) == dumps_sorted(whole)
        assert max(map(len, pieces)) < 2 * PIECE_BYTES
        assert (len(pieces) > 1) == (count == 5000)


async def test_an_object_without_fields() -> None:
    assert orjson.loads(b"".join(await encode_pieces(LongReply({})))) == {}


async def test_one_long_list_is_encoded_at_a_time_and_short_ones_do_not_wait() -> None:
    views = [{"number": number, "svg": "x" * (PIECE_BYTES * 10)} for number in range(20)]
    begun: list[int] = []
    ended: list[int] = []

    async def encode(number: int) -> None:
        def told() -> Iterator[object]:
            for at, view in enumerate(views):
                if at == 1:  # the first is more than a piece, so that it is this list's turn
                    begun.append(number)
                    assert len(begun) == len(ended) + 1
                yield view

        assert b"".join(await encode_pieces(told())) == dumps_sorted(views)
        ended.append(number)

    async def encode_short() -> None:
        assert await encode_pieces(iter(views[:0])) == [b"[]"]
        assert len(ended) < 5

    async with trio.open_nursery() as nursery:
        for number in range(5):
            nursery.start_soon(encode, number)
        nursery.start_soon(encode_short)
    assert begun == ended


async def test_a_list_that_is_given_up_leaves_its_turn_to_others() -> None:
    def endless() -> Iterator[object]:
        while True:
            yield "x" * PIECE_BYTES

    with trio.move_on_after(0.05) as scope:
        await encode_pieces(endless())
    assert scope.cancelled_caught
    with trio.fail_after(30):
        assert len(await encode_pieces(["x" * PIECE_BYTES, 1])) == 2
