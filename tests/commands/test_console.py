"""What ``gns3trio console -c`` makes of what a node prints."""

import re

import pytest

from gns3trio.commands.console import Answer

PROMPT = re.compile(rb"(?:^|[\r\n])(?:VPCS> ?)$")


@pytest.mark.parametrize(
    ("pieces", "told", "end"),
    [
        ([b"show\r\n\r\nname\r\n\r\nport\r\n\r\nVPCS> "], [b"name\n\nport\n"], b""),
        ([b"sh", b"ow\r\na", b"b\r\nc\r\n", b"VPCS> "], [b"", b"", b"ab\nc\n", b""], b""),
        ([b"\r\nVPCS> show\r\na\r\nVPCS> "], [b"a\n"], b""),  # behind the prompt of an earlier command
        ([b"show\r\na\x1b[", b"1mb\r\nVPCS> "], [b"", b"ab\n"], b""),
        ([b"show\r\na\r\nb"], [b"a\n"], b"b\n"),  # no prompt has come
        ([b"a\r\nb\r\nVPCS> "], [b""], b"a\nb\n"),  # a node that does not echo
        ([b"show\r\nVPCS> "], [b""], b""),
    ],
)
def test_whole_lines_are_told_as_they_come(pieces: list[bytes], told: list[bytes], end: bytes) -> None:
    answer = Answer("show", PROMPT)
    assert [answer.feed(piece) for piece in pieces] == told
    assert answer.end() == end
