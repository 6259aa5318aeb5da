"""The record of what is open at computes on other hosts; ``tests/e2e/test_killed_controller.py`` shows its use."""

import shutil
from pathlib import Path
from uuid import UUID

import pytest

from gns3trio.controller.opened_elsewhere import STATE_NAME, OpenedElsewhere, check_stored_openings
from gns3trio.controller.storage.server_state import open_state
from gns3trio.errors import Invalid, Unavailable

A, B = UUID(int=1), UUID(int=2)


async def opened(folder: Path) -> OpenedElsewhere:
    """As after a start of the server."""
    return OpenedElsewhere(await open_state(folder, {STATE_NAME: check_stored_openings}))


async def test_it_outlives_the_server(tmp_path: Path) -> None:
    first = (await opened(tmp_path)).at("far")
    for project_id in (A, B, A):
        await first.add(project_id)
    assert first.ids() == (await opened(tmp_path)).ids("far") == {A, B}
    await first.remove(A)
    await first.remove(A)
    again = await opened(tmp_path)
    assert again.ids("far") == {B} and again.ids("other") == frozenset()


async def test_a_compute_that_is_removed_keeps_its_entries_under_its_address(tmp_path: Path) -> None:
    record = await opened(tmp_path)
    await record.at("far").add(A)
    await record.at("back").add(B)
    await record.rename("far", "192.0.2.1:3080")
    assert record.ids("far") == frozenset()
    await record.rename("192.0.2.1:3080", "back")
    await record.rename("192.0.2.9:3080", "back")
    assert record.ids("back") == (await opened(tmp_path)).ids("back") == {A, B}


async def test_nothing_is_opened_that_cannot_be_noted(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    at = (await opened(folder)).at("far")
    await at.add(A)
    shutil.rmtree(folder)
    folder.write_text("a file is in its place")
    with pytest.raises(Unavailable):
        await at.add(B)
    await at.remove(A)  # closed all the same: it is closed once more at the next start
    assert at.ids() == {A}


@pytest.mark.parametrize("stored", [[], {"far": "x"}, {"far": ["x"]}, {"far": [1]}])
def test_what_it_cannot_have_stored(stored: object) -> None:
    with pytest.raises(Invalid):
        check_stored_openings(stored)
