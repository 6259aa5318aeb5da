/* Frames that filters hold, of which a worker has a queue: held_frames.c. Their memory is that of held_memory.h. */
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

/* Worker only: copies a frame and holds it; -ENOBUFS when the port's queue, or the core's, is full. */
int hold_frame(worker *w, port *p, int direction, const struct iovec *frame, uint64_t release_ns, int in_order,
               const path *way);
/* Worker only: when the next held frame is due; 0 when there is none. */
uint64_t next_release(const worker *w);
/* Worker only: sends on what is due, and sets the timer for the next. */
void release_due(worker *w);
/* What the timer of held frames does: they get a turn. */
void end_hold(worker *w, timer *release);
/* The port's worker is parked: everything that a port's filters hold in a direction is due now. */
void release_early(port *p, int direction);
/* The port's worker is parked: loses what a port's filters hold. */
void drop_held(port *p);
/* This worker and those of the ports are parked: held frames follow their ports to another worker. */
void move_held(worker *from);
/* All ports have ended. */
void free_queue(worker *w);

#endif
