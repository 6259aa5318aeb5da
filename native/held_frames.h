/* Frames that filters hold, in a queue per worker: held_frames.c. held_memory.h provides their memory. */
#ifndef GNS3TRIO_HELD_FRAMES_H
#define GNS3TRIO_HELD_FRAMES_H

#include "frames.h"
#include "timers.h"

#include <stddef.h>

/* A frame that a filter holds. Its bytes follow. */
typedef struct {
    port *port;
    chunk *memory;
    uint16_t size;
    uint8_t direction;
    uint8_t in_order;
    uint8_t hops;
    uint8_t bridges;
    uint32_t visited[]; /* one entry per visited bridge */
} held_frame;

_Static_assert(UDPFWD_MAX_FRAME_BYTES <= UINT16_MAX && UDPFWD_MAX_HOPS <= UINT8_MAX, "a held_frame has room for them");

typedef struct {
    uint64_t release_ns; /* CLOCK_MONOTONIC */
    uint64_t number;     /* orders frames with the same release time */
    held_frame *frame;
} queue_entry;

/* The next frame to release is the first of the heap or of the run, whichever is earlier. */
typedef struct {
    queue_entry *heap;
    size_t count, room;
    queue_entry *run; /* sorted: entries that arrived in the order in which they leave, nearly all if there is one delay */
    size_t run_first, run_end, run_room;
    uint64_t next_number;
    chunk *spare; /* for the next frames */
    size_t spare_bytes;
    size_t *core_bytes; /* memory of held frames and spare chunks of the whole core; changed atomically */
} hold_queue;

/* Worker only: copies a frame and holds it; -ENOBUFS if the port's or the core's queue is full. */
int hold_frame(worker *w, port *p, int direction, const struct iovec *frame, uint64_t release_ns, int in_order,
               const path *way);
/* Worker only: the release time of the next held frame; 0 if there is none. */
uint64_t next_release(const worker *w);
/* Worker only: passes on all due frames, and sets the timer for the next. */
void release_due(worker *w);
/* Expiry function of the timer for held frames: gives them a turn. */
void end_hold(worker *w, timer *release);
/* The port's worker is parked: makes all held frames of a port and direction due now. */
void release_early(port *p, int direction);
/* The port's worker is parked: drops all frames that the port's filters hold. */
void drop_held(port *p);
/* This worker and those of the ports are parked: moves held frames with their ports to another worker. */
void move_held(worker *from);
/* Called after all ports have ended. */
void free_queue(worker *w);

#endif
