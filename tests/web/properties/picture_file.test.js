import assert from "node:assert/strict";
import test from "node:test";

import { pictureName, pictureProblem } from "../../../gns3trio/web/properties/picture_file.js";

test("a picture has a known ending and a limit", () => {
  assert.equal(pictureProblem({ name: "Router.SVG", size: 10 }), "");
  assert.match(pictureProblem({ name: "page.html", size: 10 }), /is not a picture/);
  assert.match(pictureProblem({ name: "big.png", size: 5 * 1024 * 1024 }), /5.0 MiB/);
  assert.match(pictureProblem({ name: "none.png", size: 0 }), /is empty/);
});

test("the name of a symbol is plain", () => {
  assert.equal(pictureName("My router (new).SVG"), "My_router_new_.svg");
  assert.equal(pictureName("../../etc/x.png"), "etc_x.png");
  assert.equal(pictureName("маршрутизатор.png"), "маршрутизатор.png");
  assert.equal(pictureName("?.gif"), "picture.gif");
  assert.equal(pictureName(`${"a".repeat(500)}.png`).length, 84);
});
