/* Buckets of a histogram of latencies in ns. Below 2^(bits + 1) ns each has a bucket of its own; above, each power of two has 2^bits
 * of them, so that a bucket is as wide as 1 / 2^bits of what is in it. */
#ifndef GNS3TRIO_LATENCIES_H
#define GNS3TRIO_LATENCIES_H

#include <stdint.h>

/* The last of them has all that is longer. */
static inline unsigned latency_bucket(uint64_t ns, unsigned bits, unsigned buckets) {
    if (ns < 1ull << bits)
        return (unsigned)ns;
    unsigned shift = 63 - (unsigned)__builtin_clzll(ns) - bits;
    uint64_t bucket = ((uint64_t)shift << bits) + (ns >> shift);
    return bucket < buckets ? (unsigned)bucket : buckets - 1;
}

/* The least that is in a bucket, and how wide it is. */
static inline uint64_t bucket_begin(unsigned bucket, unsigned bits, uint64_t *width) {
    unsigned shift = bucket < 2u << bits ? 0 : (bucket >> bits) - 1;
    *width = 1ull << shift;
    return shift == 0 ? bucket : (uint64_t)((bucket & ((1u << bits) - 1)) | 1u << bits) << shift;
}

#endif
