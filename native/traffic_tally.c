/* Counting what arrives of a flow. */
#include "traffic_tally.h"
#include "latencies.h"

int tally_arrival(traffic_tally *tally, uint64_t sequence, size_t bytes, uint64_t sent_ns, uint64_t now_ns) {
    switch (note_sequence(tally->seen, UDPFWD_TRAFFIC_WINDOW, &tally->next, sequence)) {
    case SEQUENCE_REPEATED:
        tally->duplicated++;
        return 0;
    case SEQUENCE_REORDERED:
        tally->reordered++;
        break;
    case SEQUENCE_NEW:
        break;
    }
    if (tally->packets++ == 0)
        tally->first_ns = now_ns;
    tally->last_ns = now_ns;
    tally->bytes += bytes;
    if (sent_ns == NOT_TIMED)
        return 1;
    uint64_t latency = now_ns - sent_ns;
    if (tally->samples == 0 || latency < tally->min_ns)
        tally->min_ns = latency;
    if (latency > tally->max_ns)
        tally->max_ns = latency;
    tally->samples++;
    tally->sum_ns += latency;
    uint32_t *bucket = &tally->latencies[latency_bucket(latency, TALLY_SUB_BITS, TALLY_BUCKETS)];
    *bucket += *bucket != UINT32_MAX;
    return 1;
}

/* What so many of a thousand do not exceed: as far into its bucket as its rank is among those in there. */
static uint64_t quantile(const traffic_tally *tally, uint64_t per_mille) {
    uint64_t rank = (tally->samples * per_mille + 999) / 1000, before = 0;
    for (unsigned i = 0; i < TALLY_BUCKETS; i++) {
        uint64_t count = tally->latencies[i];
        if (count > 0 && before + count >= rank) {
            uint64_t width, begin = bucket_begin(i, TALLY_SUB_BITS, &width);
            uint64_t ns = begin + (uint64_t)((unsigned __int128)width * (rank - before) / count);
            if (width == 1)
                ns = begin;
            ns = ns < tally->min_ns ? tally->min_ns : ns;
            return ns > tally->max_ns ? tally->max_ns : ns;
        }
        before += count;
    }
    return tally->max_ns;
}

udpfwd_traffic_arrivals read_tally(const traffic_tally *tally) {
    udpfwd_traffic_arrivals read = {0};
    if (tally == NULL)
        return read;
    read.packets = tally->packets;
    read.bytes = tally->bytes;
    read.duplicated = tally->duplicated;
    read.reordered = tally->reordered;
    read.span_ns = tally->last_ns - tally->first_ns;
    if (tally->samples > 0)
        read.latency = (udpfwd_traffic_latency){
            .samples = tally->samples,
            .min_ns = tally->min_ns,
            .mean_ns = tally->sum_ns / tally->samples,
            .max_ns = tally->max_ns,
            .p50_ns = quantile(tally, 500),
            .p90_ns = quantile(tally, 900),
            .p99_ns = quantile(tally, 990),
            .p99_9_ns = quantile(tally, 999),
        };
    return read;
}
