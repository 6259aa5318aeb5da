/* Frames pass the filters of a port: each goes on at once, or is held (held_frames.c), or dropped, as the verdict of its chain says.
 * Frames leave in the order in which they came, whatever holds them and whenever filters change; only a reorder filter lets one be
 * overtaken.
 */
#define _GNU_SOURCE
#include "filters.h"
#include "counting.h"
#include "filter_chain.h"
#include "held_frames.h"

static void turn_bit(const struct iovec *frame, int64_t bit) {
    if (bit >= 0)
        ((unsigned char *)frame->iov_base)[bit / 8] ^= (unsigned char)(1u << bit % 8);
}

/* Frames that pass without a delay, collected so that they continue together. */
typedef struct {
    struct iovec frames[UDPFWD_BATCH_FRAMES];
    int64_t damaged_bits[UDPFWD_BATCH_FRAMES];
    int count;
} passing;

static void go_on(worker *w, port *p, int direction, passing *out, const path *way) {
    if (out->count == 0)
        return;
    for (int i = 0; i < out->count; i++)
        turn_bit(&out->frames[i], out->damaged_bits[i]);
    leave_filters(w, p, direction, out->frames, out->count, way);
    for (int i = 0; i < out->count; i++) /* the frame may be somebody else's too */
        turn_bit(&out->frames[i], out->damaged_bits[i]);
    out->count = 0;
}

static void hold(worker *w, port *p, int direction, const struct iovec *frame, const verdict *v, const path *way) {
    turn_bit(frame, v->damaged_bit);
    if (hold_frame(w, p, direction, frame, v->release_ns, !v->may_be_overtaken, way) < 0)
        drop(p, direction, UDPFWD_DROP_QUEUE, 1);
    turn_bit(frame, v->damaged_bit);
}

void pass_filters(worker *w, port *p, int direction, const struct iovec *frames, int n, const path *way) {
    filter_chain *chain = p->filters[direction];
    uint64_t now_ns = turn_time(w);
    passing out;
    out.count = 0;
    for (int i = 0; i < n; i++) {
        verdict v = judge(chain, frames[i].iov_base, frames[i].iov_len, now_ns, draw_random);
        if (v.drop >= 0) {
            drop(p, direction, v.drop, 1);
            continue;
        }
        count(p, direction == RX ? &p->counters.rx_duplicated : &p->counters.tx_duplicated, (uint64_t)v.copies - 1);
        int waits = must_wait(chain, &v, now_ns, p->held_in_order[direction] > 0);
        for (int copy = 0; copy < v.copies; copy++) {
            if (copy > 0 && w->budget-- <= 0) { /* ports that are joined in a ring would double a frame with each hop */
                drop(p, direction, UDPFWD_DROP_LOOP, 1);
                continue;
            }
            if (waits) {
                hold(w, p, direction, &frames[i], &v, way);
                continue;
            }
            /* Copies share their bytes, which this or another filter on the way may change: one at a time. */
            if (out.count == UDPFWD_BATCH_FRAMES || copy > 0)
                go_on(w, p, direction, &out, way);
            out.frames[out.count] = frames[i];
            out.damaged_bits[out.count++] = v.damaged_bit;
        }
    }
    go_on(w, p, direction, &out, way);
}
