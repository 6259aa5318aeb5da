"""``/v3/projects/{project_id}/drawings``: statuses and shapes as GNS3 3.0.6 has them."""

from typing import Any
from uuid import uuid4

import pytest

from tests.support.v3_lab import V3Lab

KEYS = {"drawing_id", "project_id", "svg", "x", "y", "z", "locked", "rotation"}


async def test_a_drawing_from_creation_to_deletion(lab3: V3Lab) -> None:
    v3, path = lab3.v3, f"{lab3.path}/drawings"
    own_id = str(uuid4())
    body = {"drawing_id": own_id, "svg": "<svg/>", "x": "10", "y": 20, "z": 1, "unknown": 1, "project_id": str(uuid4())}
    drawing = await v3.request("POST", path, body, 201)
    assert drawing.keys() == KEYS and drawing["drawing_id"] == own_id and drawing["x"] == 10
    assert await v3.request("POST", path, {"drawing_id": own_id, "x": 50}, 201) == drawing  # it exists
    assert await v3.request("GET", lab3.of(drawing), None, 200) == drawing
    moved = await v3.request("PUT", lab3.of(drawing), {**drawing, "x": 30, "rotation": None}, 200)
    assert moved == {**drawing, "x": 30}
    assert await v3.request("GET", path, None, 200) == [moved]
    await v3.request("PUT", lab3.of(drawing), {"locked": "true"}, 200)
    await v3.refused("DELETE", lab3.of(drawing), None, 409, "locked")
    await v3.request("PUT", lab3.of(drawing), {"locked": False}, 200)
    await v3.request("DELETE", lab3.of(drawing), None, 204)
    await v3.refused("GET", lab3.of(drawing), None, 404)


@pytest.mark.parametrize(
    "body", [{"rotation": 361}, {"rotation": -360}, {"x": "far"}, {"svg": 5}, {"svg": "\0"}, {"drawing_id": "x"}, []]
)
async def test_a_drawing_that_cannot_be_made(lab3: V3Lab, body: Any) -> None:
    await lab3.v3.refused("POST", f"{lab3.path}/drawings", body, 422)
    assert await lab3.v3.request("GET", f"{lab3.path}/drawings", None, 200) == []


async def test_a_large_picture_is_taken(lab3: V3Lab) -> None:
    svg = f"<svg><text>{'x' * 3_000_000}</text></svg>"
    drawing = await lab3.v3.request("POST", f"{lab3.path}/drawings", {"svg": svg}, 201)
    assert drawing["svg"] == svg
