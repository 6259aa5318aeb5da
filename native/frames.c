/* A frame's way: what a worker does when a port has frames.
 *
 * The port's kind reads them into the worker's buffers, with one call where it can, and they go from port to port as one batch:
 *
 *   serve_port -> receive_at -> [filters] -> leave_filters -> patch: send_at -> [filters] -> leave_filters -> splice: receive_at
 *                                                          -> bridge: send_at at some ports                -> what is behind it: send of its kind
 */
#define _GNU_SOURCE
#include "frames.h"
#include "bridges.h"
#include "capture.h"
#include "filters.h"
#include "flows.h"
#include "statistics.h"
#include "trains.h"
#include "trial.h"
#include "worker.h"

#include <errno.h>
#include <string.h>

int drop_reason(int error) {
    switch (error) {
    case EAGAIN:
    case ENOBUFS:
    case ENOMEM:
        return UDPFWD_DROP_QUEUE;
    case EMSGSIZE:
        return UDPFWD_DROP_OVERSIZE;
    default:
        return UDPFWD_DROP_ERROR;
    }
}

/* --- from port to port --- */

/* A frame_passer. */
static void send_single(worker *w, port *p, int direction, const struct iovec *frames, int n, const path *way) {
    (void)direction, (void)way;
    p->kind->send(w, p, frames, n);
}

static void send_trains(worker *w, port *p, const struct iovec *frames, int n, const path *way) {
    for (int i = 0; i < n; i++)
        if (p->kind->send_train == NULL || !p->kind->send_train(w, p, &frames[i]))
            split_trains(w, p, TX, &frames[i], 1, way, send_single);
}

static void leave(worker *w, port *p, const struct iovec *frames, int n, const path *way) {
    port *far = p->splice;
    if (far == NULL) {
        if (way->has_trains)
            send_trains(w, p, frames, n, way);
        else
            p->kind->send(w, p, frames, n);
        return;
    }
    if (way->hops == UDPFWD_MAX_HOPS) {
        drop(p, TX, UDPFWD_DROP_LOOP, frames_of(frames, n, way));
        return;
    }
    count_load(p, TX, load_of(frames, n, way));
    path longer = *way;
    longer.hops++;
    receive_at(w, far, frames, n, &longer);
}

/* Filters may have turned some bits over; a frame of a node, with the same addresses even, differs in far more. */
#define MOST_TURNED_BITS 8

static int is_trial(const struct iovec *frame) {
    static const unsigned char begin[] = UDPFWD_TRIAL_BEGIN;
    const unsigned char *bytes = frame->iov_base;
    if (frame->iov_len < UDPFWD_TRIAL_MIN_BYTES)
        return 0;
    int turned = 0;
    for (size_t i = 0; i < sizeof begin - 1 && turned <= MOST_TURNED_BITS; i++)
        turned += __builtin_popcount(bytes[i] ^ begin[i]);
    return turned <= MOST_TURNED_BITS;
}

/* Frames of a trial leave at the sink; the others are written to 'others'. Returns how many these are. */
static int sink_trials(worker *w, port *p, const struct iovec *frames, int n, struct iovec *others, const path *way) {
    struct iovec trials[UDPFWD_BATCH_FRAMES];
    int left = 0, found = 0;
    for (int i = 0; i < n; i++) {
        if (is_trial(&frames[i]))
            trials[found++] = frames[i];
        else
            others[left++] = frames[i];
    }
    if (found > 0) {
        count_received(p, trials, (size_t)found);
        send_at(w, p->sink, trials, found, way);
    }
    return left;
}

