/* Ports: where frames come in and leave, and what every module of the frame path keeps with them. ports.c opens and ends them.
 *
 * A port is freed by end_port alone. Its worker reads and writes it; others do so while that worker is parked (changes.h), but
 * for its counters, which any thread may read that holds the core's lock.
 */
#ifndef GNS3TRIO_PORT_H
#define GNS3TRIO_PORT_H

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

/* What a port is opened with; each kind has a use for some of it. */
typedef struct {
    worker *worker;   /* NULL: the one that has the fewest ports */
    int fd;           /* the caller's */
    uint32_t address; /* of the remote, in host byte order */
    uint16_t udp_port;
} port_options;

/* A kind of ports: what is behind one, where frames come from and go to. A new kind is one of these, and a call in udpfwd.h that
 * opens it. What a kind has no use for is NULL. */
typedef struct {
    size_t bytes; /* of the structure of such a port, zeroed at first, which begins with a port */
    /* In a change: the port is nobody's yet, and has no descriptor. When this fails it leaves nothing behind. */
    int (*open)(port *p, const port_options *options);
    /* In a change, the worker is parked: gives back all but the port itself, which is joined to nothing any more. */
    void (*close)(port *p);
    /* In a change, the worker is parked: -EINVAL and no function are the same. */
    int (*set_remote)(port *p, const port_options *options);
    /* Worker only: the port's turn, when its descriptor is readable: at most turn_frames go to receive_turn. Returns whether there was
     * anything that counts. */
    int (*receive)(worker *w, port *p);
    /* Worker only: frames leave the core here, at most UDPFWD_BATCH_FRAMES. Each is counted as sent, or dropped and counted. They
     * are in the middle of a turn, so what answers them does so later, by a timer and receive_turn. */
    void (*send)(worker *w, port *p, const struct iovec *frames, int n);
    /* In a change, both workers are parked: the port's timers have to follow it (move_timer). */
    void (*moved)(port *p, worker *from);
    int is_udp; /* the descriptor is a UDP socket with a remote, so that the kernel may move its frames (flows.h) */
} port_kind;

extern const port_kind udp_kind;      /* udp_ports.c */
extern const port_kind tap_kind;      /* interfaces.c */
extern const port_kind ethernet_kind; /* interfaces.c */
extern const port_kind local_kind;    /* ports.c: nothing is behind it */

/* Each group is changed by the module that is named; others read it. */
struct port {
    source source; /* first, so that a port's source is the port */

    /* ports.c, placement.c */
    int id;
    const port_kind *kind;
    worker *worker;
    unsigned visit; /* the walk over joined ports that saw it last */

    /* joints.c */
    port *peer;   /* the other port of the patch, or the port that a probe's source injects at */
    port *splice; /* the other tunnel port */
    bridge *bridge;
    int vlan_mode;
    uint16_t vlan;
    uint16_t ethertype;
    port *probe;   /* the source of the probe that injects here */
    port *sink;    /* where frames of a trial leave that come in here */
    port *sink_of; /* the port whose sink this is */
    int injects;   /* this is the source of a probe: peer does not point back */

    /* frames.c: how much it takes in a turn */
    int turn_frames; /* at most so many: fewer when bridges copy them to many ports */
    int is_copied;   /* to many ports were those of its last turn */

    /* filter_control.c */
    int suspended;
    filter_chain *filters[DIRECTIONS];

    /* held_frames.c: what its filters hold */
    unsigned held_in_order[DIRECTIONS]; /* frames that none may overtake */
    chunk *held[DIRECTIONS][2];         /* that are being filled with frames which may be overtaken, and with others */
    size_t held_bytes;                  /* memory of all of them */

    /* capture.c */
    udpfwd_capture *captures;

    /* flows.c: what the kernel does for it */
    uint64_t offload_waits_ns; /* since when the kernel could serve it, were its socket empty; 0 when that is not so */
    int was_offloaded;
    uint64_t taken_frames, taken_bytes; /* of those that the kernel moved, what the counters of ports have */
    flow *flows[DIRECTIONS];            /* whose frames pass it in the kernel */

    /* Whoever lets frames pass, or drops them. */
    udpfwd_counters counters; /* without what flows moved */
    int is_noted;             /* they have changed since others were told: it is in the list of its worker (counting.h) */
    port *next_noted;
};

/* --- ports.c --- */

/* In a change, or with the core's lock. NULL where there is none. */
port *find_port(const udpfwd *core, int id);
/* In a change; no worker has to be parked. Returns the id. */
int open_port(udpfwd *core, const port_kind *kind, const port_options *options);
/* In a change, the worker is parked, or none runs: frees it. */
void end_port(udpfwd *core, port *p);

/* For kinds: the port has a copy of a descriptor that is its own. */
int copy_descriptor(port *p, int fd);
/* Room for bursts between two turns of a busy worker, as much as the system gives. */
void enlarge_buffers(int fd);

#endif
