/* What the sources of the core share, and nobody else. */
#ifndef GNS3TRIO_CORE_H
#define GNS3TRIO_CORE_H

#include "udpfwd.h"

#include <pthread.h>
#include <stddef.h>
#include <sys/socket.h>
#include <time.h>

/* Frames start at different cache sets. */
#define BUFFER_STRIDE (UDPFWD_MAX_FRAME_BYTES + 192)

typedef struct port port;

struct port {
    int id;
    int fd;
    port *peer;   /* the other port of the patch */
    port *splice; /* the other tunnel port */
    int segments_refused; /* the kernel or the device cannot do UDP_SEGMENT for this remote */
    unsigned lone_turns;  /* turns in a row that found a single datagram */
    udpfwd_counters counters;
};

typedef int (*change_function)(udpfwd *core, const void *arguments);

typedef struct change change;
struct change {
    change_function apply;
    const void *arguments;
    int result;
    int done;
    change *next;
};

struct udpfwd {
    int epoll_fd;
    int wake_fd;
    int stats_fd;
    int timer_fd; /* ends the pause after a signal of stats_fd */
    struct timespec stats_interval;
    int pausing;     /* the timer runs */
    int unsignalled; /* counters changed since the last signal */

    pthread_mutex_t lock; /* guards all below, and the port table against readers that are not the worker */
    pthread_cond_t changed;
    int running;
    int stopping;
    change *first_change, **last_change;

    port **ports; /* by id; NULL where there is none */
    int port_slots;

    unsigned char (*buffers)[BUFFER_STRIDE];
    struct mmsghdr in[UDPFWD_BATCH_FRAMES];
    struct iovec in_iov[UDPFWD_BATCH_FRAMES];
    struct iovec out_iov[UDPFWD_BATCH_FRAMES];
    struct mmsghdr out[UDPFWD_BATCH_FRAMES];
    char controls[UDPFWD_BATCH_FRAMES][CMSG_SPACE(sizeof(uint16_t))];
};

static inline void count(uint64_t *counter, uint64_t by) {
    /* Only the worker writes, so no read-modify-write instruction is needed. */
    __atomic_store_n(counter, *counter + by, __ATOMIC_RELAXED);
}

/* udpfwd.c. Worker only: counters have changed, which is signalled now or at the end of the pause. */
void note_change(udpfwd *core);

/* frames.c. Worker only: one turn of a port, which reads at most UDPFWD_BATCH_FRAMES datagrams and sends them on. */
void serve_port(udpfwd *core, port *from);

#endif
