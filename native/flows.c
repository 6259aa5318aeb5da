/* Links that the kernel serves by itself: which these are, from when to when, and what passed them.
 *
 * A flow is the way of all frames that come in at one port, when no port on it does more than pass them on. The kernel's program
 * (offload_program.c) has a rule for it, and the ports on the way count what the program moved. Whatever changes one of these
 * ports ends the flow, so that the next frame comes to the worker; a moment later the worker looks whether it can begin again.
 *
 * A flow begins while its port's socket is empty, since a frame in there would be overtaken by those that the kernel moves; but not
 * for ever, because a worker that has fallen behind never empties it.
 */
#define _GNU_SOURCE
#include "flows.h"
#include "changes.h"
#include "statistics.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A link between two nodes has four ports. */
#define MAX_PASSAGES 8
/* The pause between two looks at what can be offloaded and at what was moved, unless signals of statistics are to come sooner. */
#define LONGEST_PAUSE_NS 1000000000u
/* After so long a socket that was never empty is taken for one that never will be. */
#define PATIENCE_NS 1000000000u

typedef struct {
    port *port;
    int direction;
} passage;

struct flow {
    offload_entry *entry;
    uint64_t seen_frames; /* of the entry, when its worker looked last */
    flow *next, **link;   /* of the list of its worker, and what points to it there */
    port *from;
    int count;
    passage passages[MAX_PASSAGES];
};

