/* The path of frames from port to port: frames.c. Only the port's worker calls these, except drop_reason.
 *
 * Frames belong to the caller. Their buffers have HEADROOM_BYTES before them, for adding and removing tags.
 */
#ifndef GNS3TRIO_FRAMES_H
#define GNS3TRIO_FRAMES_H

#include "port.h"

#define TAG_BYTES 4
/* Free bytes before a frame: every hop, and a packet socket, may add a tag. */
#define HEADROOM_BYTES 320
/* An offset that makes frames start in different cache sets. */
#define BUFFER_STRIDE (HEADROOM_BYTES + UDPFWD_MAX_FRAME_BYTES)

/* The most copies of a frame by all bridges: a broadcast reaches every node of the largest lab. More are a storm. */
#define COPIES_PER_FRAME 32768
/* The approximate limit of bridge copies in one turn of a port, and in one round of turns: about a millisecond of work. Changes and
 * the ports of other links wait no longer. */
#define TURN_COPIES 1024
/* The frames in the first turn of a port: few, because the number of copies is not known yet. */
#define FIRST_TURN_FRAMES 8

/* The path of a batch of frames so far. A frame that comes to a bridge a second time in the same VLAN is in a loop. */
typedef struct path path;
struct path {
    int hops;
    int bridges;
    uint32_t here;      /* id of the last bridge, and VLAN */
    const path *before; /* the path to that bridge; NULL if it is the first */
    int has_trains;     /* each frame has a note before it (trains.h) */
};

_Static_assert(HEADROOM_BYTES > (UDPFWD_MAX_HOPS + 1) * TAG_BYTES, "there is room for the tags of all bridges on a way");

/* The drop reason for an errno of sending. */
int drop_reason(int error);
/* One turn of a port, which reads at most UDPFWD_BATCH_FRAMES datagrams and sends them on. Returns whether there was anything. */
int serve_port(worker *w, port *from);
/* Called before and after passing on n frames of one turn. The second returns the number of copies by bridges. */
void begin_turn(worker *w, int n);
int64_t end_turn(worker *w, int n);
/* The number of frames for the next turn, after a turn with n frames of at most 'limit'. */
int next_limit(int limit, int n, int64_t copies);
/* Passes on frames that came in at a port in one turn. */
void receive_turn(worker *w, port *from, const struct iovec *frames, int n);
/* Likewise if some of them are trains: each has a note before it (trains.h). */
void receive_trains(worker *w, port *from, const struct iovec *frames, int n);
/* Frames that leave at a port, or come in at it, before and after its filters. At most UDPFWD_BATCH_FRAMES. Their bytes, and
 * the headroom before them, may be changed on the path but are restored when this returns. */
void send_at(worker *w, port *p, const struct iovec *frames, int n, const path *way);
void receive_at(worker *w, port *p, const struct iovec *frames, int n, const path *way);
void leave_filters(worker *w, port *p, int direction, const struct iovec *frames, int n, const path *way);

#endif
