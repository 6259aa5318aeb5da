"""What ``gns3trio console -c`` makes of what a node prints."""

import re

import pytest

from gns3trio.commands.console import DEFAULT_PROMPT, Answer, parse_prompt

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


@pytest.mark.parametrize(
    "prompt",
    [
        "VPCS> ",
        "R1# ",
        "R1(config-if)# ",
        "/ # ",
        "~ # ",
        "root@R1:/etc/frr# ",
        "bash-5.2$ ",
        "[root@host ~]# ",
        "[R1]>",
    ],
)
def test_the_prompts_of_the_usual_shells_and_routers_are_known(prompt: str) -> None:
    answer = Answer("show", parse_prompt(DEFAULT_PROMPT))
    answer.feed(f"{prompt}show\r\n# a comment\r\n7 is > 5".encode())
    assert not answer.is_complete
    assert answer.feed(b" and < 9\r\n" + prompt.encode()) == b"7 is > 5 and < 9\n"
    assert answer.is_complete


@pytest.mark.parametrize("output", ["one two > ", "[a b c]# ", "100 %", "a] ", "#comment"])
def test_what_is_no_prompt(output: str) -> None:
    answer = Answer("show", parse_prompt(DEFAULT_PROMPT))
    answer.feed(f"show\r\n{output}".encode())
    assert not answer.is_complete
