import assert from "node:assert/strict";
import test from "node:test";

import { imageError } from "../../../gns3trio/web/panels/new_node.js";

const DOCKER = { node_type: "docker", image_property: "image" };

test("a refusal of the image stands at its field", () => {
  assert.deepEqual(imageError(DOCKER, "properties.image: required field is missing"), { name: "image", text: "required field is missing" });
  assert.equal(imageError(DOCKER, "Docker is not available: no such file"), null);
  assert.equal(imageError(DOCKER, "properties.images: x"), null);
});
