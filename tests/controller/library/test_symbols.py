"""The pictures of symbols, whoever has put them into their folder."""

import json
from pathlib import Path

from gns3trio.controller.library.symbols import BUILTIN_FOLDER, Symbols

PICTURES = json.loads((Path(__file__).parents[2] / "pictures/pictures.json").read_text())
PLAIN = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'


def test_a_picture_that_no_browser_could_draw_is_a_computer(tmp_path: Path) -> None:
    symbols = Symbols(tmp_path)
    computer = (BUILTIN_FOLDER / "computer.svg").read_bytes()
    for content, shown in ((PICTURES[0]["svg"].encode(), computer), (PLAIN, PLAIN), (b"\xff" * 9, b"\xff" * 9)):
        (tmp_path / "mine.svg").write_bytes(content)
        assert symbols.picture("mine.svg") == (shown, "image/svg+xml")
    (tmp_path / "router.svg").write_bytes(PICTURES[0]["svg"].encode())  # in place of a built-in one
    assert symbols.picture(":/symbols/classic/router.svg") == (computer, "image/svg+xml")
    (tmp_path / "mine.png").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0\0\xff\xff" * 2)
    assert symbols.picture("mine.png") == (computer, "image/svg+xml")
