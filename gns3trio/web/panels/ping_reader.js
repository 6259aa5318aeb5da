// Parses the output of VPCS's ping: console bytes in, round-trip times out.

export const isAddress = (text) => /^[0-9a-fA-F:.]+$/.test(text);

export class PingReader {
  // Output before a line with `command` is older.
  constructor(command, count) {
    Object.assign(this, { command, count });
    this.times = []; // [number of the ping, milliseconds]
    this.lost = 0;
    this.begun = false;
    this.decoder = new TextDecoder();
    this.rest = ""; // the incomplete last line
  }

  receive(bytes) {
    this.rest += this.decoder.decode(bytes, { stream: true });
    const lines = this.rest.split("\n");
    this.rest = lines.pop();
    for (const line of lines) this.receiveLine(line);
  }

  receiveLine(line) {
    this.begun ||= line.includes(this.command);
    if (!this.begun) return;
    const reply = line.match(/icmp_seq=(\d+) .*time=([\d.]+) ms/);
    if (reply) this.times.push([Number(reply[1]), Number(reply[2])]);
    else if (/icmp_seq=\d+ timeout/.test(line)) this.lost += 1;
    else if (/not reachable|host .*unreachable/i.test(line)) this.lost = this.count;
  }

  get done() {
    return this.times.length + this.lost >= this.count;
  }

  // The result so far as a text, and the median of the times, if there are any.
  summary(address) {
    const sorted = this.times.map(([, ms]) => ms).toSorted((a, b) => a - b);
    if (!sorted.length) return { text: this.lost ? `No reply from ${address}.` : "Waiting…" };
    const median = sorted[Math.floor(sorted.length / 2)];
    const [least, most] = [sorted[0], sorted.at(-1)];
    const times = [least, median, most].map((ms) => ms.toFixed(1)).join(" / ");
    return { text: `${sorted.length} replies, ${this.lost} lost; ${times} ms (least, median, most)`, median };
  }
}
