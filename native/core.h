/* What the sources of the core share, and nobody else. */
#ifndef GNS3TRIO_CORE_H
#define GNS3TRIO_CORE_H

#include "offload.h"
#include "udpfwd.h"

#include <pthread.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#define TAG_BYTES 4
/* Free bytes before a frame: every hop, and a packet socket, may put a tag in front of it. */
#define HEADROOM_BYTES 320
/* Frames start at different cache sets. */
#define BUFFER_STRIDE (HEADROOM_BYTES + UDPFWD_MAX_FRAME_BYTES)

/* What a packet socket may give at once: 64 KiB of data, and headers. Only trains are larger than UDPFWD_MAX_FRAME_BYTES. */
#define LARGE_FRAME_BYTES (65536 + 512)

/* Bridges may make so many copies of a frame in all; more of them are a storm. */
#define COPIES_PER_FRAME 4096
/* Copies that bridges make in one turn of a port, more or less, and in one round of turns: about a millisecond's work. Changes and the
 * ports of other links wait for no more. */
#define TURN_COPIES 1024
/* In its first turn a port takes a few frames, because nobody knows yet how many copies they become. */
#define FIRST_TURN_FRAMES 8

#define DIRECTIONS 2
/* The kind of a port without a descriptor, beside those of udpfwd.h. */
#define LOCAL 3
/* Index of a direction in arrays. */
#define RX 0
#define TX 1

typedef struct port port;
typedef struct bridge bridge;
typedef struct worker worker;
typedef struct filter_chain filter_chain;
typedef struct flow flow;
typedef struct chunk chunk;

/* The way of a batch of frames so far. A frame that comes to a bridge a second time in one VLAN runs in a circle. */
typedef struct path path;
struct path {
    int hops;
    int bridges;
    uint32_t here;      /* id of the last bridge, and VLAN */
    const path *before; /* the way to that bridge; NULL without one */
};

_Static_assert(HEADROOM_BYTES > (UDPFWD_MAX_HOPS + 1) * TAG_BYTES, "there is room for the tags of all bridges on a way");

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

/* A frame that a filter holds. Its bytes follow. */
typedef struct {
    port *port;
    chunk *memory;
    uint16_t size;
    uint8_t direction;
    uint8_t in_order;
    uint8_t hops;
    uint8_t bridges;
    uint32_t visited[]; /* one for each bridge */
} held_frame;

_Static_assert(UDPFWD_MAX_FRAME_BYTES <= UINT16_MAX && UDPFWD_MAX_HOPS <= UINT8_MAX, "a held_frame has room for them");

typedef struct {
    uint64_t release_ns; /* CLOCK_MONOTONIC */
    uint64_t number;     /* frames with one release time keep their order */
    held_frame *frame;
} queue_entry;

/* The next frame to release is the first of the heap or of the run, whichever comes before. */
typedef struct {
    queue_entry *heap;
    size_t count, room;
    queue_entry *run; /* in order: entries that came in the order in which they leave, which is nearly all with one delay */
    size_t run_first, run_end, run_room;
    uint64_t next_number;
    chunk *spare; /* for the next frames */
    size_t spare_bytes;
    size_t *core_bytes; /* memory of frames that the whole core holds, and has spare: changed atomically */
} hold_queue;

