/* The traffic generator and its sink. trial.h is the contract.
 *
 * One thread sends what is due, takes what has come, and sleeps until one of the two happens. When it is behind its schedule
 * it sends in batches.
 */
#define _GNU_SOURCE
#include "trial.h"
#include "latencies.h"
#include "sequences.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 64
#define NANOSECONDS 1000000000u
/* A frame that is so far behind the newest is not looked for any more: should it come, it counts as duplicated. */
#define REMEMBERED 65536u
/* A busy sender checks for a stop once in this many turns. */
#define LOOK_TURNS 64
#define SUB_BUCKET_BITS 10

typedef struct __attribute__((packed)) {
    unsigned char to[6], from[6];
    uint16_t ethertype;
    char magic[8];
    uint32_t trial_id;
    uint64_t sequence;
    uint64_t sent_ns;
} trial_header;

_Static_assert(1 << SUB_BUCKET_BITS == UDPFWD_TRIAL_SUB_BUCKETS, "as trial.h says");
_Static_assert(sizeof(trial_header) == UDPFWD_TRIAL_MIN_BYTES, "trial.h says how long it is");

typedef struct {
    const udpfwd_trial_options *options;
    udpfwd_trial_result *result;
    int tx_fd, rx_fd, stop_fd;
    int is_blocked; /* tx_fd took less than was due */
    uint64_t start_ns, last_sent_ns, last_progress_ns;
    uint64_t answered; /* frames that do not count in the window any more */
    uint64_t highest;  /* sequence number seen, plus one */
    uint64_t seen[REMEMBERED / SEQUENCE_WORD_BITS];
    struct mmsghdr out[BATCH], in[BATCH];
    struct iovec out_iov[BATCH], in_iov[BATCH];
    unsigned char out_frames[BATCH][UDPFWD_TRIAL_MAX_BYTES], in_frames[BATCH][UDPFWD_TRIAL_MAX_BYTES];
} trial;

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NANOSECONDS + (uint64_t)now.tv_nsec;
}

static void prepare(trial *t) {
    for (int i = 0; i < BATCH; i++) {
        trial_header *out = (trial_header *)t->out_frames[i];
        memset(out, 0, sizeof *out);
        memcpy(out, UDPFWD_TRIAL_BEGIN, sizeof UDPFWD_TRIAL_BEGIN - 1);
        out->trial_id = htobe32(t->options->trial_id);
        t->out_iov[i] = (struct iovec){t->out_frames[i], t->options->frame_bytes};
        t->in_iov[i] = (struct iovec){t->in_frames[i], UDPFWD_TRIAL_MAX_BYTES};
        t->out[i].msg_hdr = (struct msghdr){.msg_iov = &t->out_iov[i], .msg_iovlen = 1};
        t->in[i].msg_hdr = (struct msghdr){.msg_iov = &t->in_iov[i], .msg_iovlen = 1};
    }
    t->result->latency_min_ns = UINT64_MAX;
}

/* --- sending --- */

static int is_all_sent(const trial *t, uint64_t now) {
    const udpfwd_trial_options *o = t->options;
    return (o->frames != 0 && t->result->sent >= o->frames) || now - t->start_ns >= o->duration_ns;
}

/* When a frame is due, after the start. */
static uint64_t due_ns(const trial *t, uint64_t number) {
    return (uint64_t)((unsigned __int128)number * NANOSECONDS / t->options->frames_per_second);
}

/* The number of frames that may be sent now. */
static unsigned due_frames(const trial *t, uint64_t now) {
    const udpfwd_trial_options *o = t->options;
    uint64_t due = BATCH;
    if (o->frames_per_second != 0) {
        uint64_t scheduled = (uint64_t)((unsigned __int128)(now - t->start_ns) * o->frames_per_second / NANOSECONDS) + 1;
        due = scheduled > t->result->sent ? scheduled - t->result->sent : 0;
    }
    if (o->window != 0) {
        uint64_t open = t->result->sent - t->answered, room = open < o->window ? o->window - open : 0;
        due = due < room ? due : room;
    }
    if (o->frames != 0 && due > o->frames - t->result->sent)
        due = o->frames - t->result->sent;
    return due < BATCH ? (unsigned)due : BATCH;
}

