"""A host that is removed and added again is the same host to the projects that name it."""

import shutil
from pathlib import Path

import pytest

from gns3trio.controller.former_computes import (
    STATE_NAME,
    FormerCompute,
    FormerComputes,
    check_stored_former_computes,
)
from gns3trio.controller.storage.server_state import open_state
from gns3trio.errors import Invalid
from gns3trio.limits import MAX_ITEMS


async def opened(folder: Path) -> FormerComputes:
    """As after a start of the server."""
    return FormerComputes(await open_state(folder, {STATE_NAME: check_stored_former_computes}))


async def test_the_address_counts_before_the_name(tmp_path: Path) -> None:
    former = await opened(tmp_path)
    for compute_id, name, place in (("1", "attic", "a:1"), ("2", "cellar", "b:1"), ("3", "attic", "c:1")):
        await former.add(FormerCompute(compute_id=compute_id, name=name, place=place))
    for each in (former, await opened(tmp_path)):
        assert each.find("a:1", "cellar") == "1"
        assert each.find("d:1", "cellar") == "2"
        assert each.find("d:1", "attic") == "3"  # the one that was removed last
        assert each.find("d:1", "garage") is None
    await former.add(FormerCompute(compute_id="1", name="roof", place="d:1"))  # removed again, at another address
    assert former.find("a:1", "garage") is None
    assert former.find("d:1", "garage") == "1"


async def test_the_oldest_are_forgotten(tmp_path: Path) -> None:
    entries = [
        {"compute_id": str(number), "name": f"n{number}", "place": f"h{number}:1"} for number in range(MAX_ITEMS)
    ]
    state = await open_state(tmp_path)
    await state.change(STATE_NAME, [], lambda stored: entries)
    former = FormerComputes(state)
    await former.add(FormerCompute(compute_id="new", name="new", place="new:1"))
    assert (former.find("h0:1", ""), former.find("h1:1", ""), former.find("new:1", "")) == (None, "1", "new")


async def test_a_disk_that_fails_does_not_keep_a_host(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    former = await opened(folder)
    await former.add(FormerCompute(compute_id="1", name="attic", place="a:1"))
    shutil.rmtree(folder)
    folder.write_text("a file is in its place")
    await former.add(FormerCompute(compute_id="2", name="cellar", place="b:1"))
    assert (former.find("a:1", ""), former.find("b:1", "")) == ("1", None)


@pytest.mark.parametrize("stored", [{}, ["x"], [{"compute_id": "1", "name": "x"}], [{**dict.fromkeys("abc", 1)}]])
def test_what_it_cannot_have_stored(stored: object) -> None:
    with pytest.raises(Invalid):
        check_stored_former_computes(stored)
