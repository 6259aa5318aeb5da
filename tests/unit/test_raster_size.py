"""The sizes of raster pictures, by their first bytes; tests/web/map/raster_size.test.js reads the same."""

import json
import math
from pathlib import Path

import pytest

from gns3trio.raster_size import pixels_of

RASTERS = json.loads((Path(__file__).parents[1] / "pictures/rasters.json").read_text())


@pytest.mark.parametrize("raster", [pytest.param(each, id=each["name"]) for each in RASTERS])
def test_the_number_of_pixels(raster: dict[str, str | int | None]) -> None:
    pixels = math.inf if raster["pixels"] is None else raster["pixels"]
    assert pixels_of(bytes.fromhex(str(raster["hex"]))) == pixels


@pytest.mark.parametrize("raster", [pytest.param(each, id=each["name"]) for each in RASTERS])
def test_one_that_ends_early_is_no_picture(raster: dict[str, str | int | None]) -> None:
    data = bytes.fromhex(str(raster["hex"]))
    for length in range(len(data)):
        assert pixels_of(data[:length]) >= 0