/* Returns how many were sent, or a negative errno. */
static int send_due(trial *t, uint64_t now) {
    unsigned frames = due_frames(t, now);
    t->is_blocked = 0;
    if (frames == 0)
        return 0;
    for (unsigned i = 0; i < frames; i++) {
        trial_header *header = (trial_header *)t->out_frames[i];
        header->sequence = htobe64(t->result->sent + i);
        header->sent_ns = htobe64(now);
    }
    int sent = sendmmsg(t->tx_fd, t->out, frames, MSG_DONTWAIT);
    t->is_blocked = sent < (int)frames;
    if (sent < 0)
        /* Full: later. Refused is the notice of a frame before: whoever listens may come yet. */
        return errno == EAGAIN || errno == ENOBUFS || errno == ECONNREFUSED || errno == EINTR ? 0 : -errno;
    t->result->sent += (uint64_t)sent;
    t->last_sent_ns = now;
    return sent;
}

/* --- receiving --- */

static void take_frame(trial *t, const unsigned char *bytes, unsigned size, uint64_t now) {
    udpfwd_trial_result *r = t->result;
    trial_header header = {0};
    memcpy(&header, bytes, size < sizeof header ? size : sizeof header);
    if (header.ethertype != htobe16(UDPFWD_TRIAL_ETHERTYPE) || memcmp(header.magic, UDPFWD_TRIAL_MAGIC, 8) != 0) {
        r->foreign++;
        return;
    }
    uint64_t sequence = be64toh(header.sequence), sent_ns = be64toh(header.sent_ns);
    int is_elsewhere = t->tx_fd < 0; /* the sender */
    if (size != t->options->frame_bytes || be32toh(header.trial_id) != t->options->trial_id)
        return; /* late from a trial before, or damaged: nobody else sent it */
    if (!is_elsewhere && (sequence >= r->sent || sent_ns > now))
        return; /* damaged */
    if (is_elsewhere) {
        sent_ns += (uint64_t)t->options->clock_offset_ns;
        sent_ns = sent_ns < now ? sent_ns : now; /* nobody knows the clock of another host exactly */
    }
    switch (note_sequence(t->seen, REMEMBERED, &t->highest, sequence)) {
    case SEQUENCE_REPEATED:
        r->duplicated++;
        return;
    case SEQUENCE_REORDERED:
        r->reordered++;
        break;
    case SEQUENCE_NEW:
        break;
    }
    uint64_t latency = now - sent_ns;
    if (r->received == 0)
        r->first_rx_ns = now - t->start_ns;
    __atomic_store_n(&r->received, r->received + 1, __ATOMIC_RELAXED); /* others may look at it */
    r->last_rx_ns = now - t->start_ns;
    r->latency_sum_ns += latency;
    r->latency[latency_bucket(latency, SUB_BUCKET_BITS, UDPFWD_TRIAL_BUCKETS)]++;
    if (latency < r->latency_min_ns)
        r->latency_min_ns = latency;
    if (latency > r->latency_max_ns)
        r->latency_max_ns = latency;
    if (t->answered < r->sent)
        t->answered++;
}

/* Returns how many datagrams came, or a negative errno. */
static int receive(trial *t) {
    int received = recvmmsg(t->rx_fd, t->in, BATCH, MSG_DONTWAIT, NULL);
    if (received < 0)
        return errno == EAGAIN || errno == EINTR || errno == ECONNREFUSED ? 0 : -errno;
    uint64_t now = now_ns();
    for (int i = 0; i < received; i++)
        take_frame(t, t->in_frames[i], t->in[i].msg_len, now);
    return received;
}

/* --- the trial --- */

static int is_stopped(const trial *t) {
    struct pollfd look = {.fd = t->stop_fd, .events = POLLIN};
    return poll(&look, 1, 0) > 0;
}

