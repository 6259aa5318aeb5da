"""The reference says what the program does."""

from tests.docs.reference import FOLDER, WRITTEN, pages


def test_the_reference_is_present() -> None:
    found = {path.name: path.read_text() for path in FOLDER.iterdir() if path.name not in WRITTEN}
    assert found == pages(), "run: python -m tests.docs.reference"
