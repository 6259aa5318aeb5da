/* The core and its workers: what each of them has. udpfwd.c makes and frees both.
 *
 * A worker's fields are its own while it runs; others touch them while it is parked (changes.h), unless they are the lock's.
 */
#ifndef GNS3TRIO_WORKER_H
#define GNS3TRIO_WORKER_H

#include "frames.h"
#include "held_frames.h"
#include "offload_program.h"
#include "pc_events.h"
#include "timers.h"

#include <pthread.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

/* What a device may give at once: 64 KiB of data, and headers. Only trains are larger than UDPFWD_MAX_FRAME_BYTES. */
#define LARGE_FRAME_BYTES (65536 + 512)
/* The room for frames that devices give: about 64 of usual size, or two of the largest, which the processor's cache keeps. */
#define LARGE_ROOM_BYTES (192 * 1024)

#define NANOSECONDS 1000000000u

/* Each group is changed by the module that is named; others read it. */
struct worker {
    udpfwd *core;

    /* worker.c */
    int epoll_fd;
    source waker; /* an eventfd */
    int woken;    /* by it, in this round */
    unsigned chance;
    uint64_t now_ns;         /* CLOCK_MONOTONIC of this turn, 0 when nobody asked yet */
    uint64_t wall_ns;        /* CLOCK_REALTIME likewise */
    int64_t round_copies;    /* that bridges made since the worker looked for events */
    int64_t released_copies; /* likewise, of frames that were held */

    /* changes.c, placement.c: the core's lock is held */
    int running;
    int must_park; /* which the worker reads without it, and atomically */
    int is_parked;
    int ports; /* how many it has */

    /* timers.c */
    timer_set timers;

    /* statistics.c: signals of changed counters */
    timer pause;     /* after one */
    int unsignalled; /* counters changed since then */
    port *noted;     /* whose did (counting.h), since others were told (statistics.h) */
    flow *flows;     /* of its ports, which the kernel serves */
    unsigned seen_moves; /* the core's, when it looked at them last */

    /* flows.c */
    timer look;        /* when to look next at what the kernel can serve, and did */
    int ports_changed; /* since the last look */

    /* held_frames.c */
    hold_queue queue;
    timer release;      /* when the next held frame is due */
    uint64_t gather_ns; /* it is not set to a time before this */
    int more_due;       /* held frames are due still: they get a turn after the ports */
    int release_frames; /* held ones that it takes in a turn, as turn_frames of a port */

    /* frames.c, and kinds of ports: what a turn works with */
    port *answering; /* where frames left in this turn, and answers may have come meanwhile; NULL: nowhere. Its kind says so */
    int64_t budget; /* copies that bridges may still make in this turn */
    unsigned char (*buffers)[BUFFER_STRIDE];
    unsigned char *large; /* LARGE_ROOM_BYTES */
    struct mmsghdr in[UDPFWD_BATCH_FRAMES];
    struct iovec in_iov[UDPFWD_BATCH_FRAMES]; /* where frames are read to: buffers, with headroom */
    struct mmsghdr out[UDPFWD_BATCH_FRAMES];
    char controls[UDPFWD_BATCH_FRAMES][CMSG_SPACE(sizeof(uint16_t))];
};

struct udpfwd {
    int stats_fd;
    int captures_fd;
    int captures_full_fd;
    size_t held_bytes; /* see hold_queue */
    offload kernel;
    int flows;      /* that the kernel serves: changed atomically */
    unsigned moves; /* how often a look found that the kernel had moved frames: likewise */
    uint64_t stats_interval_ns;
    pc_shared pcs; /* what built-in PCs have together: a lock of its own */

    pthread_mutex_t lock; /* guards all below; whoever makes a change holds it (changes.h) */
    pthread_cond_t changed;
    int changing; /* a change waits for workers to park, or is being made */
    int stopping;
    int stops;      /* a worker has parked for the change that is being made */
    uint64_t parks; /* changes for which one had to */

    port **ports; /* by id; NULL where there is none */
    uint64_t *changed_ports; /* a bit for each id: opened, closed, or counters changed, since udpfwd_changed told last */
    int port_slots, lowest_free_port;
    bridge **bridges;
    int bridge_slots;
    unsigned visits;

    int worker_count;
    worker *workers;

    struct udpfwd_trunk *trunk; /* trunk.c: NULL without one; changed while all workers are parked */
};

static inline uint64_t timespec_ns(struct timespec time) {
    return (uint64_t)time.tv_sec * NANOSECONDS + (uint64_t)time.tv_nsec;
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

/* --- worker.c --- */

/* Any thread: has a worker look whether it shall park or end. */
void wake(const worker *w);
/* What ports have their source do: a turn, and one for held frames that are due. */
void serve_port_source(worker *w, source *s);
/* Worker only: a turn for each port that has frames, and what else there is to do, until it shall park. Returns whether to. */
int serve_round(worker *w, const struct epoll_event *events, int ready);
/* Before a zeroed worker is lent a thread, and after. close_worker is needed, and fine, when prepare_worker fails. */
int prepare_worker(udpfwd *core, worker *w);
void close_worker(worker *w);

#endif
