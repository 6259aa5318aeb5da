"""Long replies are sent in pieces, and are the same JSON as short ones."""

import orjson
import pytest

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
