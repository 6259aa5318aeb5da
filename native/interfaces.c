/* Ports on the host's own networks, and on those of containers: TAP devices, and packet sockets on Ethernet interfaces.
 *
 * Frames are read one by one: neither has a call that reads many and tells where each ends. What the kernel left to the device is told
 * by the header before each frame (IFF_VNET_HDR, PACKET_VNET_HDR): single frames are completed at once, trains go on as they are
 * (trains.h). The VLAN tag that the kernel took out at a packet socket (PACKET_AUXDATA) is put back.
 */
#define _GNU_SOURCE
#include "trains.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#ifndef TUN_F_USO4 /* Linux 6.2 */
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

#define ADDRESSES_BYTES 12 /* of destination and source, before the VLAN tag */
/* A socket's buffer can only have been full when many frames wait; asking costs a call. */
#define BUSY_READS 8
/* A turn ends with the train that makes it so many single frames: where these are needed, it takes no longer than other turns by much. */
#define TURN_SEGMENTS (4 * UDPFWD_BATCH_FRAMES)
/* Headers of a frame begin here, so that its copies by the kernel begin at a line of the cache. */
#define FRAME_AT (HEADROOM_BYTES + sizeof(struct virtio_net_hdr))

/* After so many turns with a single frame a port is read once in a turn, but for every LONE_PROBE-th: to learn that there is no other
 * frame costs a call, and a lone one would wait for it. */
#define LONE_TURNS 4u
#define LONE_PROBE 8u

typedef struct {
    port port;
    unsigned lone_turns; /* turns in a row that found a single frame */
} interface_port;

/* Frames of one turn that go on together. They lie one behind the other in w->large, each with its headroom. */
typedef struct {
    worker *w;
    port *from;
    struct iovec frames[UDPFWD_BATCH_FRAMES];
    int n;
    size_t used;    /* bytes of w->large */
    int has_trains; /* among the frames */
    uint64_t on_wire; /* single frames of this turn */
} batch;

static void deliver(batch *b) {
    if (b->n > 0)
        (b->has_trains ? receive_trains : receive_turn)(b->w, b->from, b->frames, b->n);
    b->n = b->has_trains = 0;
    b->used = 0;
}

/* Where the next frame is read to: LARGE_FRAME_BYTES and one more, which shows a frame that is too large. Its header is before it. */
static unsigned char *next_room(const batch *b) {
    return b->w->large + b->used + FRAME_AT;
}

/* Puts the tag that the kernel took out back into a frame; the headroom makes place for it. */
static void restore_tag(struct iovec *frame, struct virtio_net_hdr *header, const struct tpacket_auxdata *told) {
    if (!(told->tp_status & TP_STATUS_VLAN_VALID))
        return;
    uint16_t protocol = told->tp_status & TP_STATUS_VLAN_TPID_VALID ? told->tp_vlan_tpid : ETH_P_8021Q;
    uint16_t tag[] = {htons(protocol), htons(told->tp_vlan_tci)};
    unsigned char *start = (unsigned char *)frame->iov_base - TAG_BYTES;
    memmove(start, frame->iov_base, ADDRESSES_BYTES);
    memcpy(start + ADDRESSES_BYTES, tag, TAG_BYTES);
    frame->iov_base = start;
    frame->iov_len += TAG_BYTES;
    header->csum_start += TAG_BYTES;
}

