/* Captures: copies of the frames that pass a port, as records that are ready for a file.
 *
 * The worker writes whole records into a ring, one reader takes them out; neither waits for the other. A frame that finds the ring
 * full is counted, and not captured. Formats: draft-ietf-opsawg-pcap, draft-ietf-opsawg-pcapng (Enhanced Packet Block).
 */
#define _GNU_SOURCE
#include "capture.h"
#include "changes.h"
#include "counting.h"
#include "expressions.h"
#include "flows.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PCAP_HEADER_BYTES 16
#define EPB_TYPE 6
#define EPB_HEADER_BYTES 28
#define EPB_FLAGS_OPTION 2
#define EPB_FLAGS_BYTES 4
#define EPB_TRAILER_BYTES 16 /* the option epb_flags, the end of options, the length again */
#define EPB_INBOUND 1
#define EPB_OUTBOUND 2
#define MAX_RECORD_BYTES (EPB_HEADER_BYTES + UDPFWD_MAX_FRAME_BYTES + 4 + EPB_TRAILER_BYTES)
#define LEAST_RING_BYTES 65536u
#define LARGEST_RING_BYTES (1u << 30)

struct udpfwd_capture {
    udpfwd *core;
    port *port; /* NULL once it is stopped or the port is gone */
    udpfwd_capture *next;
    int format;
    int directions;
    uint32_t snaplen;
    int has_program;
    struct bpf_program program;
    udpfwd_capture_counters counters; /* the worker's */
    uint64_t size;
    uint64_t head; /* bytes ever written; the worker's */
    uint64_t tail; /* bytes ever read; the reader's */
    int signalled; /* the reader was told, and has not come yet */
    int urged;     /* likewise, that the ring is half full */
    unsigned char *ring;
};

/* --- the worker's side --- */

static void put(const udpfwd_capture *c, uint64_t at, const void *bytes, size_t n) {
    size_t start = at & (c->size - 1), first = c->size - start < n ? c->size - start : n;
    memcpy(c->ring + start, bytes, first);
    memcpy(c->ring, (const unsigned char *)bytes + first, n - first);
}

static void put_pcap(const udpfwd_capture *c, uint64_t at, uint64_t wall_ns, const struct iovec *frame, uint32_t kept) {
    uint32_t header[4] = {(uint32_t)(wall_ns / NANOSECONDS), (uint32_t)(wall_ns % NANOSECONDS / 1000), kept,
                          (uint32_t)frame->iov_len};
    put(c, at, header, sizeof header);
    put(c, at + sizeof header, frame->iov_base, kept);
}

static uint32_t padded(uint32_t bytes) {
    return (bytes + 3) & ~3u;
}

static void put_pcapng(const udpfwd_capture *c, uint64_t at, uint64_t wall_ns, const struct iovec *frame, uint32_t kept,
                       int direction, uint32_t record_bytes) {
    uint32_t header[7] = {EPB_TYPE, record_bytes, direction == TX ? 0 : 1, (uint32_t)(wall_ns >> 32), (uint32_t)wall_ns,
                          kept, (uint32_t)frame->iov_len};
    uint32_t trailer[4] = {EPB_FLAGS_OPTION | EPB_FLAGS_BYTES << 16, direction == TX ? EPB_OUTBOUND : EPB_INBOUND, 0,
                           record_bytes};
    put(c, at, header, sizeof header);
    put(c, at + sizeof header, frame->iov_base, kept);
    put(c, at + sizeof header + kept, "\0\0\0", padded(kept) - kept);
    put(c, at + sizeof header + padded(kept), trailer, sizeof trailer);
}

static uint64_t wall_time(worker *w) {
    if (w->wall_ns == 0) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        w->wall_ns = timespec_ns(now);
    }
    return w->wall_ns;
}

static void capture_frame(udpfwd_capture *c, int direction, const struct iovec *frame, uint64_t wall_ns) {
    if (c->has_program && bpf_filter(c->program.bf_insns, frame->iov_base, (unsigned)frame->iov_len,
                                     (unsigned)frame->iov_len) == 0)
        return;
    uint32_t kept = frame->iov_len < c->snaplen ? (uint32_t)frame->iov_len : c->snaplen;
    uint32_t record_bytes =
        c->format == UDPFWD_PCAP ? PCAP_HEADER_BYTES + kept : EPB_HEADER_BYTES + padded(kept) + EPB_TRAILER_BYTES;
    uint64_t waiting = c->head - __atomic_load_n(&c->tail, __ATOMIC_ACQUIRE);
    if (c->size - waiting < record_bytes) {
        add(&c->counters.dropped, 1);
        add(&c->counters.tx_dropped, direction == TX);
        return;
    }
    if (c->format == UDPFWD_PCAP)
        put_pcap(c, c->head, wall_ns, frame, kept);
    else
        put_pcapng(c, c->head, wall_ns, frame, kept, direction, record_bytes);
    add(&c->counters.frames, 1);
    add(&c->counters.tx_frames, direction == TX);
    add(&c->counters.bytes, frame->iov_len);
    __atomic_store_n(&c->head, c->head + record_bytes, __ATOMIC_RELEASE);
}

static void signal_once(int *told, int eventfd) {
    uint64_t one = 1;
    if (__atomic_exchange_n(told, 1, __ATOMIC_SEQ_CST))
        return;
    ssize_t written = write(eventfd, &one, sizeof one);
    (void)written;
}

