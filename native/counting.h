/* Counters of ports. Only the port's worker may call this, or others while it is parked.
 *
 * A port with changed counters is added to a list of its worker, so that statistics (statistics.h) read only those ports.
 */
#ifndef GNS3TRIO_COUNTING_H
#define GNS3TRIO_COUNTING_H

#include "worker.h"

static inline void note_port(port *p) {
    if (p->is_noted)
        return;
    p->is_noted = 1;
    p->next_noted = p->worker->noted;
    p->worker->noted = p;
}

/* Adds to a counter that other threads may read meanwhile. */
static inline void add(uint64_t *counter, uint64_t by) {
    /* Only one thread writes, so no read-modify-write instruction is needed. */
    __atomic_store_n(counter, *counter + by, __ATOMIC_RELAXED);
}

/* 'counter' belongs to the port. */
static inline void count(port *p, uint64_t *counter, uint64_t by) {
    note_port(p);
    add(counter, by);
}

static inline void drop(port *p, int direction, int reason, uint64_t frames) {
    count(p, direction == RX ? &p->counters.rx_drops[reason] : &p->counters.tx_drops[reason], frames);
}

static inline uint64_t total_bytes(const struct iovec *frames, size_t n) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += frames[i].iov_len;
    return bytes;
}

static inline void count_sent(port *to, const struct iovec *frames, size_t n) {
    count(to, &to->counters.tx_frames, n);
    count(to, &to->counters.tx_bytes, total_bytes(frames, n));
}

static inline void count_received(port *p, const struct iovec *frames, size_t n) {
    count(p, &p->counters.rx_frames, n);
    count(p, &p->counters.rx_bytes, total_bytes(frames, n));
}

static inline uint32_t held_frames_of(const port *p, int direction) {
    return direction == RX ? p->counters.rx_held : p->counters.tx_held;
}

/* The filters of a port hold one frame more (1) or less (-1). */
static inline void count_held_frame(port *p, int direction, int more) {
    uint32_t *held = direction == RX ? &p->counters.rx_held : &p->counters.tx_held;
    note_port(p);
    __atomic_store_n(held, *held + (uint32_t)more, __ATOMIC_RELAXED);
}

#endif
