/* A frame's way: what a worker does when a port has datagrams.
 *
 * They are read with one recvmmsg into the worker's buffers, and go from port to port as one batch:
 *
 *   serve_port -> receive_at -> [filters] -> leave_filters -> patch: send_at -> [filters] -> leave_filters -> splice: receive_at
 *                                                          -> bridge: send_at at some ports                -> socket: sendmmsg
 *
 * What leaves at a socket is written with one sendmmsg. Runs of frames of one size travel as one message with UDP_SEGMENT, which
 * passes the kernel's stack once for all of them.
 */
#define _GNU_SOURCE
#include "frames.h"
#include "bridges.h"
#include "capture.h"
#include "filters.h"
#include "flows.h"
#include "interfaces.h"
#include "trial.h"
#include "worker.h"

#include <errno.h>
#include <netinet/udp.h>
#include <string.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

/* One message holds at most this many segments and bytes (UDP_MAX_SEGMENTS of the oldest kernels; IPv4 datagram). */
#define MAX_SEGMENTS 64
#define MAX_MESSAGE_BYTES 65000
/* After so many turns with a single datagram a port is read one by one, but for every LONE_PROBE-th turn. */
#define LONE_TURNS 4u
#define LONE_PROBE 8u

/* --- out --- */

/* Packs frames into w->out: a run of frames of one size, the last of which may be shorter, becomes one message. */
static int pack_messages(worker *w, const struct iovec *frames, int n, int use_segments) {
    int messages = 0;
    for (int i = 0; i < n; messages++) {
        size_t size = frames[i].iov_len, total = size;
        int last = i + 1;
        if (use_segments) {
            while (last < n && last - i < MAX_SEGMENTS && frames[last].iov_len <= size &&
                   total + frames[last].iov_len <= MAX_MESSAGE_BYTES) {
                total += frames[last].iov_len;
                if (frames[last++].iov_len < size)
                    break; /* a shorter one ends the run */
            }
        }
        struct msghdr *header = &w->out[messages].msg_hdr;
        memset(header, 0, sizeof *header);
        header->msg_iov = (struct iovec *)&frames[i]; /* the kernel only reads it */
        header->msg_iovlen = (size_t)(last - i);
        if (last - i > 1) {
            header->msg_control = w->controls[messages];
            header->msg_controllen = sizeof w->controls[messages];
            struct cmsghdr *control = CMSG_FIRSTHDR(header);
            control->cmsg_level = SOL_UDP;
            control->cmsg_type = UDP_SEGMENT;
            control->cmsg_len = CMSG_LEN(sizeof(uint16_t));
            uint16_t segment_size = (uint16_t)size;
            memcpy(CMSG_DATA(control), &segment_size, sizeof segment_size);
        }
        i = last;
    }
    return messages;
}

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

/* Sends messages [next..messages) as far as it goes; returns how many were sent, or -1 with errno of the first one. */
static int transmit(worker *w, const port *to, int next, int messages) {
    const struct msghdr *first = &w->out[next].msg_hdr;
    if (messages - next == 1 && first->msg_iovlen == 1) /* the shortest way for a lone frame */
        return send(to->fd, first->msg_iov->iov_base, first->msg_iov->iov_len, MSG_DONTWAIT) < 0 ? -1 : 1;
    return sendmmsg(to->fd, w->out + next, (unsigned)(messages - next), MSG_DONTWAIT);
}

/* Sends frames at a port's socket or device. A frame that cannot be sent is dropped and counted; the others go on. */
static void send_frames(worker *w, port *to, const struct iovec *frames, int n) {
    if (to->kind == LOCAL) {
        drop(to, TX, UDPFWD_DROP_UNLINKED, (uint64_t)n);
        return;
    }
    if (to->kind != 0) {
        write_to_interface(w, to, frames, n);
        return;
    }
    int use_segments = !to->segments_refused;
    int messages = pack_messages(w, frames, n, use_segments);
    int next = 0, refusals = 0;
    while (next < messages) {
        int sent = transmit(w, to, next, messages);
        if (sent > 0) {
            for (int i = next; i < next + sent; i++)
                count_sent(to, w->out[i].msg_hdr.msg_iov, w->out[i].msg_hdr.msg_iovlen);
            next += sent;
            refusals = 0;
            continue;
        }
        const struct msghdr *header = &w->out[next].msg_hdr;
        if (errno == ECONNREFUSED && refusals++ == 0) {
            /* The notice belongs to a frame sent earlier; this one was not tried yet. */
            count(&to->counters.refused, 1);
        } else if (use_segments && header->msg_iovlen > 1 && (errno == EINVAL || errno == EIO || errno == EMSGSIZE)) {
            /* Frames larger than the way's MTU, or a device that cannot split: send the rest one by one. */
            if (errno != EMSGSIZE)
                to->segments_refused = 1;
            int first = (int)(header->msg_iov - frames);
            frames += first;
            n -= first;
            use_segments = 0;
            messages = pack_messages(w, frames, n, 0);
            next = 0;
        } else {
            drop(to, TX, drop_reason(errno), header->msg_iovlen);
            next++;
        }
    }
}