void capture_frames(worker *w, port *p, int direction, const struct iovec *frames, int n) {
    uint64_t wall_ns = wall_time(w);
    for (udpfwd_capture *c = p->captures; c != NULL; c = c->next) {
        if (!(c->directions & 1 << direction))
            continue;
        uint64_t head = c->head;
        for (int i = 0; i < n; i++)
            capture_frame(c, direction, &frames[i], wall_ns);
        if (c->head == head)
            continue;
        signal_once(&c->signalled, w->core->captures_fd);
        if (c->head - __atomic_load_n(&c->tail, __ATOMIC_RELAXED) > c->size / 2)
            signal_once(&c->urged, w->core->captures_full_fd);
    }
}

/* --- the reader's side --- */

static uint32_t get_u32(const udpfwd_capture *c, uint64_t at) {
    unsigned char bytes[4];
    for (uint64_t i = 0; i < sizeof bytes; i++)
        bytes[i] = c->ring[(at + i) & (c->size - 1)];
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static uint64_t record_bytes_at(const udpfwd_capture *c, uint64_t at) {
    return c->format == UDPFWD_PCAP ? PCAP_HEADER_BYTES + get_u32(c, at + 8) : get_u32(c, at + 4);
}

int udpfwd_capture_read(udpfwd_capture *c, void *records, int size) {
    __atomic_store_n(&c->urged, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&c->signalled, 0, __ATOMIC_SEQ_CST); /* before head is looked at: what comes later signals again */
    uint64_t head = __atomic_load_n(&c->head, __ATOMIC_SEQ_CST), end = c->tail;
    while (end < head && end + record_bytes_at(c, end) - c->tail <= (uint64_t)(size > 0 ? size : 0))
        end += record_bytes_at(c, end);
    size_t n = end - c->tail, start = c->tail & (c->size - 1), first = c->size - start < n ? c->size - start : n;
    memcpy(records, c->ring + start, first);
    memcpy((unsigned char *)records + first, c->ring, n - first);
    __atomic_store_n(&c->tail, end, __ATOMIC_RELEASE);
    return (int)n;
}

void udpfwd_capture_count(const udpfwd_capture *c, udpfwd_capture_counters *counters) {
    counters->frames = __atomic_load_n(&c->counters.frames, __ATOMIC_RELAXED);
    counters->bytes = __atomic_load_n(&c->counters.bytes, __ATOMIC_RELAXED);
    counters->dropped = __atomic_load_n(&c->counters.dropped, __ATOMIC_RELAXED);
    counters->tx_frames = __atomic_load_n(&c->counters.tx_frames, __ATOMIC_RELAXED);
    counters->tx_dropped = __atomic_load_n(&c->counters.tx_dropped, __ATOMIC_RELAXED);
}

/* --- opening and closing --- */

static void detach(udpfwd_capture *c) {
    if (c->port == NULL)
        return;
    udpfwd_capture **link = &c->port->captures;
    while (*link != c)
        link = &(*link)->next;
    *link = c->next;
    c->port = NULL;
}

void detach_captures(port *p) {
    while (p->captures != NULL)
        detach(p->captures);
}

static int attach(udpfwd *core, int port_id, udpfwd_capture *c) {
    begin_change(core);
    port *p = change_port(core, port_id);
    if (p != NULL) {
        c->port = p;
        c->next = p->captures;
        p->captures = c;
    }
    return end_change_of(core, p, 0);
}

static int are_valid(const udpfwd_capture_options *options) {
    return (options->format == UDPFWD_PCAP || options->format == UDPFWD_PCAPNG) && options->snaplen > 0 &&
           options->ring_bytes >= LEAST_RING_BYTES && options->ring_bytes <= LARGEST_RING_BYTES &&
           (options->ring_bytes & (options->ring_bytes - 1)) == 0;
}

int udpfwd_capture_open(udpfwd *core, int port_id, const udpfwd_capture_options *options, udpfwd_capture **opened, char *error,
                        int error_size) {
    if (error_size > 0)
        error[0] = '\0';
    if (!are_valid(options))
        return -EINVAL;
    udpfwd_capture *c = calloc(1, sizeof *c);
    if (c == NULL)
        return -ENOMEM;
    c->core = core;
    c->format = options->format;
    c->directions = options->directions;
    c->snaplen = options->snaplen;
    c->size = options->ring_bytes;
    c->ring = malloc(c->size);
    int result = c->ring == NULL ? -ENOMEM : 0;
    if (result == 0 && options->expression != NULL) {
        result = compile_expression(options->expression, &c->program, error, error_size);
        c->has_program = result == 0;
    }
    if (result == 0)
        result = attach(core, port_id, c);
    if (result < 0)
        udpfwd_capture_close(c);
    else
        *opened = c;
    return result;
}

int udpfwd_capture_stop(udpfwd *core, udpfwd_capture *capture) {
    begin_change(core);
    if (capture->port != NULL) {
        park(core, capture->port->worker);
        detach(capture);
    }
    return end_change(core, 0);
}

void udpfwd_capture_close(udpfwd_capture *c) {
    if (c->has_program)
        pcap_freecode(&c->program);
    free(c->ring);
    free(c);
}