struct worker {
    udpfwd *core;
    int epoll_fd;
    int wake_fd;
    int timer_fd;   /* ends the pause after a signal of stats_fd */
    int release_fd; /* when the next held frame is due */
    uint64_t armed_ns; /* what release_fd is set to, 0 when it is not */
    uint64_t gather_ns; /* it is not set to a time before this */
    int more_due;      /* held frames are due still: they get a turn after the ports */
    int pausing;     /* the timer runs */
    int unsignalled; /* counters changed since the last signal */
    int running;
    int look_fd;       /* when to look next at what the kernel can serve, and did */
    int look_waits;    /* that timer runs */
    int ports_changed; /* since the last look */
    int ports;
    uint64_t now_ns;  /* CLOCK_MONOTONIC of this turn, 0 when nobody asked yet */
    uint64_t wall_ns; /* CLOCK_REALTIME likewise */
    int64_t budget;   /* copies that bridges may still make in this turn */
    int64_t round_copies; /* that they made since the worker looked for events */
    int64_t released_copies; /* likewise, of frames that were held */
    unsigned chance;
    int release_frames; /* held ones that it takes in a turn, as turn_frames of a port */
    hold_queue queue;
    unsigned char (*buffers)[BUFFER_STRIDE];
    unsigned char *large; /* LARGE_FRAME_BYTES */
    struct mmsghdr in[UDPFWD_BATCH_FRAMES];
    struct iovec in_iov[UDPFWD_BATCH_FRAMES];
    struct mmsghdr out[UDPFWD_BATCH_FRAMES];
    char controls[UDPFWD_BATCH_FRAMES][CMSG_SPACE(sizeof(uint16_t))];
};

struct udpfwd {
    int stats_fd;
    int captures_fd;
    int captures_full_fd;
    size_t held_bytes; /* see hold_queue */
    offload kernel;
    int flows; /* that the kernel serves: changed atomically */
    struct timespec stats_interval;

    pthread_mutex_t lock; /* guards all below; whoever makes a change holds it, and all workers are parked */
    pthread_cond_t changed;
    int changing; /* a change waits for the workers to park, or is being made */
    int running;  /* workers lent */
    int parked;   /* of these */
    int stopping;

    port **ports; /* by id; NULL where there is none */
    int port_slots, lowest_free_port;
    bridge **bridges;
    int bridge_slots;
    unsigned visits;

    int worker_count;
    worker *workers;
};

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

static inline uint64_t timespec_ns(struct timespec time) {
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* The time of this turn. */
static inline uint64_t turn_time(worker *w) {
    if (w->now_ns == 0) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        w->now_ns = timespec_ns(now);
    }
    return w->now_ns;
}

/* --- udpfwd.c --- */

typedef int (*change_function)(udpfwd *core, const void *arguments);
/* Makes a change while all workers are parked between two batches. */
int make_change(udpfwd *core, change_function apply, const void *arguments);
/* Worker only: a turn for each port that has frames, and what else there is to do, until a change waits. Returns whether to park. */
int serve_round(worker *w, const struct epoll_event *events, int ready);
/* Worker only: counters have changed, which is signalled now or at the end of the pause. */
void note_change(worker *w);

/* --- ports.c: workers are parked --- */

port *find_port(const udpfwd *core, int id);
/* Has epoll say 'what' when a descriptor is readable: a port, or the address of one of the worker's own descriptors. */
int watch(worker *w, int fd, void *what);
/* The same for a port's descriptor, if it has one. */
int watch_port(worker *w, port *p);
void unwatch_port(port *p);
void end_port(udpfwd *core, port *p);
void close_if_open(int fd);

/* --- placement.c: workers are parked --- */

/* Gives a new port to the worker that has the fewest. */
int place_port(udpfwd *core, port *p);
/* Before two ports are joined: the smaller of the two sets of joined ports moves to the worker of the larger. */
int bring_together(udpfwd *core, port *first, port *second);
/* After a port was separated from others: it and what is joined to it move to another worker, if that has fewer then than theirs has
 * now. NULL is no port. */
void spread(udpfwd *core, port *p);

/* --- joints.c: workers are parked --- */

/* Takes a port out of everything that it is joined to. */
void isolate_port(port *p);
void close_bridges(udpfwd *core);

/* --- frames.c: worker only --- */

