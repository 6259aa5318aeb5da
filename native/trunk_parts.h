/* The trunk, its peers and the ports of its links: the data that the modules trunk*.c share.
 *
 * A trunk has a receiving socket for each worker, at most one for each lane, all bound to its UDP port. The kernel gives each datagram to
 * the socket of its lane (trunk_sockets.c), so the frames of a VNI always come in at one worker: that of its lane. The port of a link begins
 * at that worker too. But ports that are connected have one worker, so it may have moved to another one: then the frames are handed over
 * (trunk_handover.c). A peer has a sending socket for each lane, with a UDP port of its own. So what the sender, the receiver's interface or
 * its kernel gathers to one train of segments is always of one lane.
 */
#ifndef GNS3TRIO_TRUNK_PARTS_H
#define GNS3TRIO_TRUNK_PARTS_H

#include "trunk_probe.h"
#include "worker.h"

#define PLACE_OF(vni) ((vni) & (UDPFWD_TRUNK_PLACES - 1))
#define LANE_OF(vni) ((vni) % UDPFWD_TRUNK_LANES)

typedef struct udpfwd_trunk trunk;
typedef struct trunk_peer trunk_peer;
typedef struct trunk_port trunk_port;
typedef struct train train;
typedef struct handed handed;

/* The sending socket of a lane: any worker sends there. */
typedef struct {
    int fd;
    size_t most_segment_bytes; /* larger ones are not sent as segments: the kernel or the interface cannot. Read and set atomically */
} trunk_lane;

struct trunk_peer {
    trunk *trunk;
    int id;
    uint32_t address;
    uint16_t udp_port;
    trunk_lane lanes[UDPFWD_TRUNK_LANES];
    int links;             /* in changes */
    uint32_t mtu;          /* larger IP packets are split: read and set atomically */
    udpfwd_peer counters;  /* of frames: workers add atomically */
    /* trunk_peers.c: the first worker's, at which keepalives come in */
    int probe_fd; /* connected, too, and its packets are never split */
    timer timer;
    probe probe;
    udpfwd_peer told; /* what others may read with the trunk's lock */
};

struct trunk_port {
    port port; /* first */
    trunk_peer *peer;
    uint32_t vni_out, vni_in;
    int group; /* trunk_in.c: the place of its frames among those of a turn */
    /* trunk_handover.c: frames that another worker has for it. The lock is taken before that of an inbox. */
    worker *home;              /* the port's worker, read atomically by others; changed with the lock */
    size_t waiting_bytes;      /* with the lock; read atomically by the home */
    pthread_mutex_t lock;
    handed *first, *last;      /* with the lock */
    uint64_t lost;             /* that found no room */
    int is_listed;             /* in the inbox of its home */
    trunk_port *next_listed;
};

/* Where ports with handed frames wait for their worker. */
typedef struct {
    source source; /* an eventfd */
    pthread_mutex_t lock;
    trunk_port *first, *last;
} inbox;

typedef struct {
    source source; /* the receiving socket */
    trunk *trunk;
} lane_source;

/* A place in the table of links. */
typedef struct {
    trunk_port *link; /* NULL: none */
    uint32_t vni_in;
    uint32_t address; /* of its peer */
} trunk_place;

/* What a worker has for the trunk. */
typedef struct trunk_work {
    inbox inbox;
    train *open, *spare; /* trunk_out.c: frames that leave at the end of this round, and memory for others */
    int open_trains;
} trunk_work;

struct udpfwd_trunk {
    udpfwd *core;
    uint16_t udp_port;
    int changed_fd;
    trunk_place *places; /* the link is read atomically by the worker of the lane; changed while it is parked, or set for the first time */
    lane_source sources[UDPFWD_TRUNK_LANES];
    int source_count;
    trunk_work *work; /* of each worker */
    trunk_peer *peers[UDPFWD_MAX_PEERS]; /* changed while the first worker is parked */
    pthread_mutex_t lock; /* guards what peers have told */
    udpfwd_trunk_counters counters; /* workers add atomically */
};

static inline void trunk_count(uint64_t *counter, uint64_t by) {
    __atomic_fetch_add(counter, by, __ATOMIC_RELAXED);
}

/* The worker at which the frames of a VNI come in. */
static inline worker *lane_worker(const trunk *t, uint32_t vni) {
    return &t->core->workers[LANE_OF(vni) % (unsigned)t->source_count];
}

static inline trunk_work *work_of(const trunk *t, const worker *w) {
    return &t->work[w - t->core->workers];
}

/* --- trunk_sockets.c --- */

/* Opens the receiving sockets; a negative errno, and none is open. */
int open_sources(trunk *t, uint32_t address);
/* A socket that sends to a peer, and receives nothing but the kernel's notices. With 'is_probe' its packets are never split. */
int open_sender(uint32_t address, uint16_t udp_port, int is_probe);
/* The largest IP packet that leaves whole; 0 if the kernel cannot say. */
uint32_t mtu_of(int fd);
/* How many datagrams the kernel dropped at a socket, because its buffer was full. */
uint64_t lost_at(int fd);

/* --- trunk_in.c --- */

/* A source's turn. */
void serve_lane(worker *w, source *s);
/* Passes a datagram with its sender, whose bytes are one or more segments. */
void take_datagram(worker *w, trunk *t, uint32_t address, const unsigned char *bytes, size_t size, size_t segment_bytes);

/* --- trunk_out.c --- */

void trunk_send(worker *w, port *p, const struct iovec *frames, int n);
void free_trains(trunk_work *work);

/* --- trunk_handover.c --- */

int open_inbox(inbox *box);
void close_inbox(inbox *box);
/* Worker of the lane only: passes on frames that came in together, or hands them to the port's worker. */
void deliver(worker *w, trunk_port *link, const struct iovec *frames, int n);
/* In a change. */
void link_moved(port *p, worker *from);
void drop_handed(trunk_port *link);

/* --- trunk_peers.c --- */

int open_peer(trunk *t, trunk_peer *peer);
void close_peer(trunk_peer *peer);
/* First worker only: a datagram with VNI 0. */
void take_message(worker *w, trunk *t, uint32_t address, const unsigned char *bytes, size_t size);

#endif
