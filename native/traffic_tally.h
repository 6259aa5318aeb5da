/* What arrives of a flow: counts, and latencies in a histogram of fixed size. traffic_tally.c. */
#ifndef GNS3TRIO_TRAFFIC_TALLY_H
#define GNS3TRIO_TRAFFIC_TALLY_H

#include "sequences.h"
#include "traffic.h"

#include <stddef.h>

/* 16 buckets for each power of two, up to 2^37 ns, which are two minutes. */
enum { TALLY_SUB_BITS = 4, TALLY_BUCKETS = (37 - TALLY_SUB_BITS + 1) << TALLY_SUB_BITS };
/* The time of sending is not known, or is of another clock. */
#define NOT_TIMED UINT64_MAX

/* Zeroed at first. */
typedef struct {
    uint64_t packets, bytes, duplicated, reordered;
    uint64_t first_ns, last_ns;
    uint64_t next; /* sequence number */
    uint64_t samples, min_ns, max_ns, sum_ns;
    uint32_t latencies[TALLY_BUCKETS];
    uint64_t seen[UDPFWD_TRAFFIC_WINDOW / SEQUENCE_WORD_BITS];
} traffic_tally;

/* A datagram came that was sent at a time, not later than now. Returns whether it came for the first time. */
int tally_arrival(traffic_tally *tally, uint64_t sequence, size_t bytes, uint64_t sent_ns, uint64_t now_ns);
/* NULL is as good as one that is empty. */
udpfwd_traffic_arrivals read_tally(const traffic_tally *tally);

#endif
