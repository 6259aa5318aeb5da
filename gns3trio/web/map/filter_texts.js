// Short texts for GNS3's filters, shown beside a link.

const FILTER_TEXTS = {
  __proto__: null, // a filter may have any name
  delay: ([latency, jitter]) => `${latency}${jitter ? ` ± ${jitter}` : ""} ms`,
  packet_loss: ([chance]) => `${chance} % loss`,
  corrupt: ([chance]) => `${chance} % corrupt`,
  frequency_drop: ([nth]) => (nth === -1 ? "drops all" : `drops each ${nth}th`),
  bpf: () => "BPF",
};

// One text for each filter of a link.
export const describeFilters = (link) =>
  Object.entries(link.filters ?? {}).map(([name, values]) => FILTER_TEXTS[name]?.(values) ?? name);