/* --- from port to port --- */

static void leave(worker *w, port *p, const struct iovec *frames, int n, const path *way) {
    port *far = p->splice;
    if (far == NULL) {
        send_frames(w, p, frames, n);
        return;
    }
    if (way->hops == UDPFWD_MAX_HOPS) {
        drop(p, TX, UDPFWD_DROP_LOOP, (uint64_t)n);
        return;
    }
    count_sent(p, frames, (size_t)n);
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

static void count_received(port *p, const struct iovec *frames, size_t n) {
    count(&p->counters.rx_frames, n);
    count(&p->counters.rx_bytes, total_bytes(frames, n));
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

static void enter(worker *w, port *p, const struct iovec *frames, int n, const path *way) {
    struct iovec others[UDPFWD_BATCH_FRAMES];
    if (p->sink != NULL) {
        n = sink_trials(w, p, frames, n, others, way);
        frames = others;
        if (n == 0)
            return;
    }
    if (p->peer == NULL && p->bridge == NULL) {
        drop(p, RX, UDPFWD_DROP_UNLINKED, (uint64_t)n);
        return;
    }
    count_received(p, frames, (size_t)n);
    if (p->peer != NULL)
        send_at(w, p->peer, frames, n, way);
    else
        bridge_frames(w, p->bridge, p, frames, n, way);
}

void leave_filters(worker *w, port *p, int direction, const struct iovec *frames, int n, const path *way) {
    if (p->captures != NULL)
        capture_frames(w, p, direction, frames, n);
    if (direction == TX)
        leave(w, p, frames, n, way);
    else
        enter(w, p, frames, n, way);
}

static void pass(worker *w, port *p, int direction, const struct iovec *frames, int n, const path *way) {
    if (p->suspended)
        drop(p, direction, UDPFWD_DROP_SUSPENDED, (uint64_t)n);
    else if (p->filters[direction] != NULL || p->held_in_order[direction] > 0)
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

void receive_turn(worker *w, port *from, const struct iovec *frames, int n) {
    begin_turn(w, n);
    receive_at(w, from, frames, n, &(path){0});
    int64_t copies = end_turn(w, n);
    from->is_copied = copies > n * (TURN_COPIES / UDPFWD_BATCH_FRAMES);
    from->turn_frames = next_limit(from->turn_frames, n, copies);
}

/* Reads a single datagram as if recvmmsg had; returns 1, or -1 with errno. */
static int receive_one(worker *w, const port *from) {
    ssize_t size = recv(from->fd, w->in_iov[0].iov_base, UDPFWD_MAX_FRAME_BYTES, MSG_DONTWAIT | MSG_TRUNC);
    if (size < 0)
        return -1;
    w->in[0].msg_len = (unsigned)size;
    w->in[0].msg_hdr.msg_flags = size > UDPFWD_MAX_FRAME_BYTES ? MSG_TRUNC : 0;
    return 1;
}

/* Reads what waits at a port. Where single datagrams come one after the other, recv is quicker than recvmmsg; now and then
 * recvmmsg looks whether they still do. */
static int receive(worker *w, port *from) {
    int received;
    if (from->lone_turns >= LONE_TURNS && from->lone_turns % LONE_PROBE != 0) {
        received = receive_one(w, from);
        from->lone_turns++;
    } else {
        received = recvmmsg(from->fd, w->in, (unsigned)from->turn_frames, MSG_DONTWAIT, NULL);
        from->lone_turns = received == 1 ? from->lone_turns + 1 : 0;
    }
    return received;
}

void serve_port(worker *w, port *from) {
    if (from->kind != 0) {
        serve_interface(w, from);
        return;
    }
    int received = receive(w, from);
    if (received < 0) {
        if (errno == ECONNREFUSED) {
            count(&from->counters.refused, 1);
            note_change(w);
        }
        return;
    }
    struct iovec frames[UDPFWD_BATCH_FRAMES];
    int n = 0;
    for (int i = 0; i < received; i++) {
        size_t size = w->in[i].msg_len;
        if (size == 0) {
            drop(from, RX, UDPFWD_DROP_EMPTY, 1);
        } else if (w->in[i].msg_hdr.msg_flags & MSG_TRUNC) {
            drop(from, RX, UDPFWD_DROP_OVERSIZE, 1);
        } else {
            frames[n].iov_base = w->in_iov[i].iov_base;
            frames[n++].iov_len = size;
        }
    }
    if (n > 0)
        receive_turn(w, from, frames, n);
    if (from->offload_waits_ns != 0)
        offload_from(w, from);
    note_change(w);
}
