/* Ports, where frames come in and leave, with the data of every module of the frame path. ports.c opens and ends them.
 *
 * Only end_port frees a port. Its worker reads and writes it; other threads only while that worker is parked (changes.h). Exception:
 * any thread that holds the core's lock may read the counters.
 */
#ifndef GNS3TRIO_PORT_H
#define GNS3TRIO_PORT_H

#include "pc_events.h"
#include "source.h"
#include "udpfwd.h"

#include <stddef.h>
#include <sys/uio.h>

#define DIRECTIONS 2
/* Index of a direction in arrays. */
#define RX 0
#define TX 1

typedef struct port port;
typedef struct bridge bridge;
typedef struct filter_chain filter_chain;
typedef struct flow flow;
typedef struct chunk chunk;

/* Parameters for opening a port; each kind uses some of them. */
typedef struct {
    worker *worker;   /* NULL: the one with the fewest ports */
    int fd;           /* the caller's */
    uint32_t address; /* of the remote, in host byte order */
    uint16_t udp_port;
    const void *identity; /* of a PC: udpfwd_pc_identity */
    pc_shared *pcs;
} port_options;

/* A kind of port: the functions that receive and send its frames. A new kind needs one of these, and a function in udpfwd.h that opens
 * it. Unused functions are NULL. */
typedef struct {
    size_t bytes; /* size of the kind's structure, which begins with a port and is zeroed at first */
    /* In a change: the port has no worker and no descriptor yet. If this fails, it leaves nothing behind. */
    int (*open)(port *p, const port_options *options);
    /* In a change, the worker is parked, and the port is not connected any more: releases everything except the port itself. */
    void (*close)(port *p);
    /* Worker only: the port's turn, when its descriptor is readable: at most turn_frames go to receive_turn. Returns whether there was
     * anything that counts. */
    int (*receive)(worker *w, port *p);
    /* Worker only: frames leave the core here, at most UDPFWD_BATCH_FRAMES. Each is counted as sent, or dropped and counted. They
     * are in the middle of a turn, so what answers them does so later, by a timer and receive_turn. */
    void (*send)(worker *w, port *p, const struct iovec *frames, int n);
    /* Worker only: a frame with its note before it (trains.h) leaves as it is; it is counted as what a wire would carry. Returns 0 if it
     * must be split first. NULL: trains always are. */
    int (*send_train)(worker *w, port *p, const struct iovec *frame);
    /* In a change, both workers are parked: moves the port's timers to its new worker (move_timer). */
    void (*moved)(port *p, worker *from);
    int is_udp; /* the descriptor is a UDP socket with a remote, so that the kernel may move its frames (flows.h) */
} port_kind;

extern const port_kind udp_kind;      /* udp_ports.c */
extern const port_kind tap_kind;      /* interfaces.c */
extern const port_kind ethernet_kind; /* interfaces.c */
extern const port_kind local_kind;    /* ports.c: without a descriptor */
extern const port_kind pc_kind;       /* pc_port.c: a built-in PC */

#define CACHE_LINE_BYTES 64
/* What each frame on its way touches of a port lies in its first bytes, up to the counters of frames. */
#define PORT_WAY_BYTES 256

/* Only the named module changes a group; others may read it. */
struct port {
    source source; /* first, so that a port's source is the port */

    /* ports.c, placement.c */
    int id;
    const port_kind *kind;
    worker *worker;
    unsigned visit; /* the last walk over connected ports that visited it */

    /* joints.c */
    port *peer;   /* the other port of the patch, or the port that a probe's source injects at */
    port *splice; /* the other tunnel port */
    bridge *bridge;
    int vlan_mode;
    uint16_t vlan;
    uint16_t ethertype;
    port *probe;   /* the source of the probe that injects here */
    port *sink;    /* where test frames that come in here leave */
    port *sink_of; /* the port whose sink this is */
    int injects;   /* this is the source of a probe: peer does not point back */

    /* frames.c: the work of a turn */
    int turn_frames; /* the most frames per turn: fewer if bridges copy them to many ports */
    int is_copied;   /* the frames of its last turn were copied to many ports */

    /* filter_control.c */
    int suspended;
    filter_chain *filters[DIRECTIONS];

    /* held_frames.c: the frames that its filters hold */
    unsigned held_in_order[DIRECTIONS]; /* frames that none may overtake */
    chunk *held[DIRECTIONS][2];         /* chunks being filled, for frames that may be overtaken and for others */
    size_t held_bytes;                  /* memory of all of them */

    /* capture.c */
    udpfwd_capture *captures;

    /* All modules that pass or drop frames. */
    int is_noted; /* counters have changed since the last signal: the port is in its worker's list (counting.h) */
    port *next_noted;
    udpfwd_counters counters; /* without what flows moved */

    /* worker.c */
    unsigned silences; /* how often, one after the other, it had no answer at once */

    /* flows.c: what the kernel does for it */
    uint64_t offload_waits_ns; /* since when the kernel could serve it if its socket were empty; 0 otherwise */
    int was_offloaded;
    uint64_t taken_frames, taken_bytes; /* the part of the kernel's frames that the counters of ports include already */
    flow *flows[DIRECTIONS];            /* flows through this port */
};

/* Asks the cache for what a frame will touch of a port soon: with thousands of ports it is not there. */
static inline void prefetch_port(const port *p) {
    for (size_t at = 0; at < PORT_WAY_BYTES; at += CACHE_LINE_BYTES)
        __builtin_prefetch((const char *)p + at, 1);
}

/* --- ports.c --- */

/* In a change, or with the core's lock. NULL if there is none. */
port *find_port(const udpfwd *core, int id);
/* In a change; no worker needs to be parked. Returns the id. */
int open_port(udpfwd *core, const port_kind *kind, const port_options *options);
/* In a change, the worker is parked, or none runs: frees it. */
void end_port(udpfwd *core, port *p);

/* For kinds: gives the port its own copy of a descriptor. */
int copy_descriptor(port *p, int fd);
/* For bursts between two turns of a busy worker: what a socket's buffers should hold. */
#define SOCKET_BUFFER_BYTES (1024 * 1024)
/* Enlarges the buffers of a socket as far as the system permits. */
void enlarge_buffers(int fd, int bytes);

#endif
