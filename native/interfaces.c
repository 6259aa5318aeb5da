/* Ports on the host's own networks: TAP devices, and packet sockets on Ethernet interfaces.
 *
 * Frames are read one by one: neither has a call that reads many and tells where each ends. A packet socket's frames are made what
 * a wire would carry: the VLAN tag that the kernel took out (PACKET_AUXDATA) is put back, and what it left to the device
 * (PACKET_VNET_HDR) is done by segments.c. A TAP device asks for none of that, so the kernel does it all.
 */
#define _GNU_SOURCE
#include "counting.h"
#include "segments.h"
#include "worker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define ADDRESSES_BYTES 12 /* of destination and source, before the VLAN tag */
/* A socket's buffer can only have been full when many frames wait; asking costs a call. */
#define BUSY_READS 8

/* Frames of one turn that go on together. */
typedef struct {
    worker *w;
    port *from;
    struct iovec frames[UDPFWD_BATCH_FRAMES];
    int n;
} batch;

static void deliver(batch *b) {
    if (b->n > 0)
        receive_turn(b->w, b->from, b->frames, b->n);
    b->n = 0;
}

/* Where the next frame is read to. */
static unsigned char *next_room(const batch *b) {
    return b->w->in_iov[b->n].iov_base;
}

/* Puts the tag that the kernel took out back into a frame; the headroom makes place for it. */
static void restore_tag(struct iovec *frame, const struct tpacket_auxdata *told) {
    if (!(told->tp_status & TP_STATUS_VLAN_VALID))
        return;
    uint16_t protocol = told->tp_status & TP_STATUS_VLAN_TPID_VALID ? told->tp_vlan_tpid : ETH_P_8021Q;
    uint16_t tag[] = {htons(protocol), htons(told->tp_vlan_tci)};
    unsigned char *start = (unsigned char *)frame->iov_base - TAG_BYTES;
    memmove(start, frame->iov_base, ADDRESSES_BYTES);
    memcpy(start + ADDRESSES_BYTES, tag, TAG_BYTES);
    frame->iov_base = start;
    frame->iov_len += TAG_BYTES;
}

/* Adds the frame in next_room, if it is one. */
static void add_frame(batch *b, size_t size, const struct tpacket_auxdata *told) {
    if (size < ETH_HLEN) {
        drop(b->from, RX, size == 0 ? UDPFWD_DROP_EMPTY : UDPFWD_DROP_RUNT, 1);
        return;
    }
    struct iovec *frame = &b->frames[b->n];
    *frame = (struct iovec){.iov_base = next_room(b), .iov_len = size};
    if (told != NULL)
        restore_tag(frame, told);
    if (frame->iov_len > UDPFWD_MAX_FRAME_BYTES)
        drop(b->from, RX, UDPFWD_DROP_OVERSIZE, 1);
    else if (++b->n == UDPFWD_BATCH_FRAMES)
        deliver(b);
}

static int read_tap(batch *b) {
    unsigned char more; /* a frame that reaches into it is too large */
    struct iovec parts[] = {{.iov_base = next_room(b), .iov_len = UDPFWD_MAX_FRAME_BYTES},
                            {.iov_base = &more, .iov_len = sizeof more}};
    ssize_t size = readv(b->from->source.fd, parts, 2);
    if (size < 0)
        return -errno;
    add_frame(b, (size_t)size, NULL);
    return 0;
}

/* A frame of which the first part lies in next_room and the rest in w->large, where the first has room too. */
static void split_train(batch *b, size_t size, const struct virtio_net_hdr *header, const struct tpacket_auxdata *told) {
    unsigned char *whole = b->w->large;
    memcpy(whole, next_room(b), size < UDPFWD_MAX_FRAME_BYTES ? size : UDPFWD_MAX_FRAME_BYTES);
    frame_train train;
    if (open_train(&train, whole, size, header, UDPFWD_MAX_FRAME_BYTES) < 0) {
        drop(b->from, RX, UDPFWD_DROP_OVERSIZE, 1);
        return;
    }
    for (size_t segment; (segment = next_segment(&train, next_room(b))) > 0;)
        add_frame(b, segment, told);
}

static struct tpacket_auxdata find_auxdata(struct msghdr *header) {
    struct tpacket_auxdata told = {0};
    for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control != NULL; control = CMSG_NXTHDR(header, control))
        if (control->cmsg_level == SOL_PACKET && control->cmsg_type == PACKET_AUXDATA)
            memcpy(&told, CMSG_DATA(control), sizeof told);
    return told;
}

