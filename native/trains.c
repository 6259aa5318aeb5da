/* Trains in the core: what they are when they come in, and single frames where these are needed. segments.c knows the headers. */
#define _GNU_SOURCE
#include "trains.h"
#include "segments.h"

int note_frame(const struct iovec *frame, struct virtio_net_hdr told) {
    unsigned char *bytes = frame->iov_base;
    size_t size = frame->iov_len;
    *note_of(frame) = (train_note){.bytes = (uint32_t)size, .segments = 1};
    if (told.gso_type == VIRTIO_NET_HDR_GSO_NONE)
        return size > UDPFWD_MAX_FRAME_BYTES || finish_checksum(bytes, size, &told) < 0 ? -1 : 0;
    frame_train train;
    if (open_train(&train, bytes, size, &told, UDPFWD_MAX_FRAME_BYTES) < 0)
        return -1;
    size_t segments = count_segments(&train);
    if (segments == 1) {
        finish_only_segment(&train, bytes);
        return 0;
    }
    told.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM; /* nothing else that was told is anybody's business */
    told.hdr_len = (uint16_t)train.headers;
    *note_of(frame) = (train_note){
        .bytes = (uint32_t)(size + (segments - 1) * train.headers), .segments = (uint16_t)segments, .told = told};
    return 1;
}

/* Frames that go on together. */
typedef struct {
    worker *w;
    port *port;
    int direction;
    path way;
    frame_passer next;
    struct iovec frames[UDPFWD_BATCH_FRAMES];
    int n;
} gathering;

static void pass_gathered(gathering *g) {
    if (g->n > 0)
        g->next(g->w, g->port, g->direction, g->frames, g->n, &g->way);
    g->n = 0;
}

static void gather(gathering *g, struct iovec frame) {
    g->frames[g->n++] = frame;
    if (g->n == UDPFWD_BATCH_FRAMES)
        pass_gathered(g);
}

static void gather_segments(gathering *g, const struct iovec *frame) {
    frame_train train;
    const struct virtio_net_hdr told = note_of(frame)->told;
    if (open_train(&train, frame->iov_base, frame->iov_len, &told, UDPFWD_MAX_FRAME_BYTES) < 0)
        return; /* cannot be: it was one when it came in, and nobody changes trains */
    for (;;) {
        unsigned char *segment = g->w->in_iov[g->n].iov_base;
        size_t size = next_segment(&train, segment);
        if (size == 0)
            return;
        gather(g, (struct iovec){segment, size});
    }
}

void split_trains(worker *w, port *p, int direction, const struct iovec *frames, int n, const path *way, frame_passer next) {
    gathering g = {.w = w, .port = p, .direction = direction, .way = *way, .next = next};
    g.way.has_trains = 0;
    for (int i = 0; i < n; i++) {
        if (note_of(&frames[i])->segments == 1)
            gather(&g, frames[i]);
        else
            gather_segments(&g, &frames[i]);
    }
    pass_gathered(&g);
}
