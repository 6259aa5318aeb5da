import assert from "node:assert/strict";
import test from "node:test";

import { LabelRoom } from "../../../gns3trio/web/map/label_room.js";

const at = (x, y, rank = 0) => ({ box: [x, y, x + 80, y + 13], rank });
const fixed = (...box) => [{ box, rank: 0, isFixed: true }];

function makeRoom() {
  const told = [];
  return { told, room: new LabelRoom((owner) => told.push(owner)) };
}

test("a text is where it is best, unless another is there", () => {
  const { room } = makeRoom();
  assert.deepEqual(room.place("a", [[at(0, 0), at(0, 30)]]), [at(0, 0)]);
  assert.deepEqual(room.place("b", [[at(40, 5), at(40, 30)]]), [at(40, 30)]);
  assert.deepEqual(room.place("c", [[at(81, 0)]]), [at(81, 0)]); // beside it
});

test("the texts of one owner do not cover each other", () => {
  const { room } = makeRoom();
  assert.deepEqual(room.place("a", [[at(0, 0)], [at(10, 0), at(10, 20)]]), [at(0, 0), at(10, 20)]);
});

test("what has a place of its own keeps the others away", () => {
  const { room } = makeRoom();
  room.place("a", [[at(0, 0)]]);
  assert.equal(room.place("node", [fixed(0, 0, 200, 60)])[0].isFixed, true);
  assert.deepEqual(room.place("b", [[at(100, 20)]]), [null]);
});

test("a shorter form is taken only if there is no place for the better one", () => {
  const { room } = makeRoom();
  room.place("node", [fixed(0, 0, 60, 60)]);
  const short = { box: [0, 70, 10, 83], rank: 1 };
  assert.deepEqual(room.place("a", [[at(0, 0), at(0, 100), short]]), [at(0, 100)]);
  assert.deepEqual(room.place("b", [[at(0, 0), at(0, 100), short]]), [short]);
});

test("who has had no room is told when there is some, and takes it", () => {
  const { room, told } = makeRoom();
  room.place("a", [[at(0, 0)]]);
  assert.deepEqual(room.place("b", [[at(0, 0)]]), [null]);
  room.place("a", [[at(0, 0)]]);
  assert.deepEqual(told, []); // nothing has gone
  room.place("a", [[at(500, 0)]]);
  assert.deepEqual(told, ["b"]);
  assert.deepEqual(room.place("b", [[at(0, 0)]]), [at(0, 0)]);
  room.release("a");
  assert.deepEqual(told, ["b"]); // it waits no more
});

test("who tries again keeps the places that it has, so that two do not push each other for ever", () => {
  const { room, told } = makeRoom();
  room.place("node", [fixed(0, 0, 80, 13)]);
  room.place("a", [[at(0, 0), at(0, 20)], [at(0, 0)]]);
  room.place("node", [fixed(300, 0, 380, 13)]);
  assert.deepEqual(told, ["a"]);
  assert.deepEqual(room.place("a", [[at(0, 0), at(0, 20)], [at(0, 0)]]), [at(0, 20), at(0, 0)]);
});

test("what is deleted takes no room", () => {
  const { room } = makeRoom();
  room.place("a", [[at(0, 0)]]);
  room.release("a");
  room.release("a");
  assert.deepEqual(room.place("b", [[at(0, 0)]]), [at(0, 0)]);
  room.clear();
  assert.deepEqual(room.place("c", [[at(0, 0)]]), [at(0, 0)]);
});

test("a box of another's lab that is too large, or is none, keeps nothing away", () => {
  const { room } = makeRoom();
  room.place("huge", [fixed(-1e9, -1e9, 1e9, 1e9)]);
  room.place("odd", [fixed(NaN, 0, Infinity, 10)]);
  assert.deepEqual(room.place("a", [[at(0, 0)]]), [at(0, 0)]);
});

test("ten thousand texts at one place cost little: there is no room, and some are told when there is", () => {
  const { room, told } = makeRoom();
  for (let n = 0; n < 10000; n += 1) room.place(`node${n}`, [fixed(0, 0, 60, 60)]);
  let looked = 0;
  const isFree = room.isFree.bind(room);
  room.isFree = (box) => {
    looked += Math.max(...room.cellsOf(box).map(({ boxes }) => boxes.size));
    return isFree(box);
  };
  for (let n = 0; n < 10000; n += 1) room.place(`link${n}`, [[at(0, 0)]]);
  assert.ok(looked <= 10000 * 48, `${looked} boxes`);
  room.release("node0");
  assert.ok(told.length > 0 && told.length <= 16, `${told.length} told`);
});