/* A frame_passer. */
static void enter(worker *w, port *p, int direction, const struct iovec *frames, int n, const path *way) {
    struct iovec others[UDPFWD_BATCH_FRAMES];
    if (p->sink != NULL && way->has_trains) {
        split_trains(w, p, direction, frames, n, way, enter);
        return;
    }
    if (p->sink != NULL) {
        n = sink_trials(w, p, frames, n, others, way);
        frames = others;
        if (n == 0)
            return;
    }
    if (p->peer == NULL && p->bridge == NULL) {
        drop(p, RX, UDPFWD_DROP_UNLINKED, frames_of(frames, n, way));
        return;
    }
    count_load(p, RX, load_of(frames, n, way));
    if (p->peer != NULL)
        send_at(w, p->peer, frames, n, way);
    else
        p->bridge->kind->move_frames(w, p->bridge, p, frames, n, way);
}

/* A frame_passer. */
static void capture_single(worker *w, port *p, int direction, const struct iovec *frames, int n, const path *way) {
    (void)way;
    capture_frames(w, p, direction, frames, n);
}

void leave_filters(worker *w, port *p, int direction, const struct iovec *frames, int n, const path *way) {
    if (p->captures != NULL && way->has_trains)
        split_trains(w, p, direction, frames, n, way, capture_single); /* the trains themselves go on */
    else if (p->captures != NULL)
        capture_frames(w, p, direction, frames, n);
    if (direction == TX)
        leave(w, p, frames, n, way);
    else
        enter(w, p, direction, frames, n, way);
}

static void pass(worker *w, port *p, int direction, const struct iovec *frames, int n, const path *way) {
    int is_filtered = p->filters[direction] != NULL || p->held_in_order[direction] > 0;
    if (p->suspended)
        drop(p, direction, UDPFWD_DROP_SUSPENDED, frames_of(frames, n, way));
    else if (is_filtered && way->has_trains)
        split_trains(w, p, direction, frames, n, way, pass_filters);
    else if (is_filtered)
        pass_filters(w, p, direction, frames, n, way);
    else
        leave_filters(w, p, direction, frames, n, way);
}

void send_at(worker *w, port *p, const struct iovec *frames, int n, const path *way) {
    pass(w, p, TX, frames, n, way);
}

void receive_at(worker *w, port *p, const struct iovec *frames, int n, const path *way) {
    pass(w, p, RX, frames, n, way);
}

/* --- in --- */

void begin_turn(worker *w, int n) {
    w->budget = n * COPIES_PER_FRAME;
}

int64_t end_turn(worker *w, int n) {
    int64_t copies = (int64_t)n * COPIES_PER_FRAME - w->budget;
    w->round_copies += copies;
    return copies;
}

int next_limit(int limit, int n, int64_t copies) {
    int64_t next = copies > 0 ? n * TURN_COPIES / copies : UDPFWD_BATCH_FRAMES;
    if (next > 2 * limit) /* slowly: frames to all often come between others */
        next = 2 * limit;
    return next < 1 ? 1 : next < UDPFWD_BATCH_FRAMES ? (int)next : UDPFWD_BATCH_FRAMES;
}

/* n frames are 'on_wire' single ones. */
static void pass_turn(worker *w, port *from, const struct iovec *frames, int n, int on_wire, const path *way) {
    begin_turn(w, on_wire);
    receive_at(w, from, frames, n, way);
    int64_t copies = end_turn(w, on_wire);
    from->is_copied = copies > on_wire * (TURN_COPIES / UDPFWD_BATCH_FRAMES);
    from->turn_frames = next_limit(from->turn_frames, n, copies);
}

void receive_turn(worker *w, port *from, const struct iovec *frames, int n) {
    pass_turn(w, from, frames, n, n, &(path){0});
}

void receive_trains(worker *w, port *from, const struct iovec *frames, int n) {
    path way = {.has_trains = 1};
    pass_turn(w, from, frames, n, (int)frames_of(frames, n, &way), &way);
}

int serve_port(worker *w, port *from) {
    if (!from->kind->receive(w, from))
        return 0;
    if (from->offload_waits_ns != 0)
        offload_from(w, from);
    note_change(w);
    return 1;
}
