// The connection of a terminal to the console of a node: a websocket that is opened again whenever it has ended.

import { Reconnect } from "./reconnect.js";
import { newOutput, withEnd } from "./replay.js";
import { TelnetReader } from "./telnet.js";

const MOST_TYPED_EARLY = 4096; // characters

export class ConsoleConnection {
  // `onOutput` gets bytes to show, `onState` the states of Reconnect.
  constructor({ url, isRunning, onOutput, onState, whyRefused }) {
    Object.assign(this, { url, onOutput });
    this.end = new Uint8Array(); // of the output so far
    this.early = ""; // typed before the connection was open
    this.repeats = false; // whether the next output may begin with what was shown already
    this.reconnect = new Reconnect({ connect: () => this.connect(), isRunning, onState, whyRefused });
    this.reconnect.start();
  }

  connect() {
    const socket = (this.socket = new WebSocket(this.url));
    const telnet = new TelnetReader();
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      this.reconnect.opened();
      this.send(this.early);
      this.early = "";
    };
    socket.onmessage = (message) => this.receive(telnet.receive(new Uint8Array(message.data)));
    socket.onclose = ({ reason, wasClean }) => {
      this.repeats = !wasClean; // a node that was started again repeats nothing
      this.reconnect.ended(reason);
    };
  }

  receive(output) {
    if (!output.length) return;
    const shown = this.repeats ? newOutput(this.end, output) : output;
    this.repeats = false;
    this.end = withEnd(this.end, output);
    this.onOutput(shown);
  }

  get isOpen() {
    return this.reconnect.state.kind === "open";
  }

  // Sends what was typed. While it is not connected, Enter connects at once.
  send(text) {
    if (!text) return;
    if (this.isOpen && this.socket.readyState > WebSocket.OPEN) {
      this.early = (this.early + text).slice(0, MOST_TYPED_EARLY); // it is ending, and comes back
    } else if (this.isOpen) {
      this.repeats = false; // the server does not repeat its last lines to somebody who types at once
      this.socket.send(new TextEncoder().encode(text));
    } else if (this.reconnect.state.kind === "connecting") {
      this.early = (this.early + text).slice(0, MOST_TYPED_EARLY);
    } else if (text === "\r") {
      this.reconnect.now();
    }
  }

  close() {
    this.reconnect.close();
    if (!this.socket) return;
    this.socket.onmessage = this.socket.onclose = null;
    this.socket.close();
  }
}