/* Why a frame could not be sent, from errno. */
int drop_reason(int error);
/* One turn of a port, which reads at most UDPFWD_BATCH_FRAMES datagrams and sends them on. */
void serve_port(worker *w, port *from);
/* Before and after n frames of one turn go on. The second returns how many copies bridges made of them. */
void begin_turn(worker *w, int n);
int64_t end_turn(worker *w, int n);
/* How many frames may go in the next turn when 'limit' might, and n did, in this one. */
int next_limit(int limit, int n, int64_t copies);
/* Frames that came in at a port in one turn go on. */
void receive_turn(worker *w, port *from, const struct iovec *frames, int n);
/* Frames that leave at a port, or come in at it, before and after its filters. At most UDPFWD_BATCH_FRAMES. Their bytes, and
 * the headroom before them, may be changed on the way but are as before when this returns. */
void send_at(worker *w, port *p, const struct iovec *frames, int n, const path *way);
void receive_at(worker *w, port *p, const struct iovec *frames, int n, const path *way);
void leave_filters(worker *w, port *p, int direction, const struct iovec *frames, int n, const path *way);

/* --- bridges.c --- */

typedef struct mac_table mac_table;
struct bridge {
    int id;
    int kind;
    int count, room;
    unsigned visit; /* the walk over joined ports that saw its ports last */
    port **ports;
    mac_table *macs; /* of a switch */
};

mac_table *new_mac_table(void);
/* Workers are parked: forgets the addresses of a port, or all when it is NULL. */
void forget_macs(mac_table *table, const port *p);
int list_macs(const mac_table *table, udpfwd_mac *macs, int max);
/* Worker only: frames that came in at a port of the bridge. */
void bridge_frames(worker *w, bridge *b, port *from, const struct iovec *frames, int n, const path *way);

/* --- filters.c --- */

struct bpf_program;
/* Any thread; the program is freed with pcap_freecode. -EINVAL with a message in error. */
int compile_expression(const char *expression, struct bpf_program *program, char *error, int error_size);
/* Worker only: lets frames pass the filters of a port in a direction: they go on with leave_filters, now or later. */
void pass_filters(worker *w, port *p, int direction, const struct iovec *frames, int n, const path *way);
void free_filters(filter_chain *chain);

/* --- held_memory.c --- */

/* Memory for a frame that a port holds; NULL when the port, or the core, has no more. 'from' is what it is given back by. */
void *take_memory(hold_queue *q, port *p, chunk **current, size_t bytes, chunk **from);
void give_memory(hold_queue *q, port *p, chunk *from);
void free_spare_chunks(hold_queue *q);

/* --- queue.c --- */

/* Worker only: copies a frame and holds it; -ENOBUFS when the port's queue, or the core's, is full. */
int hold_frame(worker *w, port *p, int direction, const struct iovec *frame, uint64_t release_ns, int in_order,
               const path *way);
/* Worker only: when the next held frame is due; 0 when there is none. */
uint64_t next_release(const worker *w);
/* Worker only: sends on what is due, and sets the timer for the next. */
void release_due(worker *w);
/* Worker only: the timer of held frames has run out. */
void end_hold(worker *w);
/* Workers are parked: everything that a port's filters hold in a direction is due now. */
void release_early(port *p, int direction);
/* Workers are parked: loses what a port's filters hold. */
void drop_held(port *p);
/* Workers are parked: held frames follow their ports to another worker. */
void move_held(worker *from);
void free_queue(worker *w);

/* --- offload.c --- */

/* Worker only: has the kernel serve what comes in at a port, if nothing on its way does more than pass it on. While frames are in its
 * socket it waits, but not for ever. */
void offload_from(worker *w, port *from);
/* Worker only: ports may have changed: the next look shall see what can be offloaded. */
void expect_flows(worker *w);
/* Worker only: the timer of looks has run out. */
void look_at_flows(worker *w);
/* Workers are parked, before a port changes: what passes it comes to its worker again. */
void end_flows(port *p);
/* Adds to a copy of a port's counters what the kernel moved. */
void add_offloaded(udpfwd_counters *to, const port *p);

/* --- capture.c --- */

/* Worker only. */
void capture_frames(worker *w, port *p, int direction, const struct iovec *frames, int n);
/* Workers are parked: the captures of a port see nothing more. */
void detach_captures(port *p);

#endif
