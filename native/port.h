/* Ports: where frames come in and leave, and what every module of the frame path keeps with them. ports.c opens and ends them.
 *
 * A port is freed by end_port alone. Its worker reads and writes it; others do so while that worker is parked (changes.h), but
 * for its counters, which any thread may read that holds the core's lock.
 */
#ifndef GNS3TRIO_PORT_H
#define GNS3TRIO_PORT_H

#include "udpfwd.h"

#include <stddef.h>
#include <sys/uio.h>

#define DIRECTIONS 2
/* Index of a direction in arrays. */
#define RX 0
#define TX 1
/* The kind of a port without a descriptor, beside those of udpfwd.h. */
#define LOCAL 3

typedef struct port port;
typedef struct bridge bridge;
typedef struct worker worker;
typedef struct filter_chain filter_chain;
typedef struct flow flow;
typedef struct chunk chunk;

struct port {
    int id;
    int fd; /* -1: it has none */
    int kind; /* 0: a UDP socket, else UDPFWD_TAP, UDPFWD_ETHERNET or LOCAL */
    worker *worker;
    port *peer;   /* the other port of the patch, or the port that a probe's source injects at */
    port *splice; /* the other tunnel port */
    bridge *bridge;
    port *probe; /* the source of the probe that injects here */
    port *sink;  /* where frames of a trial leave that come in here */
    port *sink_of; /* the port whose sink this is */
    int injects; /* this is the source of a probe: peer does not point back */
    int suspended;
    int vlan_mode;
    uint16_t vlan;
    uint16_t ethertype;
    int segments_refused; /* the kernel or the device cannot do UDP_SEGMENT for this remote */
    int turn_frames;      /* it takes at most so many in a turn: fewer when bridges copy them to many ports */
    int is_copied;        /* to many ports were those of its last turn */
    unsigned lone_turns;  /* turns in a row that found a single datagram */
    unsigned visit;       /* the walk over joined ports that saw it last */
    filter_chain *filters[DIRECTIONS];
    unsigned held_in_order[DIRECTIONS]; /* frames that its filters hold and that none may overtake */
    chunk *held[DIRECTIONS][2];         /* that are being filled with frames which may be overtaken, and with others */
    size_t held_bytes;                  /* memory of all that they hold */
    udpfwd_capture *captures;
    uint64_t offload_waits_ns; /* since when the kernel could serve it, were its socket empty; 0 when that is not so */
    int was_offloaded;
    uint64_t taken_frames, taken_bytes; /* of those that the kernel moved, what the counters of ports have */
    flow *flows[DIRECTIONS]; /* whose frames pass it in the kernel */
    udpfwd_counters counters; /* without what these moved */
};

/* --- counting: the port's worker only, or while it is parked --- */

static inline void count(uint64_t *counter, uint64_t by) {
    /* Only the port's worker writes, so no read-modify-write instruction is needed. */
    __atomic_store_n(counter, *counter + by, __ATOMIC_RELAXED);
}

static inline void drop(port *p, int direction, int reason, uint64_t frames) {
    count(direction == RX ? &p->counters.rx_drops[reason] : &p->counters.tx_drops[reason], frames);
}

static inline uint64_t total_bytes(const struct iovec *frames, size_t n) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += frames[i].iov_len;
    return bytes;
}

static inline void count_sent(port *to, const struct iovec *frames, size_t n) {
    count(&to->counters.tx_frames, n);
    count(&to->counters.tx_bytes, total_bytes(frames, n));
}

static inline uint32_t *held_counter(port *p, int direction) {
    return direction == RX ? &p->counters.rx_held : &p->counters.tx_held;
}

/* --- ports.c: workers are parked --- */

port *find_port(const udpfwd *core, int id);
/* Has epoll say 'what' when a descriptor is readable: a port, or the address of one of the worker's own descriptors. */
int watch(worker *w, int fd, void *what);
/* The same for a port's descriptor, if it has one. */
int watch_port(worker *w, port *p);
void unwatch_port(port *p);
void end_port(udpfwd *core, port *p);
void close_if_open(int fd);

#endif
