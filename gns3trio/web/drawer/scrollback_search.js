// Finds texts in the lines of a terminal.

// The lines of a buffer of xterm.js, each with the lines that it is continued on: {row, text, columns}, where `columns` has the
// place of each character, counted in cells from the beginning of the first row, or is null if these are the same.
export function linesOf(buffer, width) {
  const lines = [];
  for (let row = 0; row < buffer.length; row += 1) {
    const line = buffer.getLine(row);
    const { text, columns } = readRow(line, width);
    const last = lines.at(-1);
    if (line.isWrapped && last) join(last, text, columns, (row - last.row) * width);
    else lines.push({ row, text, columns });
  }
  return lines;
}

function join(line, text, columns, at) {
  if (columns || line.columns) line.columns = [...placesOf(line), ...placesOf({ text, columns }).map((column) => at + column)];
  line.text += text;
}

const placesOf = ({ text, columns }) => columns ?? Array.from({ length: text.length }, (_, place) => place);

// A row whose characters each have one cell needs no places.
function readRow(line, width) {
  const text = line.translateToString(false, 0, width);
  if (text.length === width && /^[\x20-\x7e]*$/.test(text)) return { text, columns: null };
  let read = "";
  const columns = [];
  for (let column = 0; column < width; column += 1) {
    const cell = line.getCell(column);
    if (!cell || cell.getWidth() === 0) continue; // the second cell of a wide character
    const characters = cell.getChars() || " ";
    for (let unit = 0; unit < characters.length; unit += 1) columns.push(column);
    read += characters;
  }
  return { text: read, columns };
}

// All places of `wanted`, large and small letters alike: {row, column, length} in cells.
export function findInLines(lines, wanted, width) {
  const found = [];
  const sought = wanted.toLowerCase();
  if (!sought) return found;
  for (const { row, text, columns } of lines) {
    const lower = text.toLowerCase();
    const searched = lower.length === text.length ? lower : text; // a letter that becomes two would move the others
    for (let at = searched.indexOf(sought); at >= 0; at = searched.indexOf(sought, at + sought.length)) {
      const begin = columns ? columns[at] : at;
      const end = columns ? (columns[at + sought.length] ?? columns.at(-1) + 1) : at + sought.length;
      found.push({ row: row + Math.floor(begin / width), column: begin % width, length: end - begin });
    }
  }
  return found;
}
