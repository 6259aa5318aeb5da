// The rows of a table in a form, such as the ports of a switch.

import { isEmpty } from "./values.js";

// More rows than any table of the server takes.
const MOST_IN_RANGE = 4096;

// Whether a column matters in a row.
export const applies = (column, row) => !column.only_if || column.only_if.values.includes(row[column.only_if.column]);

// The columns to show: not those that matter in none of the rows.
export const shownColumns = (columns, rows) =>
  columns.filter((column) => column.is_shown !== false && (!column.only_if || rows.some((row) => applies(column, row))));

// A new row. Its number is the next one.
export function newRow(columns, rows, key) {
  const row = {};
  for (const column of columns) {
    row[column.name] = column.default ?? (column.choices ? column.choices[0].value : column.control === "number" ? null : "");
  }
  if (key) row[key] = rows.reduce((most, each) => Math.max(most, Number(each[key] ?? -1)), -1) + 1;
  return row;
}

// The rows as the server takes them: without cells that do not matter, and with what empty cells are made of.
export function completed(rows, columns) {
  const known = new Set(columns.map(({ name }) => name));
  return rows.map((row, place) => {
    const whole = Object.fromEntries(Object.entries(row).filter(([name]) => !known.has(name)));
    for (const column of columns) {
      const value = cellOf(row, column, place);
      if (applies(column, row) && (column.is_required || !isEmpty(value))) whole[column.name] = value;
    }
    return whole;
  });
}

function cellOf(row, column, place) {
  const value = row[column.name];
  return column.made_of && (isEmpty(value) || column.is_shown === false) ? madeOf(row, column, place) : value;
}

// What an empty cell is made of, from other cells of its row.
export function madeOf(row, column, place) {
  const text = column.made_of.replaceAll(/\{(\w+)\}/g, (_, name) => (name === "row" ? place : row[name] ?? ""));
  return column.control === "number" ? Number(text) : text;
}

// The numbers that a text names, such as "1-8, 10", in order. Throws an error for people.
export function readRange(text) {
  const numbers = new Set();
  for (const part of text.split(",").map((each) => each.trim()).filter(Boolean)) {
    const found = /^(\d{1,9})(?:\s*[-–]\s*(\d{1,9}))?$/.exec(part);
    if (!found) throw new Error(`“${part}” is not a number or a range such as 0-7.`);
    const [first, last] = [Number(found[1]), Number(found[2] ?? found[1])];
    if (last < first) throw new Error(`“${part}” ends before it begins.`);
    if (last - first >= MOST_IN_RANGE) throw new Error(`“${part}” has more than ${MOST_IN_RANGE.toLocaleString("en")} numbers.`);
    for (let number = first; number <= last; number += 1) numbers.add(number);
  }
  if (numbers.size === 0) throw new Error("Say which, such as 0-7 or 0, 2.");
  return [...numbers].toSorted((a, b) => a - b);
}

// The rows with these numbers. Throws an error that names those that are not there.
function chosen(rows, key, text) {
  const numbers = readRange(text);
  const there = new Set(rows.map((row) => row[key]));
  const missing = numbers.filter((number) => !there.has(number));
  if (missing.length > 0) throw new Error(`There is no ${missing.slice(0, 5).join(", ")}${missing.length > 5 ? ", …" : ""}.`);
  return new Set(numbers);
}

// The rows with other values in those that the range names.
export function setInRange(rows, key, text, values) {
  const numbers = chosen(rows, key, text);
  return rows.map((row) => (numbers.has(row[key]) ? { ...row, ...values } : row));
}

// The rows without those that the range names.
export function removeRange(rows, key, text) {
  const numbers = chosen(rows, key, text);
  return rows.filter((row) => !numbers.has(row[key]));
}

// The rows and so many new ones.
export function addRows(rows, columns, key, count) {
  const all = [...rows];
  for (let added = 0; added < count; added += 1) all.push(newRow(columns, all, key));
  return all;
}
