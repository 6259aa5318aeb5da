import assert from "node:assert/strict";
import test from "node:test";

import { trunkFacts, trunkText } from "../../../gns3trio/web/hosts/host_texts.js";
import { Trunks } from "../../../gns3trio/web/hosts/trunks.js";

const peer = (fields = {}) => ({ compute_id: "attic", host: "192.0.2.7", port: 4789, state: "up", reason: null, round_trip_ms: 0.31, loss_percent: 0, mtu: 1500,
  largest_frame: 1464, links: 2, sent_bytes: 0, received_bytes: 0, fragmented_frames: 0, ...fields });
const told = (...peers) => ({ port: 4789, trouble: null, peers, dropped: {} });

test("rates are those between two times, and unknown at first and after a restart", () => {
  const trunks = new Trunks("local", () => {});
  trunks.take(told(peer({ sent_bytes: 1000 })), 10_000);
  assert.deepEqual([trunks.peers[0].sentRate, trunks.peers[0].receivedRate], [null, null]);
  trunks.take(told(peer({ sent_bytes: 3000, received_bytes: 500 }), peer({ host: "192.0.2.8", compute_id: null })), 12_000);
  assert.deepEqual([trunks.peers[0].sentRate, trunks.peers[0].receivedRate, trunks.peers[1].sentRate], [8000, 2000, null]);
  trunks.take(told(peer({ sent_bytes: 10 })), 14_000);
  assert.equal(trunks.peers[0].sentRate, null);
  assert.equal(trunks.to("attic").sent_bytes, 10);
  assert.equal(trunks.to("cellar"), undefined);
});

test("those of a host are asked for by its id, and there are none while it is away", async (t) => {
  const asked = [];
  t.mock.method(globalThis, "fetch", async (path) => {
    asked.push(path);
    return asked.length === 1 ? Response.json(told(peer())) : Response.json({ message: "away" }, { status: 409 });
  });
  const seen = [];
  const trunks = new Trunks("a/b", ({ peers }) => seen.push(peers.length));
  await trunks.follow();
  trunks.close();
  assert.match(asked[0], /\/v2\/computes\/a%2Fb\/trunks$/);
  const later = new Trunks("a/b", ({ peers }) => seen.push(peers.length));
  await later.follow();
  later.close();
  assert.deepEqual(seen, [1, 0]);
});

test("a trunk in a few words", () => {
  assert.equal(trunkText(undefined), "");
  assert.equal(trunkText(peer()), "310 µs, 0 % lost");
  assert.equal(trunkText(peer({ round_trip_ms: null, loss_percent: 1.234 })), "1.2 % lost");
  assert.equal(trunkText(peer({ state: "down" })), "down");
});

test("all that is known of a trunk, and what is not known yet", () => {
  const facts = (fields) => Object.fromEntries(trunkFacts(peer({ sentRate: null, receivedRate: null, ...fields })));
  assert.deepEqual(facts({ sentRate: 2e6, receivedRate: 0, fragmented_frames: 1 }), {
    "Round trip": "310 µs", Loss: "0 %", MTU: "1,500 bytes: frames up to 1,464 bytes are not split", Split: "1 frame", Links: "2",
    Rate: "2.0 Mbit/s sent, 0 bit/s received",
  });
  const early = facts({ round_trip_ms: null, mtu: null, largest_frame: null });
  assert.deepEqual([early["Round trip"], early.MTU, early.Rate, early.Split], ["not known yet", "not known yet", null, null]);
});
