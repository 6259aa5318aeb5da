/* Statistics: who is told that counters changed, and what they are.
 *
 * A worker notes its ports whose counters change (counting.h). When it signals, at most once in the interval, it gives what it has noted
 * to the core, as a bit for each port; who reads (udpfwd_changed) takes the bits, and reads the counters of these ports only.
 * A worker never waits for the core's lock: while another has it, the worker tries again a moment later.
 */
#define _GNU_SOURCE
#include "statistics.h"
#include "flows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BITS 64
/* After so long a worker tries again. */
#define RETRY_NS 1000000u

/* --- telling --- */

void tell_port(udpfwd *core, int id) {
    core->changed_ports[id / BITS] |= 1ull << id % BITS;
}

void tell_noted(worker *w) {
    for (port *p = w->noted; p != NULL; p = p->next_noted) {
        p->is_noted = 0;
        tell_port(w->core, p->id);
    }
    w->noted = NULL;
}

int grow_changed(udpfwd *core, int slots) {
    size_t before = (size_t)(core->port_slots + BITS - 1) / BITS, after = (size_t)(slots + BITS - 1) / BITS;
    uint64_t *grown = realloc(core->changed_ports, sizeof *grown * after);
    if (grown == NULL)
        return -ENOMEM;
    memset(grown + before, 0, sizeof *grown * (after - before));
    core->changed_ports = grown;
    return 0;
}

/* Signals that counters changed, and begins a pause. */
static void signal_stats(worker *w) {
    uint64_t one = 1;
    if (w->noted != NULL) {
        if (pthread_mutex_trylock(&w->core->lock) != 0) {
            w->unsignalled = 1;
            set_timer(w, &w->pause, turn_time(w) + RETRY_NS);
            return;
        }
        tell_noted(w);
        pthread_mutex_unlock(&w->core->lock);
    }
    ssize_t written = write(w->core->stats_fd, &one, sizeof one);
    (void)written; /* fails only when nobody read for 2^64 signals */
    w->unsignalled = 0;
    set_timer(w, &w->pause, turn_time(w) + w->core->stats_interval_ns);
}

void note_change(worker *w) {
    if (is_set(&w->pause))
        w->unsignalled = 1;
    else
        signal_stats(w);
}

void end_pause(worker *w, timer *pause) {
    (void)pause;
    if (w->unsignalled)
        signal_stats(w);
}

/* --- reading --- */

static uint64_t read_counter(const uint64_t *counter) {
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static void read_counters(udpfwd_counters *to, const port *p) {
    to->port_id = p->id;
    to->rx_held = __atomic_load_n(&p->counters.rx_held, __ATOMIC_RELAXED);
    to->tx_held = __atomic_load_n(&p->counters.tx_held, __ATOMIC_RELAXED);
    to->offloaded = 0;
    to->rx_frames = read_counter(&p->counters.rx_frames);
    to->rx_bytes = read_counter(&p->counters.rx_bytes);
    to->tx_frames = read_counter(&p->counters.tx_frames);
    to->tx_bytes = read_counter(&p->counters.tx_bytes);
    to->refused = read_counter(&p->counters.refused);
    to->rx_duplicated = read_counter(&p->counters.rx_duplicated);
    to->tx_duplicated = read_counter(&p->counters.tx_duplicated);
    for (int reason = 0; reason < UDPFWD_DROP_REASONS; reason++) {
        to->rx_drops[reason] = read_counter(&p->counters.rx_drops[reason]);
        to->tx_drops[reason] = read_counter(&p->counters.tx_drops[reason]);
    }
    add_offloaded(to, p);
}

int udpfwd_snapshot(udpfwd *core, udpfwd_counters *counters, int max) {
    int found = 0;
    pthread_mutex_lock(&core->lock);
    for (int id = 0; id < core->port_slots; id++) {
        if (core->ports[id] == NULL)
            continue;
        if (found < max)
            read_counters(&counters[found], core->ports[id]);
        found++;
    }
    pthread_mutex_unlock(&core->lock);
    return found;
}

int udpfwd_port_counters(udpfwd *core, int port_id, udpfwd_counters *counters) {
    pthread_mutex_lock(&core->lock);
    const port *p = find_port(core, port_id);
    if (p != NULL)
        read_counters(counters, p);
    pthread_mutex_unlock(&core->lock);
    return p != NULL ? 0 : -ENOENT;
}

int udpfwd_changed(udpfwd *core, udpfwd_counters *counters, int max) {
    int found = 0;
    pthread_mutex_lock(&core->lock);
    for (int word = 0; word * BITS < core->port_slots && found < max; word++) {
        uint64_t *bits = &core->changed_ports[word];
        for (; *bits != 0 && found < max; found++) {
            int id = word * BITS + __builtin_ctzll(*bits);
            *bits &= *bits - 1;
            const port *p = find_port(core, id);
            if (p != NULL)
                read_counters(&counters[found], p);
            else
                counters[found] = (udpfwd_counters){.port_id = id};
        }
    }
    pthread_mutex_unlock(&core->lock);
    return found;
}
