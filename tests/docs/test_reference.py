"""The reference says what the program does."""

from tests.docs.reference import FOLDER, MANUAL, WRITTEN, manual, pages


def test_the_reference_is_present() -> None:
    found = {path.name: path.read_text() for path in FOLDER.iterdir() if path.name not in WRITTEN}
    assert found == pages(), "run: python -m tests.docs.reference"


def test_the_manual_page_is_present() -> None:
    assert MANUAL.read_text() == manual(), "run: python -m tests.docs.reference"
