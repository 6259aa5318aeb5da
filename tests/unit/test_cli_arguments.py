"""What a command line gets wrong is told in a sentence before a server is asked."""

import re
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path

import pytest

from gns3trio.cli import FAILURE, main, make_parser
from gns3trio.commands.parser import WRONG

# Each option that takes a number, and words with which it is complete but for the number.
OPTIONS = [
    ("capture", "lab PC1-PC2 -w {file} --seconds"),
    ("capture", "lab PC1-PC2 -w {file} --snaplen"),
    ("console", "lab PC1 -c ? --timeout"),
    ("watch", "--count"),
    *(
        (command, f"{ends} {option}")
        for command, ends in (("bench-link", "lab PC1-PC2"), ("bench-udp", "1:127.0.0.1:2 2:127.0.0.1:1"))
        for option in ("--seconds", "--max-rate", "--max-loss", "--repetitions", "--burst-repetitions")
    ),
    *(
        ("node traffic", f"lab PC1 PC2 {option}")
        for option in ("--size", "--seconds", "--packets", "--burst", "--port")
    ),
    ("node mesh", "lab PC1 --max-pairs"),
]


@pytest.mark.parametrize("number", ["-1", "nan", "inf", "-0.5", "two", ""])
@pytest.mark.parametrize(("command", "words"), OPTIONS, ids=lambda words: words)
def test_a_number_that_makes_no_sense(
    command: str, words: str, number: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(tmp_path / "file")
    with pytest.raises(SystemExit) as stop:
        main([*command.split(), *words.format(file=file).split(), number])
    assert stop.value.code == WRONG
    flag = words.split()[-1]
    last = capsys.readouterr().err.splitlines()[-1]
    complaint = "not a (whole )?number|less than 1|not more than 0|not from 0 to 100"
    assert re.fullmatch(rf"gns3trio {command}: error: argument {flag}: .* is ({complaint})", last)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("apply", "gns3trio topology apply"),
        ("ls", "gns3trio project ls or gns3trio node ls or gns3trio link ls"),
        ("nod", "node"),
    ],
)
def test_an_action_without_its_command(word: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([word, "lab"])
    assert capsys.readouterr().err.endswith(f"there is no command {word!r}. Did you mean {meant}?\n")


def test_no_option_takes_a_number_as_python_does() -> None:
    """``float`` takes nan, and neither it nor ``int`` knows what is too small."""
    plain = [
        f"{parser.prog} {action.dest}"
        for parser in parsers(make_parser())
        for action in parser._actions
        if action.type in (int, float)
    ]
    assert plain == []


def parsers(parser: ArgumentParser) -> Iterator[ArgumentParser]:
    yield parser
    for action in parser._actions:
        if action.choices and isinstance(action.choices, dict):
            for each in action.choices.values():
                if isinstance(each, ArgumentParser):
                    yield from parsers(each)


NOBODY = ["--url", "http://127.0.0.1:1"]
ENDS = {"bench-link": ["lab", "PC1-PC2"], "bench-udp": ["1:127.0.0.1:2", "2:127.0.0.1:1"]}


@pytest.mark.parametrize("command", ENDS)
def test_a_plot_that_cannot_be_written_is_told_before_anything_is_measured(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file, reason in ((tmp_path / "no" / "x.svg", "No such file or directory"), (tmp_path, "Is a directory")):
        assert main([command, *ENDS[command], *NOBODY, "--plot", str(file)]) == FAILURE
        assert capsys.readouterr().err == f"gns3trio: --plot: {file}: {reason}\n"
    drawn = tmp_path / "drawn.svg"
    drawn.write_text("before")
    for file in (tmp_path / "new.svg", drawn):
        assert main([command, *ENDS[command], *NOBODY, "--plot", str(file)]) == FAILURE
        assert "connection refused" in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir()] == ["drawn.svg"] and drawn.read_text() == "before"


def test_a_capture_of_no_link_leaves_its_file_as_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "kept.pcap"
    file.write_text("before")
    assert main(["capture", "lab", "PC1-PC2", *NOBODY, "-w", str(file)]) == FAILURE
    assert "connection refused" in capsys.readouterr().err
    assert file.read_text() == "before"


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        ("--json project list", "--json: write this option after the command and its action"),
        ("project --json list", "--json: write this option after the command and its action"),
        ("--output json project list", "--output: write this option after the command and its action"),
        ("--url http://x doctor", "--url: write this option after the command and its action"),
        ("project create -dash", "unless -- is before it"),
        ("node create lab vpcs -x", "-x: expected one argument"),
        ("nod list", "there is no command 'nod'. Did you mean node?"),
        ("projects list", "there is no command 'projects'. Did you mean project?"),
        ("it's list", 'there is no command "it\'s". gns3trio --help lists them.'),
        ("node lst lab", "there is no action 'lst'. Did you mean list?"),
        ("node qqqqq lab", "there is no action 'qqqqq'. gns3trio node --help lists them."),
        ("node stop lab --al", "there is no option --al. Did you mean --all?"),
        ("link stats lab PC1-PC2 --fol=x", "there is no option --fol. Did you mean --follow?"),
        ("node show lab PC1 PC2", "there is one word too many: 'PC2'"),
        ("node list lab --status runing", "'runing' is not one of started, stopped, suspended"),
        ("node list lab --filter status", "'status' is not KEY=VALUE or KEY!=VALUE"),
        ("project create", "the following arguments are required: NAME\n"),
    ],
)
def test_words_in_the_wrong_place(words: str, hint: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(words.split())
    assert stop.value.code == WRONG
    assert hint in capsys.readouterr().err
