// What the panels of a node and of a host tell of processor time, memory and disk.

const UNITS = ["B", "kB", "MB", "GB", "TB"];

// Bytes with three digits: "512 B", "31.5 MB".
export function formatBytes(bytes) {
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : Number(value.toPrecision(3))} ${UNITS[unit]}`;
}

// Rows of a name and a text for the reply of a route /usage; none for what is not known. Null is no reply.
export function usageFacts(usage) {
  if (!usage) return [];
  const { cpu_percent: percent, cpu_seconds: seconds, memory_bytes: memory, configured_memory_bytes: most, disk_bytes: disk } = usage;
  const rows = [];
  if (seconds !== null) {
    const lately = percent === null ? "" : `${percent.toFixed(percent < 10 ? 1 : 0)} % of a processor, `;
    rows.push(["CPU", `${lately}${seconds.toFixed(1)} s since the start`]);
  }
  if (memory !== null) rows.push(["Memory", `${formatBytes(memory)}${most === null ? "" : ` of ${formatBytes(most)}`}`]);
  if ((disk ?? null) !== null) rows.push(["Disk", `${usage.disk_is_whole ? "" : "more than "}${formatBytes(disk)}`]);
  return rows;
}
