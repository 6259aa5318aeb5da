/* Ports on UDP sockets: each frame is one datagram.
 *
 * What waits is read with one recvmmsg, and what leaves is written with one sendmmsg. Runs of frames of one size travel as one message
 * with UDP_SEGMENT, which passes the kernel's stack once for all of them.
 */
#define _GNU_SOURCE
#include "counting.h"
#include "udp_segments.h"
#include "worker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <unistd.h>

/* Datagrams that came before the socket was connected may be anybody's: this many are looked at and dropped. */
#define MAX_STALE_DATAGRAMS 4096

/* After so many turns with a single datagram a port is read one by one, but for every LONE_PROBE-th turn. */
#define LONE_TURNS 4u
#define LONE_PROBE 8u

typedef struct {
    port port;
    int segments_refused; /* the kernel or the device cannot do UDP_SEGMENT for this remote */
    unsigned lone_turns;  /* turns in a row that found a single datagram */
} udp_port;

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
            split_message(header, w->controls[messages], size);
        }
        i = last;
    }
    return messages;
}

/* Sends messages [next..messages) as far as it goes; returns how many were sent, or -1 with errno of the first one. */
static int transmit(worker *w, const port *to, int next, int messages) {
    const struct msghdr *first = &w->out[next].msg_hdr;
    if (messages - next == 1 && first->msg_iovlen == 1) /* the shortest way for a lone frame */
        return send(to->source.fd, first->msg_iov->iov_base, first->msg_iov->iov_len, MSG_DONTWAIT) < 0 ? -1 : 1;
    return sendmmsg(to->source.fd, w->out + next, (unsigned)(messages - next), MSG_DONTWAIT);
}

/* A frame that cannot be sent is dropped and counted; the others go on. */
static void udp_send(worker *w, port *to, const struct iovec *frames, int n) {
    udp_port *udp = (udp_port *)to;
    int use_segments = !udp->segments_refused;
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
            count(to, &to->counters.refused, 1);
        } else if (use_segments && header->msg_iovlen > 1 && (errno == EINVAL || errno == EIO || errno == EMSGSIZE)) {
            /* Frames larger than the way's MTU, or a device that cannot split: send the rest one by one. */
            if (errno != EMSGSIZE)
                udp->segments_refused = 1;
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

/* --- in --- */

/* Reads a single datagram as if recvmmsg had; returns 1, or -1 with errno. */
static int receive_one(worker *w, const port *from) {
    ssize_t size = recv(from->source.fd, w->in_iov[0].iov_base, UDPFWD_MAX_FRAME_BYTES, MSG_DONTWAIT | MSG_TRUNC);
    if (size < 0)
        return -1;
    w->in[0].msg_len = (unsigned)size;
    w->in[0].msg_hdr.msg_flags = size > UDPFWD_MAX_FRAME_BYTES ? MSG_TRUNC : 0;
    return 1;
}

/* Reads what waits at a port. Where single datagrams come one after the other, recv is quicker than recvmmsg; now and then
 * recvmmsg looks whether they still do. */
static int read_datagrams(worker *w, udp_port *udp) {
    int received;
    const port *from = &udp->port;
    if (udp->lone_turns >= LONE_TURNS && udp->lone_turns % LONE_PROBE != 0) {
        received = receive_one(w, from);
        udp->lone_turns++;
    } else {
        received = recvmmsg(from->source.fd, w->in, (unsigned)from->turn_frames, MSG_DONTWAIT, NULL);
        udp->lone_turns = received == 1 ? udp->lone_turns + 1 : 0;
    }
    return received;
}

static int udp_receive(worker *w, port *from) {
    int received = read_datagrams(w, (udp_port *)from);
    if (received < 0) {
        int is_notice = errno == ECONNREFUSED;
        if (is_notice)
            count(from, &from->counters.refused, 1);
        return is_notice;
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
    return 1;
}

/* --- the socket --- */

static int connect_to(int fd, const port_options *options) {
    struct sockaddr_in remote = {
        .sin_family = AF_INET, .sin_port = htons(options->udp_port), .sin_addr.s_addr = htonl(options->address)};
    return connect(fd, (struct sockaddr *)&remote, sizeof remote) < 0 ? -errno : 0;
}

static void disconnect(int fd) {
    struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    connect(fd, &nobody, sizeof nobody); /* a port that bind(2) named stays */
}

/* What waits in the socket came before connect(2) chose whose datagrams are let in. A notice of an earlier time may stand before
 * it (ECONNREFUSED). */
static void drop_stale(port *p) {
    char byte;
    for (int i = 0; i < MAX_STALE_DATAGRAMS; i++) {
        if (recv(p->source.fd, &byte, 1, MSG_DONTWAIT) >= 0)
            drop(p, RX, UDPFWD_DROP_UNLINKED, 1);
        else if (errno == EAGAIN)
            break;
    }
}

static int udp_open(port *p, const port_options *options) {
    int result = copy_descriptor(p, options->fd);
    if (result == 0)
        result = connect_to(p->source.fd, options);
    if (result < 0) {
        close_if_open(p->source.fd);
        return result;
    }
    enlarge_buffers(p->source.fd, SOCKET_BUFFER_BYTES);
    drop_stale(p);
    return 0;
}

static void udp_close(port *p) {
    disconnect(p->source.fd);
    close(p->source.fd);
}

const port_kind udp_kind = {.bytes = sizeof(udp_port),
                            .open = udp_open,
                            .close = udp_close,
                            .receive = udp_receive,
                            .send = udp_send,
                            .is_udp = 1};
