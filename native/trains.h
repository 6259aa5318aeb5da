/* Trains: large frames, each of which stands for many that are alike but for their numbers: trains.c.
 *
 * The kernel leaves it to a device to split what it sends into frames (TSO, GSO). A train crosses the core as one frame, and leaves as one
 * at a TAP device. Where single frames are needed (filters, captures, tags, ports of other kinds) it is split there, and only there.
 *
 * In a batch with trains (path.has_trains) each frame has a train_note before it, also those that are single frames. It uses headroom,
 * so no tag may be added before the batch is split. What is counted are always the single frames.
 */
#ifndef GNS3TRIO_TRAINS_H
#define GNS3TRIO_TRAINS_H

#include "counting.h"

#include <linux/virtio_net.h>

/* It ends where the frame begins, so a TAP device reads and writes both with one call. */
typedef struct __attribute__((packed)) {
    uint32_t bytes;    /* of all its segments, with headers */
    uint16_t segments; /* 1 if this is no train */
    struct virtio_net_hdr told; /* all 0 if this is no train: nothing is left to do */
} train_note;

_Static_assert(HEADROOM_BYTES >= (UDPFWD_MAX_HOPS + 1) * TAG_BYTES + sizeof(train_note), "a note has room beside all tags");

static inline train_note *note_of(const struct iovec *frame) {
    return (train_note *)frame->iov_base - 1;
}

/* What a wire would carry. */
typedef struct {
    uint64_t frames, bytes;
} wire_load;

static inline wire_load load_of(const struct iovec *frames, int n, const path *way) {
    if (!way->has_trains)
        return (wire_load){(uint64_t)n, total_bytes(frames, (size_t)n)};
    wire_load load = {0, 0};
    for (int i = 0; i < n; i++) {
        load.frames += note_of(&frames[i])->segments;
        load.bytes += note_of(&frames[i])->bytes;
    }
    return load;
}

static inline void count_load(port *p, int direction, wire_load load) {
    count(p, direction == RX ? &p->counters.rx_frames : &p->counters.tx_frames, load.frames);
    count(p, direction == RX ? &p->counters.rx_bytes : &p->counters.tx_bytes, load.bytes);
}

static inline uint64_t frames_of(const struct iovec *frames, int n, const path *way) {
    return way->has_trains ? load_of(frames, n, way).frames : (uint64_t)n;
}

/* Examines a frame as the kernel gave it: completes its checksum, or finds that it is a train, and writes its note before it. Returns 1 for a
 * train, 0 for a single frame, -1 if it must be dropped as oversize. A program behind the device may have made up what is told of it. */
int note_frame(const struct iovec *frame, struct virtio_net_hdr told);

/* Gives frames to 'next', as batches without trains. The segments are in the buffers of frames that come in, which no port with trains
 * uses (in_iov), so this is for the turns of such ports. */
typedef void (*frame_passer)(worker *w, port *p, int direction, const struct iovec *frames, int n, const path *way);
void split_trains(worker *w, port *p, int direction, const struct iovec *frames, int n, const path *way, frame_passer next);

#endif
