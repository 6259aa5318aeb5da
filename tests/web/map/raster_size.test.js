import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { pixelsOf } from "../../../gns3trio/web/map/raster_size.js";

// gns3trio/raster_size.py reads the same.
const RASTERS = JSON.parse(readFileSync(new URL("../../pictures/rasters.json", import.meta.url)));
const bytesOf = (hex) => Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));

for (const { name, hex, pixels } of RASTERS) {
  test(name, () => {
    assert.equal(pixelsOf(bytesOf(hex)), pixels ?? Infinity);
    for (let length = 0; length < hex.length / 2; length += 1) assert.ok(pixelsOf(bytesOf(hex).subarray(0, length)) >= 0);
  });
}
