import assert from "node:assert/strict";
import { test } from "node:test";

import { findInLines, linesOf } from "../../../gns3trio/web/drawer/scrollback_search.js";

const WIDTH = 10;

// A buffer like that of xterm.js. A row is a text; a character above U+1100 takes two cells. A row that begins with "\\" goes on.
function bufferOf(...rows) {
  const lines = rows.map((row) => {
    const isWrapped = row.startsWith("\\");
    const cells = Array.from(row.slice(isWrapped ? 1 : 0)).flatMap((character) => (character > "\u1100" ? [[character, 2], ["", 0]] : [[character, 1]]));
    while (cells.length < WIDTH) cells.push(["", 1]);
    return {
      isWrapped,
      translateToString: () => cells.map(([text, width]) => (width ? text || " " : "")).join(""),
      getCell: (column) => ({ getChars: () => cells[column][0], getWidth: () => cells[column][1] }),
    };
  });
  return { length: lines.length, getLine: (row) => lines[row] };
}

const find = (text, ...rows) => findInLines(linesOf(bufferOf(...rows), WIDTH), text, WIDTH);

test("a text is found wherever it is, in large and small letters", () => {
  assert.deepEqual(find("ip", "show ip", "IP: zip"), [{ row: 0, column: 5, length: 2 }, { row: 1, column: 0, length: 2 }, { row: 1, column: 5, length: 2 }]);
  assert.deepEqual(find("x", "show ip"), []);
  assert.deepEqual(find("", "show ip"), []);
});

test("a text that goes on in the next row is found", () => {
  assert.deepEqual(find("echo", "12345678ec", "\\ho there", "echo"), [{ row: 0, column: 8, length: 4 }, { row: 2, column: 0, length: 4 }]);
  assert.deepEqual(find("there", "12345678ec", "\\ho there"), [{ row: 1, column: 3, length: 5 }]);
});

test("wide characters count for two cells", () => {
  assert.deepEqual(find("ip", "\u65e5\u672c ip"), [{ row: 0, column: 5, length: 2 }]);
  assert.deepEqual(find("\u672c", "\u65e5\u672c ip"), [{ row: 0, column: 2, length: 2 }]);
  assert.deepEqual(find("ip", "\u65e5\u672c\u65e5\u672c\u65e5", "\\ ip"), [{ row: 1, column: 1, length: 2 }]);
});