static uint64_t read_entry(const uint64_t *counter) {
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

/* --- which flows there may be --- */

static int only_passes(const port *p, int direction) {
    return p->filters[direction] == NULL && p->held_in_order[direction] == 0 && p->captures == NULL && !p->suspended;
}

/* The way of frames that come in at a port's socket, to the port whose socket they leave at. Returns how many passages it has, 0
 * when a port on it does more than pass them on. */
static int find_way(port *p, passage *way) {
    int count = 0;
    if (!p->kind->is_udp || p->splice != NULL || p->injects)
        return 0;
    for (;;) {
        if (!only_passes(p, RX) || p->sink != NULL || p->peer == NULL || count == MAX_PASSAGES)
            return 0;
        way[count++] = (passage){p, RX};
        p = p->peer;
        if (!only_passes(p, TX))
            return 0;
        way[count++] = (passage){p, TX};
        if (p->splice == NULL)
            return p->kind->is_udp ? count : 0;
        p = p->splice;
    }
}

typedef int (*name_function)(int fd, struct sockaddr *address, socklen_t *size);

/* The UDP port of 127.0.0.1 that one end of a socket has, in network byte order; 0 when it has another address. */
static uint16_t loopback_port(int fd, name_function name) {
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    if (name(fd, (struct sockaddr *)&address, &size) < 0 || address.sin_addr.s_addr != htonl(INADDR_LOOPBACK))
        return 0;
    return address.sin_port;
}

static int has_datagrams(int fd) {
    struct pollfd look = {.fd = fd, .events = POLLIN};
    return poll(&look, 1, 0) < 0 || (look.revents & POLLIN) != 0;
}

/* --- from when to when --- */

static void set_rule(offload_entry *entry, const offload_rule *rule) {
    uint64_t whole;
    memcpy(&whole, rule, sizeof whole);
    __atomic_store_n(&entry->rule, whole, __ATOMIC_RELEASE);
}

/* The rule for frames that come in at one port and leave at another, and for which UDP port of ours it is. Returns 0 when one of
 * the addresses is not 127.0.0.1. */
static int make_rule(const port *from, const port *to, uint16_t *number, offload_rule *rule) {
    *number = ntohs(loopback_port(from->source.fd, getsockname));
    *rule = (offload_rule){.source = loopback_port(from->source.fd, getpeername),
                           .active = 1,
                           .new_source = loopback_port(to->source.fd, getsockname),
                           .new_destination = loopback_port(to->source.fd, getpeername)};
    return *number != 0 && rule->source != 0 && rule->new_source != 0 && rule->new_destination != 0;
}

/* Whether a port shall wait on because frames are in its socket. */
static int has_patience(worker *w, port *from) {
    if (!has_datagrams(from->source.fd))
        return 0;
    if (from->offload_waits_ns == 0)
        from->offload_waits_ns = turn_time(w);
    return turn_time(w) - from->offload_waits_ns < PATIENCE_NS;
}

static void note_ports(const flow *f) {
    for (int i = 0; i < f->count; i++)
        note_port(f->passages[i].port);
}

void offload_from(worker *w, port *from) {
    udpfwd *core = w->core;
    passage way[MAX_PASSAGES];
    uint16_t number;
    offload_rule rule;
    int count = from->flows[RX] == NULL ? find_way(from, way) : 0;
    flow *f = count > 0 && make_rule(from, way[count - 1].port, &number, &rule) ? malloc(sizeof *f) : NULL;
    if (f == NULL) { /* without memory the worker goes on serving it */
        from->offload_waits_ns = 0;
        return;
    }
    *f = (flow){.entry = &core->kernel.entries[number], .from = from, .count = count};
    memcpy(f->passages, way, sizeof *way * (size_t)count);
    if (!from->was_offloaded) { /* the entry counted for another port before */
        from->was_offloaded = 1;
        from->taken_frames = read_entry(&f->entry->frames);
        from->taken_bytes = read_entry(&f->entry->bytes);
    }
    if (has_patience(w, from)) { /* this is asked last before the rule is set */
        free(f);
        return;
    }
    f->seen_frames = read_entry(&f->entry->frames);
    f->next = w->flows;
    f->link = &w->flows;
    if (f->next != NULL)
        f->next->link = &f->next;
    w->flows = f;
    set_rule(f->entry, &rule);
    from->offload_waits_ns = 0;
    for (int i = 0; i < count; i++)
        __atomic_store_n(&way[i].port->flows[way[i].direction], f, __ATOMIC_RELEASE); /* a snapshot may be taken meanwhile */
    __atomic_add_fetch(&core->flows, 1, __ATOMIC_RELAXED);
    note_ports(f);
    note_change(w); /* who moves their frames is told with their counters */
}

/* The frames that the kernel moved and that the counters of the ports do not include yet. */
static uint64_t moved_frames(const flow *f) {
    return read_entry(&f->entry->frames) - f->from->taken_frames;
}

static uint64_t moved_bytes(const flow *f) {
    return read_entry(&f->entry->bytes) - f->from->taken_bytes;
}

static void end_flow(udpfwd *core, flow *f) {
    set_rule(f->entry, &(offload_rule){0});
    /* Another CPU may be moving a frame by the rule: it is counted when the next flow from this port begins. */
    uint64_t frames = moved_frames(f), bytes = moved_bytes(f);
    f->from->taken_frames += frames;
    f->from->taken_bytes += bytes;
    for (int i = 0; i < f->count; i++) {
        port *p = f->passages[i].port;
        int is_rx = f->passages[i].direction == RX;
        count(p, is_rx ? &p->counters.rx_frames : &p->counters.tx_frames, frames);
        count(p, is_rx ? &p->counters.rx_bytes : &p->counters.tx_bytes, bytes);
        p->flows[f->passages[i].direction] = NULL;
    }
    *f->link = f->next;
    if (f->next != NULL)
        f->next->link = f->link;
    __atomic_sub_fetch(&core->flows, 1, __ATOMIC_RELAXED);
    free(f);
}

void end_flows(port *p) {
    for (int direction = 0; direction < DIRECTIONS; direction++)
        if (p->flows[direction] != NULL)
            end_flow(p->worker->core, p->flows[direction]);
}

void add_offloaded(udpfwd_counters *to, const port *p) {
    for (int direction = 0; direction < DIRECTIONS; direction++) {
        const flow *f = __atomic_load_n(&p->flows[direction], __ATOMIC_ACQUIRE);
        if (f == NULL)
            continue;
        to->offloaded |= direction == RX ? UDPFWD_RX : UDPFWD_TX;
        *(direction == RX ? &to->rx_frames : &to->tx_frames) += moved_frames(f);
        *(direction == RX ? &to->rx_bytes : &to->tx_bytes) += moved_bytes(f);
    }
}

/* --- the worker's looks --- */

/* Begins a pause before the next look, unless it runs. */
static void pause_looks(worker *w) {
    uint64_t pause_ns = w->core->stats_interval_ns;
    if (!is_set(&w->look))
        set_timer(w, &w->look, turn_time(w) + (pause_ns < LONGEST_PAUSE_NS ? pause_ns : LONGEST_PAUSE_NS));
}

void expect_flows(worker *w) {
    if (w->core->kernel.entries == NULL)
        return;
    w->ports_changed = 1;
    pause_looks(w);
}

/* Begins all flows that can begin; returns whether one of them waits. */
static int offload_ports(worker *w) {
    udpfwd *core = w->core;
    int waits = 0;
    pthread_mutex_lock(&core->lock); /* others may open ports */
    for (int id = 0; id < core->port_slots; id++)
        if (core->ports[id] != NULL && core->ports[id]->worker == w) {
            offload_from(w, core->ports[id]);
            waits |= core->ports[id]->offload_waits_ns != 0;
        }
    pthread_mutex_unlock(&core->lock);
    return waits;
}

/* The kernel does not say which flows it moved frames of. One worker sees that it did, and each then compares its own. */
static void look_at_moves(worker *w) {
    udpfwd *core = w->core;
    if (__atomic_exchange_n(&core->kernel.entries[OFFLOAD_MOVED].frames, 0, __ATOMIC_ACQ_REL) != 0)
        __atomic_add_fetch(&core->moves, 1, __ATOMIC_ACQ_REL);
    unsigned moves = __atomic_load_n(&core->moves, __ATOMIC_ACQUIRE);
    if (moves == w->seen_moves)
        return;
    w->seen_moves = moves;
    for (flow *f = w->flows; f != NULL; f = f->next) {
        uint64_t frames = read_entry(&f->entry->frames);
        if (frames == f->seen_frames)
            continue;
        f->seen_frames = frames;
        note_ports(f);
    }
    if (w->noted != NULL)
        note_change(w);
}

void look_at_flows(worker *w, timer *look) {
    (void)look;
    if (w->ports_changed) {
        int held = next_release(w) != 0; /* which may be all that is in a flow's way */
        w->ports_changed = offload_ports(w) || held;
    }
    look_at_moves(w);
    if (w->ports_changed || __atomic_load_n(&w->core->flows, __ATOMIC_RELAXED) > 0)
        pause_looks(w);
}

/* --- on and off --- */

int udpfwd_offload(udpfwd *core) {
    begin_change(core);
    for (int i = 0; i < core->worker_count; i++)
        park(core, &core->workers[i]);
    return end_change(core, core->kernel.entries != NULL ? -EBUSY : attach_offload(&core->kernel));
}
