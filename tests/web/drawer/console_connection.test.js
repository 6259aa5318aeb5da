import assert from "node:assert/strict";
import { test } from "node:test";

import { ConsoleConnection } from "../../../gns3trio/web/drawer/console_connection.js";

class FakeSocket {
  static made = [];
  static OPEN = 1;

  constructor(url) {
    Object.assign(this, { url, sent: "", isClosed: false, readyState: 1 });
    FakeSocket.made.push(this);
  }

  send(bytes) {
    this.sent += new TextDecoder().decode(bytes);
  }

  close() {
    this.isClosed = true;
  }

  print(text) {
    this.onmessage({ data: new TextEncoder().encode(text).buffer });
  }
}

function make(t) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  FakeSocket.made = [];
  globalThis.WebSocket = FakeSocket;
  const made = { shown: "", states: [], running: true };
  made.connection = new ConsoleConnection({
    url: "ws://here/console",
    isRunning: () => made.running,
    onOutput: (bytes) => { made.shown += new TextDecoder().decode(bytes); },
    onState: ({ kind }) => made.states.push(kind),
  });
  made.socket = () => FakeSocket.made.at(-1);
  return made;
}

test("what is typed before the connection is open is sent then", (t) => {
  const made = make(t);
  made.connection.send("show ");
  made.connection.send("ip");
  assert.equal(made.socket().sent, "");
  made.socket().onopen();
  made.connection.send("\r");
  assert.equal(made.socket().sent, "show ip\r");
  assert.deepEqual(made.states, ["connecting", "open"]);
});

test("a lost connection comes back, and repeats nothing that was shown", (t) => {
  const made = make(t);
  made.socket().onopen();
  made.socket().print("hello\r\nPC1> ");
  made.socket().onclose({ reason: "", wasClean: false });
  t.mock.timers.tick(500);
  made.socket().onopen();
  made.socket().print("hello\r\nPC1> ");
  made.socket().print("bye\r\n");
  assert.equal(made.shown, "hello\r\nPC1> PC1> bye\r\n");
  assert.equal(FakeSocket.made.length, 2);
});

test("a node that was started again has its whole output shown", (t) => {
  const made = make(t);
  made.socket().onopen();
  made.socket().print("boot\r\n");
  made.running = false;
  made.socket().onclose({ reason: "the node is stopped", wasClean: true });
  made.connection.reconnect.nodeChanged();
  made.running = true;
  made.connection.reconnect.nodeChanged();
  made.socket().onopen();
  made.socket().print("boot\r\n");
  assert.equal(made.shown, "boot\r\nboot\r\n");
});

test("while it is not connected, typing is not kept, and Enter connects", (t) => {
  const made = make(t);
  made.socket().onclose({ reason: "", wasClean: false });
  made.connection.send("reload");
  assert.equal(FakeSocket.made.length, 1);
  made.connection.send("\r");
  assert.equal(FakeSocket.made.length, 2);
  made.socket().onopen();
  assert.equal(made.socket().sent, "");
});

test("a closed connection ends its socket and does not come back", (t) => {
  const made = make(t);
  made.connection.close();
  t.mock.timers.tick(1e6);
  assert.deepEqual([made.socket().isClosed, made.socket().onclose, FakeSocket.made.length], [true, null, 1]);
});

test("what is typed while a connection ends is sent when it is back", (t) => {
  const made = make(t);
  made.socket().onopen();
  made.socket().readyState = 2;
  made.connection.send("show");
  assert.equal(made.socket().sent, "");
  made.socket().onclose({ reason: "", wasClean: true });
  t.mock.timers.tick(500);
  made.socket().onopen();
  assert.equal(made.socket().sent, "show");
});
