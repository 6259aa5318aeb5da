/* A frame's way from port to port: frames.c. The port's worker only, but for drop_reason.
 *
 * Frames are the caller's. They lie in buffers with HEADROOM_BYTES before them, where tags are put on and taken off.
 */
#ifndef GNS3TRIO_FRAMES_H
#define GNS3TRIO_FRAMES_H

#include "port.h"

#define TAG_BYTES 4
/* Free bytes before a frame: every hop, and a packet socket, may put a tag in front of it. */
#define HEADROOM_BYTES 320
/* Frames start at different cache sets. */
#define BUFFER_STRIDE (HEADROOM_BYTES + UDPFWD_MAX_FRAME_BYTES)

/* Bridges may make so many copies of a frame in all; more of them are a storm. */
#define COPIES_PER_FRAME 4096
/* Copies that bridges make in one turn of a port, more or less, and in one round of turns: about a millisecond's work. Changes and the
 * ports of other links wait for no more. */
#define TURN_COPIES 1024
/* In its first turn a port takes a few frames, because nobody knows yet how many copies they become. */
#define FIRST_TURN_FRAMES 8

/* The way of a batch of frames so far. A frame that comes to a bridge a second time in one VLAN runs in a circle. */
typedef struct path path;
struct path {
    int hops;
    int bridges;
    uint32_t here;      /* id of the last bridge, and VLAN */
    const path *before; /* the way to that bridge; NULL without one */
};

_Static_assert(HEADROOM_BYTES > (UDPFWD_MAX_HOPS + 1) * TAG_BYTES, "there is room for the tags of all bridges on a way");

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

#endif
