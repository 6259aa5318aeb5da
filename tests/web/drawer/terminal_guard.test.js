import assert from "node:assert/strict";
import { test } from "node:test";

import { LINKS, guard, isExcessive, withFewMarks } from "../../../gns3trio/web/drawer/terminal_guard.js";

test("numbers that no program needs are excessive", () => {
  assert.equal(isExcessive([], 24), false);
  assert.equal(isExcessive([24], 24), false);
  assert.equal(isExcessive([2147483647], 1000), true);
  assert.equal(isExcessive([1, 25], 24), true);
  assert.equal(isExcessive([38, [2, 1, 5000]], 1000), false); // parts of a parameter are colours
});

test("all control sequences that repeat are watched", () => {
  const watched = [];
  guard({ rows: 24, parser: { registerCsiHandler: ({ intermediates = "", final }, handler) => watched.push([intermediates + final, handler([1]), handler([1e9])]) } });
  assert.deepEqual(watched.map(([name]) => name).toSorted().join(","), " @, A,'},'~,@,I,L,M,P,S,T,X,Z,b");
  assert.ok(watched.every(([, small, large]) => !small && large));
});

test("a letter keeps a few marks", () => {
  assert.equal(withFewMarks("e\u0301 \u{1f468}\u200d\u{1f469}"), "e\u0301 \u{1f468}\u200d\u{1f469}");
  assert.equal(withFewMarks(`a${"\u0301".repeat(100_000)}b`), `a${"\u0301".repeat(8)}b`);
  assert.equal(withFewMarks(`a${"\u200d\u0301".repeat(1000)}`).length, 9);
});

test("only links to web servers are links", () => assert.equal(LINKS.allowNonHttpProtocols, false));