/* Sleeps until something comes, a frame is due or the end is. Returns whether it shall stop. */
static int wait_for_more(const trial *t, uint64_t now, int sending, uint64_t end_ns) {
    uint64_t until = end_ns;
    int blocked = sending && t->is_blocked; /* what is due is in the past: the socket says when it goes on */
    if (sending && !blocked && t->options->frames_per_second != 0) {
        uint64_t due = t->start_ns + due_ns(t, t->result->sent);
        until = due < until ? due : until;
    }
    if (sending && t->options->window != 0) {
        uint64_t stalled = t->last_progress_ns + t->options->drain_ns;
        until = stalled < until ? stalled : until;
    }
    uint64_t left = until > now ? until - now : 0;
    struct timespec timeout = {.tv_sec = (time_t)(left / NANOSECONDS), .tv_nsec = (long)(left % NANOSECONDS)};
    struct pollfd wait[] = {{.fd = t->stop_fd, .events = POLLIN},
                            {.fd = t->rx_fd, .events = POLLIN},
                            {.fd = blocked ? t->tx_fd : -1, .events = POLLOUT}};
    return ppoll(wait, 3, &timeout, NULL) > 0 && wait[0].revents != 0;
}

/* Whether it is over, when everything was sent, if it sends at all. */
static int is_over(const trial *t, uint64_t now, uint64_t end_ns) {
    if (t->rx_fd < 0)
        return 1;
    int has_all = t->tx_fd >= 0 && t->result->received >= t->result->sent;
    return has_all || now >= end_ns;
}

static int exchange(trial *t) {
    int sends = t->tx_fd >= 0, receives = t->rx_fd >= 0;
    t->start_ns = t->last_progress_ns = now_ns();
    for (unsigned turn = 1;; turn++) {
        uint64_t now = now_ns();
        uint64_t known = t->result->received; /* frames of others are no progress */
        int sent = !sends || is_all_sent(t, now) ? 0 : send_due(t, now), received = receives ? receive(t) : 0;
        if (sent < 0 || received < 0)
            return sent < 0 ? sent : received;
        if (sent > 0 || t->result->received != known)
            t->last_progress_ns = now;
        else if (now - t->last_progress_ns >= t->options->drain_ns)
            t->answered = t->result->sent; /* what is in the window is lost, and the next frames go */
        int sending = sends && !is_all_sent(t, now); /* the last may have gone just now */
        uint64_t end_ns =
            sending || !sends ? t->start_ns + t->options->duration_ns : t->last_sent_ns + t->options->drain_ns;
        if (!sending && is_over(t, now, end_ns))
            return 0;
        /* Do not sleep after a full batch, or after answers, because more frames may be sent at once. */
        int busy = sent == BATCH || received > 0;
        if (busy ? turn % LOOK_TURNS == 0 && is_stopped(t) : wait_for_more(t, now, sending, end_ns))
            return -ECANCELED;
    }
}

static void clear(udpfwd_trial_result *result) {
    enum { AFTER_RECEIVED = offsetof(udpfwd_trial_result, duplicated) };
    result->sent = 0;
    __atomic_store_n(&result->received, 0, __ATOMIC_RELAXED); /* another thread may read it already */
    memset((char *)result + AFTER_RECEIVED, 0, sizeof *result - AFTER_RECEIVED);
}

int udpfwd_trial(int tx_fd, int rx_fd, int stop_fd, const udpfwd_trial_options *options, udpfwd_trial_result *result) {
    if (options->frame_bytes < UDPFWD_TRIAL_MIN_BYTES || options->frame_bytes > UDPFWD_TRIAL_MAX_BYTES ||
        options->duration_ns == 0)
        return -EINVAL;
    clear(result);
    trial *t = calloc(1, sizeof *t);
    if (t == NULL)
        return -ENOMEM;
    t->options = options;
    t->result = result;
    t->tx_fd = tx_fd;
    t->rx_fd = rx_fd;
    t->stop_fd = stop_fd;
    prepare(t);
    int outcome = exchange(t);
    result->elapsed_ns = t->last_sent_ns > t->start_ns ? t->last_sent_ns - t->start_ns : 0;
    if (result->received == 0)
        result->latency_min_ns = 0;
    free(t);
    return outcome;
}
