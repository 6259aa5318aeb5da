/* Sequence numbers that have come, of which the newest are remembered: a bit for each, in a ring. */
#ifndef GNS3TRIO_SEQUENCES_H
#define GNS3TRIO_SEQUENCES_H

#include <stdint.h>
#include <string.h>

typedef enum {
    SEQUENCE_NEW,
    SEQUENCE_REORDERED, /* new, too, and behind a later one (RFC 4737) */
    SEQUENCE_REPEATED,  /* it came already; or it is so far behind that nobody knows */
} sequence_kind;

enum { SEQUENCE_WORD_BITS = 64 };

static inline void forget_sequences(uint64_t *seen, uint64_t window, uint64_t from, uint64_t to) {
    while (from < to) {
        uint64_t bit = from % SEQUENCE_WORD_BITS, bits = SEQUENCE_WORD_BITS - bit;
        if (bits > to - from)
            bits = to - from;
        uint64_t mask = bits == SEQUENCE_WORD_BITS ? UINT64_MAX : ((1ull << bits) - 1) << bit;
        seen[from % window / SEQUENCE_WORD_BITS] &= ~mask;
        from += bits;
    }
}

/* A number came, which is less than UINT64_MAX. 'window' is how many are remembered, a power of 2 from 64 on; 'seen' has a bit for
 * each, and 'next' is the highest that came, plus one; both are 0 at first. */
static inline sequence_kind note_sequence(uint64_t *seen, uint64_t window, uint64_t *next, uint64_t sequence) {
    uint64_t bit = 1ull << sequence % SEQUENCE_WORD_BITS, *word = &seen[sequence % window / SEQUENCE_WORD_BITS];
    int is_late = sequence < *next;
    if (is_late && (*next - sequence > window || *word & bit))
        return SEQUENCE_REPEATED;
    if (!is_late) {
        if (sequence - *next >= window)
            memset(seen, 0, window / 8);
        else
            forget_sequences(seen, window, *next, sequence + 1);
        *next = sequence + 1;
    }
    *word |= bit;
    return is_late ? SEQUENCE_REORDERED : SEQUENCE_NEW;
}

#endif
