// Takes the commands of telnet (RFC 854) out of the output of a console: bytes in, bytes to show out. It answers nothing: the
// server's offers need no answer.

const [SE, SB, WILL, DONT, IAC] = [240, 250, 251, 254, 255];

export class TelnetReader {
  constructor() {
    this.state = "data";
  }

  receive(bytes) {
    if (this.state === "data" && !bytes.includes(IAC)) return bytes;
    const shown = new Uint8Array(bytes.length);
    let length = 0;
    for (const byte of bytes) {
      const isShown = this.take(byte);
      if (isShown) shown[length++] = byte;
    }
    return shown.subarray(0, length);
  }

  // Whether a byte is part of the output.
  take(byte) {
    const { state } = this;
    if (state === "data") {
      if (byte === IAC) this.state = "command";
      return byte !== IAC;
    }
    if (state === "command") {
      if (byte === SB) this.state = "parameter";
      else this.state = byte >= WILL && byte <= DONT ? "option" : "data";
      return byte === IAC; // an escaped one
    }
    if (state === "option") this.state = "data";
    else if (state === "parameter") this.state = byte === IAC ? "end" : "parameter";
    else this.state = byte === SE ? "data" : "parameter";
    return false;
  }
}
