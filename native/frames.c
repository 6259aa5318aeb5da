/* The frame path: what the worker does when a port has datagrams.
 *
 * They are read with one recvmmsg into the core's buffers, and written with one sendmmsg to the port that they leave at. Runs of
 * frames of one size travel as one message with UDP_SEGMENT, which passes the kernel's stack once for all of them.
 */
#define _GNU_SOURCE
#include "core.h"

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

/* Where frames that came in at from leave, NULL when nowhere. Counts them on the spliced ports they pass. */
static port *find_exit(port *from, uint64_t frames, uint64_t bytes) {
    port *exit = from->peer;
    for (int hops = 0; exit != NULL && exit->splice != NULL; hops++) {
        port *far = exit->splice;
        if (hops == UDPFWD_MAX_HOPS) {
            count(&exit->counters.drops[UDPFWD_DROP_LOOP], frames);
            return NULL;
        }
        count(&exit->counters.tx_frames, frames);
        count(&exit->counters.tx_bytes, bytes);
        if (far->peer == NULL) {
            count(&far->counters.drops[UDPFWD_DROP_UNLINKED], frames);
            return NULL;
        }
        count(&far->counters.rx_frames, frames);
        count(&far->counters.rx_bytes, bytes);
        exit = far->peer;
    }
    return exit;
}

/* Packs out_iov[0..frames) into messages: a run of frames of one size, the last of which may be shorter, becomes one. */
static int pack_messages(udpfwd *core, int frames, int use_segments) {
    int messages = 0;
    for (int i = 0; i < frames; messages++) {
        size_t size = core->out_iov[i].iov_len, total = size;
        int last = i + 1;
        if (use_segments) {
            while (last < frames && last - i < MAX_SEGMENTS && core->out_iov[last].iov_len <= size &&
                   total + core->out_iov[last].iov_len <= MAX_MESSAGE_BYTES) {
                total += core->out_iov[last].iov_len;
                if (core->out_iov[last++].iov_len < size)
                    break; /* a shorter one ends the run */
            }
        }
        struct msghdr *header = &core->out[messages].msg_hdr;
        memset(header, 0, sizeof *header);
        header->msg_iov = &core->out_iov[i];
        header->msg_iovlen = (size_t)(last - i);
        if (last - i > 1) {
            header->msg_control = core->controls[messages];
            header->msg_controllen = sizeof core->controls[messages];
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

static void count_sent(port *to, const struct msghdr *header) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < header->msg_iovlen; i++)
        bytes += header->msg_iov[i].iov_len;
    count(&to->counters.tx_frames, header->msg_iovlen);
    count(&to->counters.tx_bytes, bytes);
}

static int drop_reason(int error) {
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
static int transmit(udpfwd *core, const port *to, int next, int messages) {
    const struct msghdr *first = &core->out[next].msg_hdr;
    if (messages - next == 1 && first->msg_iovlen == 1) /* the shortest way for a lone frame */
        return send(to->fd, first->msg_iov->iov_base, first->msg_iov->iov_len, MSG_DONTWAIT) < 0 ? -1 : 1;
    return sendmmsg(to->fd, core->out + next, (unsigned)(messages - next), MSG_DONTWAIT);
}

/* Sends out_iov[0..frames) at a port. A frame that cannot be sent is dropped and counted; the others go on. */
static void send_frames(udpfwd *core, port *to, int frames) {
    int use_segments = !to->segments_refused;
    int messages = pack_messages(core, frames, use_segments);
    int next = 0, refusals = 0;
    while (next < messages) {
        int sent = transmit(core, to, next, messages);
        if (sent > 0) {
            for (int i = 0; i < sent; i++)
                count_sent(to, &core->out[next + i].msg_hdr);
            next += sent;
            refusals = 0;
            continue;
        }
        struct msghdr *header = &core->out[next].msg_hdr;
        if (errno == ECONNREFUSED && refusals++ == 0) {
            /* The notice belongs to a frame sent earlier; this one was not tried yet. */
            count(&to->counters.refused, 1);
        } else if (use_segments && header->msg_iovlen > 1 && (errno == EINVAL || errno == EIO || errno == EMSGSIZE)) {
            /* Frames larger than the way's MTU, or a device that cannot split: send the rest one by one. */
            if (errno != EMSGSIZE)
                to->segments_refused = 1;
            int first = (int)(header->msg_iov - core->out_iov);
            memmove(core->out_iov, core->out_iov + first, sizeof core->out_iov[0] * (size_t)(frames - first));
            frames -= first;
            use_segments = 0;
            messages = pack_messages(core, frames, 0);
            next = 0;
        } else {
            count(&to->counters.drops[drop_reason(errno)], header->msg_iovlen);
            next++;
        }
    }
}

/* Reads a single datagram as if recvmmsg had; returns 1, or -1 with errno. */
static int receive_one(udpfwd *core, const port *from) {
    ssize_t size = recv(from->fd, core->buffers[0], UDPFWD_MAX_FRAME_BYTES, MSG_DONTWAIT | MSG_TRUNC);
    if (size < 0)
        return -1;
    core->in[0].msg_len = (unsigned)size;
    core->in[0].msg_hdr.msg_flags = size > UDPFWD_MAX_FRAME_BYTES ? MSG_TRUNC : 0;
    return 1;
}

/* Reads what waits at a port. Where single datagrams come one after the other, recv is quicker than recvmmsg; now and then
 * recvmmsg looks whether they still do. */
static int receive(udpfwd *core, port *from) {
    int received;
    if (from->lone_turns >= LONE_TURNS && from->lone_turns % LONE_PROBE != 0) {
        received = receive_one(core, from);
        from->lone_turns++;
    } else {
        received = recvmmsg(from->fd, core->in, UDPFWD_BATCH_FRAMES, MSG_DONTWAIT, NULL);
        from->lone_turns = received == 1 ? from->lone_turns + 1 : 0;
    }
    return received;
}

void serve_port(udpfwd *core, port *from) {
    int received = receive(core, from);
    if (received < 0) {
        if (errno == ECONNREFUSED) {
            count(&from->counters.refused, 1);
            note_change(core);
        }
        return;
    }
    int frames = 0;
    uint64_t bytes = 0;
    for (int i = 0; i < received; i++) {
        size_t size = core->in[i].msg_len;
        if (size == 0) {
            count(&from->counters.drops[UDPFWD_DROP_EMPTY], 1);
        } else if (core->in[i].msg_hdr.msg_flags & MSG_TRUNC) {
            count(&from->counters.drops[UDPFWD_DROP_OVERSIZE], 1);
        } else {
            core->out_iov[frames].iov_base = core->buffers[i];
            core->out_iov[frames].iov_len = size;
            frames++;
            bytes += size;
        }
    }
    if (frames > 0 && from->peer == NULL) {
        count(&from->counters.drops[UDPFWD_DROP_UNLINKED], (uint64_t)frames);
    } else if (frames > 0) {
        count(&from->counters.rx_frames, (uint64_t)frames);
        count(&from->counters.rx_bytes, bytes);
        port *to = find_exit(from, (uint64_t)frames, bytes);
        if (to != NULL)
            send_frames(core, to, frames);
    }
    note_change(core);
}