static int read_packet(batch *b) {
    _Alignas(struct cmsghdr) unsigned char controls[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
    struct virtio_net_hdr header;
    struct iovec parts[] = {
        {.iov_base = &header, .iov_len = sizeof header},
        {.iov_base = next_room(b), .iov_len = UDPFWD_MAX_FRAME_BYTES},
        {.iov_base = b->w->large + UDPFWD_MAX_FRAME_BYTES, .iov_len = LARGE_FRAME_BYTES - UDPFWD_MAX_FRAME_BYTES}};
    struct msghdr message = {
        .msg_iov = parts, .msg_iovlen = 3, .msg_control = controls, .msg_controllen = sizeof controls};
    ssize_t got = recvmsg(b->from->source.fd, &message, MSG_DONTWAIT | MSG_TRUNC);
    if (got < 0 && errno != EINVAL)
        return -errno;
    if (got < (ssize_t)sizeof header) {
        /* EINVAL: many frames in one, of a protocol that the kernel cannot tell of. */
        drop(b->from, RX, got < 0 ? UDPFWD_DROP_OVERSIZE : UDPFWD_DROP_EMPTY, 1);
        return 0;
    }
    size_t size = (size_t)got - sizeof header;
    struct tpacket_auxdata told = find_auxdata(&message);
    if (size <= LARGE_FRAME_BYTES && header.gso_type != VIRTIO_NET_HDR_GSO_NONE)
        split_train(b, size, &header, &told);
    else if (size > UDPFWD_MAX_FRAME_BYTES || finish_checksum(next_room(b), size, &header) < 0)
        drop(b->from, RX, UDPFWD_DROP_OVERSIZE, 1);
    else
        add_frame(b, size, &told);
    return 0;
}

/* Frames that found the buffer of a packet socket full. Asking sets the kernel's count to 0. */
static void count_lost(port *from) {
    struct tpacket_stats stats;
    socklen_t size = sizeof stats;
    if (getsockopt(from->source.fd, SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0 && stats.tp_drops > 0)
        drop(from, RX, UDPFWD_DROP_QUEUE, stats.tp_drops);
}

/* A turn of a port, whose frames are read one by one. Returns how many reads there were. */
static int read_frames(worker *w, port *from, int (*read_one)(batch *b)) {
    batch b = {.w = w, .from = from};
    int result = 0, reads = 0, most = from->turn_frames;
    for (; result == 0 && reads < most; reads++)
        result = read_one(&b);
    deliver(&b);
    /* An interface that is down says so once. A device that is gone would say so for ever. */
    if (result < 0 && result != -EAGAIN && result != -EINTR && result != -ENETDOWN)
        unwatch(w, &from->source);
    return reads;
}

static int tap_receive(worker *w, port *from) {
    read_frames(w, from, read_tap);
    return 1;
}

static int ethernet_receive(worker *w, port *from) {
    if (read_frames(w, from, read_packet) > BUSY_READS)
        count_lost(from);
    return 1;
}

/* --- out --- */

static void tap_send(worker *w, port *to, const struct iovec *frames, int n) {
    (void)w;
    for (int i = 0; i < n; i++) {
        if (frames[i].iov_len < ETH_HLEN)
            drop(to, TX, UDPFWD_DROP_RUNT, 1);
        else if (write(to->source.fd, frames[i].iov_base, frames[i].iov_len) < 0)
            drop(to, TX, drop_reason(errno), 1);
        else
            count_sent(to, &frames[i], 1);
    }
}

static void ethernet_send(worker *w, port *to, const struct iovec *frames, int n) {
    static const struct virtio_net_hdr nothing_left = {0};
    struct iovec parts[UDPFWD_BATCH_FRAMES][2];
    int messages = 0, next = 0;
    for (int i = 0; i < n; i++) {
        if (frames[i].iov_len < ETH_HLEN) {
            drop(to, TX, UDPFWD_DROP_RUNT, 1);
            continue;
        }
        parts[messages][0] = (struct iovec){.iov_base = (void *)&nothing_left, .iov_len = sizeof nothing_left};
        parts[messages][1] = frames[i];
        w->out[messages].msg_hdr = (struct msghdr){.msg_iov = parts[messages], .msg_iovlen = 2};
        messages++;
    }
    while (next < messages) {
        int sent = sendmmsg(to->source.fd, w->out + next, (unsigned)(messages - next), MSG_DONTWAIT);
        if (sent <= 0) {
            drop(to, TX, drop_reason(errno), 1);
            next++;
        }
        for (; sent > 0; sent--)
            count_sent(to, &parts[next++][1], 1);
    }
}

/* --- the descriptors --- */

static int tap_open(port *p, const port_options *options) {
    return copy_descriptor(p, options->fd);
}

static int ethernet_open(port *p, const port_options *options) {
    int result = copy_descriptor(p, options->fd);
    if (result == 0)
        enlarge_buffers(p->source.fd, SOCKET_BUFFER_BYTES);
    return result;
}

static void close_interface(port *p) {
    close(p->source.fd);
}

const port_kind tap_kind = {
    .bytes = sizeof(port), .open = tap_open, .close = close_interface, .receive = tap_receive, .send = tap_send};
const port_kind ethernet_kind = {.bytes = sizeof(port),
                                 .open = ethernet_open,
                                 .close = close_interface,
                                 .receive = ethernet_receive,
                                 .send = ethernet_send};