/* Adds the frame in next_room, of so many bytes with its header, if it is one. */
static void add_frame(batch *b, size_t got, const struct tpacket_auxdata *told) {
    struct virtio_net_hdr header;
    size_t size = got > sizeof header ? got - sizeof header : 0;
    struct iovec *frame = &b->frames[b->n];
    *frame = (struct iovec){.iov_base = next_room(b), .iov_len = size};
    if (size < ETH_HLEN || size > LARGE_FRAME_BYTES) {
        drop(b->from, RX, size == 0 ? UDPFWD_DROP_EMPTY : size < ETH_HLEN ? UDPFWD_DROP_RUNT : UDPFWD_DROP_OVERSIZE, 1);
        return;
    }
    memcpy(&header, next_room(b) - sizeof header, sizeof header);
    if (told != NULL)
        restore_tag(frame, &header, told);
    int is_train = note_frame(frame, header);
    if (is_train < 0) {
        drop(b->from, RX, UDPFWD_DROP_OVERSIZE, 1);
        return;
    }
    b->has_trains |= is_train;
    b->on_wire += note_of(frame)->segments;
    b->used += (FRAME_AT + size + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
    if (++b->n == UDPFWD_BATCH_FRAMES || b->used + FRAME_AT + LARGE_FRAME_BYTES + 1 > LARGE_ROOM_BYTES)
        deliver(b);
}

static int read_tap(batch *b) {
    size_t before = sizeof(struct virtio_net_hdr);
    ssize_t got = read(b->from->source.fd, next_room(b) - before, before + LARGE_FRAME_BYTES + 1);
    if (got < 0)
        return -errno;
    add_frame(b, (size_t)got, NULL);
    return 0;
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
    size_t before = sizeof(struct virtio_net_hdr);
    struct iovec room = {.iov_base = next_room(b) - before, .iov_len = before + LARGE_FRAME_BYTES + 1};
    struct msghdr message = {.msg_iov = &room, .msg_iovlen = 1, .msg_control = controls, .msg_controllen = sizeof controls};
    ssize_t got = recvmsg(b->from->source.fd, &message, MSG_DONTWAIT);
    if (got < 0 && errno != EINVAL)
        return -errno;
    if (got < 0) { /* many frames in one, of a protocol that the kernel cannot tell of */
        drop(b->from, RX, UDPFWD_DROP_OVERSIZE, 1);
        return 0;
    }
    struct tpacket_auxdata told = find_auxdata(&message);
    add_frame(b, (size_t)got, &told);
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
    interface_port *interface = (interface_port *)from;
    batch b = {.w = w, .from = from};
    int is_lone = interface->lone_turns >= LONE_TURNS && interface->lone_turns % LONE_PROBE != 0;
    int result = 0, frames = 0, most = is_lone ? 1 : from->turn_frames;
    while (result == 0 && frames < most && b.on_wire < TURN_SEGMENTS) {
        result = read_one(&b);
        frames += result == 0;
    }
    deliver(&b);
    interface->lone_turns = frames == 1 ? interface->lone_turns + 1 : 0;
    /* An interface that is down says so once. A device that is gone would say so for ever. */
    if (result < 0 && result != -EAGAIN && result != -EINTR && result != -ENETDOWN)
        unwatch(w, &from->source);
    return frames;
}

static int tap_receive(worker *w, port *from) {
    return read_frames(w, from, read_tap) > 0;
}

static int ethernet_receive(worker *w, port *from) {
    if (read_frames(w, from, read_packet) >= BUSY_READS)
        count_lost(from);
    return 1;
}

/* --- out --- */

/* Writes a frame with a header that says that nothing is left to do, in the headroom before it. That is one part for the kernel, which
 * copies it faster than two. */
static ssize_t write_single(int fd, const struct iovec *frame) {
    unsigned char before[sizeof(struct virtio_net_hdr)], *header = (unsigned char *)frame->iov_base - sizeof before;
    memcpy(before, header, sizeof before);
    memset(header, 0, sizeof before);
    ssize_t written = write(fd, header, sizeof before + frame->iov_len);
    memcpy(header, before, sizeof before);
    return written;
}

static void tap_send(worker *w, port *to, const struct iovec *frames, int n) {
    for (int i = 0; i < n; i++) {
        if (frames[i].iov_len < ETH_HLEN)
            drop(to, TX, UDPFWD_DROP_RUNT, 1);
        else if (write_single(to->source.fd, &frames[i]) < 0)
            drop(to, TX, drop_reason(errno), 1);
        else
            count_sent(to, &frames[i], 1);
    }
    w->answering = to;
}

static int tap_send_train(worker *w, port *to, const struct iovec *frame) {
    const train_note *note = note_of(frame);
    const unsigned char *header = (const unsigned char *)frame->iov_base - sizeof note->told;
    if (write(to->source.fd, header, sizeof note->told + frame->iov_len) >= 0)
        count_load(to, TX, (wire_load){note->segments, note->bytes});
    else if (errno == EINVAL && note->segments > 1) /* the kernel does not believe that it is one */
        return 0;
    else
        drop(to, TX, drop_reason(errno), note->segments);
    w->answering = to;
    return 1;
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

/* Has the kernel leave as much to us as it can. It refuses what it does not know: USO came with Linux 6.2. A descriptor that is none of a
 * device, as in tests, has no such settings. */
static void take_offloads(int fd) {
    static const unsigned tcp = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN, udp = TUN_F_USO4 | TUN_F_USO6;
    if (ioctl(fd, TUNSETOFFLOAD, tcp | udp) < 0 && errno == EINVAL)
        ioctl(fd, TUNSETOFFLOAD, tcp);
}

static int tap_open(port *p, const port_options *options) {
    struct ifreq request;
    int header_bytes = sizeof(struct virtio_net_hdr);
    if (ioctl(options->fd, TUNGETIFF, &request) == 0 &&
        (!(request.ifr_flags & IFF_VNET_HDR) || ioctl(options->fd, TUNSETVNETHDRSZ, &header_bytes) < 0))
        return -EINVAL;
    int result = copy_descriptor(p, options->fd);
    if (result == 0)
        take_offloads(p->source.fd);
    return result;
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

const port_kind tap_kind = {.bytes = sizeof(interface_port),
                              .open = tap_open,
                              .close = close_interface,
                              .receive = tap_receive,
                              .send = tap_send,
                              .send_train = tap_send_train};
const port_kind ethernet_kind = {.bytes = sizeof(interface_port),
                                 .open = ethernet_open,
                                 .close = close_interface,
                                 .receive = ethernet_receive,
                                 .send = ethernet_send};
