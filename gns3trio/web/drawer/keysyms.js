// The keys that type a text, as VNC numbers them (the X Window System Protocol, appendix A: keysyms).

const ENTER = 0xff0d;
const TAB = 0xff09;
const UNICODE = 0x01000000;

export function keysOf(text) {
  return [...text.replaceAll("\r\n", "\n")].map((character) => {
    if (character === "\n" || character === "\r") return ENTER;
    if (character === "\t") return TAB;
    const code = character.codePointAt(0);
    return code < 0x100 ? code : UNICODE + code;
  }).filter((key) => key >= 0x20);
}
