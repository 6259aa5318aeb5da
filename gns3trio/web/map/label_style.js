// The style of labels as GNS3's clients write it, such as "font-family: TypeWriter;font-size: 10.0;fill: #000000;fill-opacity: 1.0;".

const USUAL = { family: "TypeWriter", size: 10, bold: true, italic: false, underline: false, color: "#000000", opacity: 1 };

// {family, size, bold, italic, underline, color, opacity} of a label; without a style, that of GNS3's labels.
export function readLabelStyle(style) {
  const given = new Map((style ?? "").split(";").map((declaration) => declaration.split(/:(.*)/s).map((part) => part?.trim() ?? "")).filter(([name, value]) => name && value));
  if (!given.size) return USUAL;
  const numberOf = (name, usual) => {
    const number = Number(given.get(name)?.replace(/p[tx]$/, ""));
    return given.has(name) && Number.isFinite(number) ? number : usual;
  };
  return {
    family: given.get("font-family") ?? USUAL.family, size: numberOf("font-size", USUAL.size), bold: given.get("font-weight") === "bold",
    italic: given.get("font-style") === "italic", underline: given.get("text-decoration") === "underline", color: given.get("fill") ?? USUAL.color, opacity: numberOf("fill-opacity", 1),
  };
}

export function writeLabelStyle({ family, size, bold, italic, underline, color, opacity }) {
  const decimal = (number) => (Number.isInteger(number) ? number.toFixed(1) : String(number));
  const plain = (text) => String(text).replaceAll(/[;:{}\n]/g, "");
  return `font-family: ${plain(family)};font-size: ${decimal(size)};${bold ? "font-weight: bold;" : ""}${italic ? "font-style: italic;" : ""}`
    + `${underline ? "text-decoration: underline;" : ""}fill: ${plain(color)};fill-opacity: ${decimal(opacity)};`;
}
