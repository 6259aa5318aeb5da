"""Files in forms, as browsers send them."""

from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gns3trio.api.multipart import FirstPart, boundary_of, file_of
from gns3trio.errors import Invalid

BOUNDARY = b"----WebKitFormBoundary7MA4"
TYPE = f"multipart/form-data; boundary={BOUNDARY.decode()}"
HEAD = b'Content-Disposition: form-data; name="file"; filename="x.gns3project"\r\nContent-Type: application/zip\r\n\r\n'


def form(content: bytes, *, before: bytes = b"", after: bytes = b"--\r\n") -> bytes:
    return before + b"--" + BOUNDARY + b"\r\n" + HEAD + content + b"\r\n--" + BOUNDARY + after


def fed(body: bytes, size: int) -> bytes:
    part = FirstPart(BOUNDARY)
    content = b"".join(part.feed(body[start : start + size]) for start in range(0, len(body), size))
    part.finish()
    return content


def likely() -> st.SearchStrategy[bytes]:
    """Contents that look like the delimiter."""
    return st.lists(st.sampled_from([b"\r\n", b"--", BOUNDARY[:9], b"\r", b"-", b"x"])).map(b"".join)


@given(content=st.binary(max_size=300) | likely(), size=st.integers(1, 400))
def test_the_content_comes_out_however_the_body_is_cut(content: bytes, size: int) -> None:
    assert fed(form(content), size) == content


@pytest.mark.parametrize("before", [b"", b"\r\n", b"This is a preamble.\r\n"])
def test_what_is_before_and_after_the_first_part_is_left_out(before: bytes) -> None:
    second = b"\r\n" + HEAD + b"second" + b"\r\n--" + BOUNDARY + b"--\r\n"
    assert fed(form(b"first", before=before, after=second), 7) == b"first"


@pytest.mark.parametrize("size", [1, 1000])
def test_what_waits_is_short(size: int) -> None:
    part = FirstPart(BOUNDARY)
    part.feed(form(b"")[: -len(BOUNDARY) - 8])
    fed_bytes = got = 0
    for _ in range(100):
        got += len(part.feed(b"\r" * size))
        fed_bytes += size
        assert fed_bytes - got <= len(BOUNDARY) + 4


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"PK\x03\x04" + b"x" * 100,
        b"--" + BOUNDARY,
        b"--" + BOUNDARY + b"\r\nContent-Disposition: form-data",
        form(b"cut off")[:-40],
        b"--" + BOUNDARY + b"\r\n" + b"x" * 20_000,
        b"x" * 20_000,
    ],
)
def test_what_is_no_form_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        fed(body, 1000)


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        (TYPE, BOUNDARY),
        ('Multipart/Form-Data; charset=x; boundary="a b"', b"a b"),
        ("application/octet-stream", None),
        ("", None),
        ("multipart/mixed; boundary=x", None),
    ],
)
def test_the_boundary_is_in_the_content_type(content_type: str, boundary: bytes | None) -> None:
    assert boundary_of(content_type) == boundary


@pytest.mark.parametrize(
    "parameters", ["", "; boundary=", "; boundary=" + "x" * 71, "; boundary=\xff", "; boundary*=utf-8''%ff"]
)
def test_a_form_without_a_boundary_is_refused(parameters: str) -> None:
    with pytest.raises(Invalid, match="boundary"):
        boundary_of(f"multipart/form-data{parameters}")


async def test_another_body_is_the_file_itself() -> None:
    async def body() -> AsyncIterator[bytes]:
        for piece in pieces():
            yield piece

    def pieces() -> Iterator[bytes]:
        yield from (b"PK", b"\x03\x04")

    assert b"".join([piece async for piece in file_of(body(), "application/zip")]) == b"PK\x03\x04"
