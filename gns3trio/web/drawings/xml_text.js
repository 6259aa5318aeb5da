// Texts in XML, written and read.

const NAMED = { __proto__: null, amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };
// What XML 1.0 forbids, also as a reference.
const FORBIDDEN = /[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu;

// A text or a value in double quotes, for XML.
export const xmlValue = (text) => String(text).replaceAll(FORBIDDEN, "")
  .replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

// The text that a piece of XML without tags means. An unknown reference stays as it is.
export const xmlText = (xml) => xml.replaceAll(/&(?:#(\d{1,7})|#x([0-9a-fA-F]{1,6})|([a-z]{2,4}));/g, (whole, decimal, hex, name) => {
  if (name) return NAMED[name] ?? whole;
  const code = decimal ? Number(decimal) : parseInt(hex, 16);
  return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
});
