/* Ports on the host's own networks: TAP devices, and packet sockets on Ethernet interfaces.
 *
 * Frames are read one by one: neither has a call that reads many and tells where each ends. The kernel takes the VLAN tag out of
 * a frame before a packet socket sees it (PACKET_AUXDATA tells it); it is put back here.
 */
#define _GNU_SOURCE
#include "interfaces.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <unistd.h>

#define ADDRESSES_BYTES 12 /* of destination and source, before the VLAN tag */
#define TAG_BYTES 4

static ssize_t read_tap(int fd, const struct iovec *room) {
    unsigned char more; /* a frame that reaches into it is too large */
    struct iovec parts[] = {*room, {.iov_base = &more, .iov_len = 1}};
    return readv(fd, parts, 2);
}

/* Puts the tag that the kernel took out back into a frame; the headroom makes place for it. */
static void restore_tag(struct iovec *frame, const struct tpacket_auxdata *told) {
    if (!(told->tp_status & TP_STATUS_VLAN_VALID) || frame->iov_len < ADDRESSES_BYTES)
        return;
    uint16_t protocol = told->tp_status & TP_STATUS_VLAN_TPID_VALID ? told->tp_vlan_tpid : ETH_P_8021Q;
    uint16_t tag[] = {htons(protocol), htons(told->tp_vlan_tci)};
    unsigned char *start = (unsigned char *)frame->iov_base - TAG_BYTES;
    memmove(start, frame->iov_base, ADDRESSES_BYTES);
    memcpy(start + ADDRESSES_BYTES, tag, TAG_BYTES);
    frame->iov_base = start;
    frame->iov_len += TAG_BYTES;
}

static ssize_t read_packet(int fd, struct iovec *frame) {
    _Alignas(struct cmsghdr) unsigned char controls[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
    struct msghdr header = {
        .msg_iov = frame, .msg_iovlen = 1, .msg_control = controls, .msg_controllen = sizeof controls};
    ssize_t size = recvmsg(fd, &header, MSG_DONTWAIT | MSG_TRUNC);
    if (size <= 0 || size > UDPFWD_MAX_FRAME_BYTES)
        return size;
    frame->iov_len = (size_t)size;
    for (struct cmsghdr *control = CMSG_FIRSTHDR(&header); control != NULL; control = CMSG_NXTHDR(&header, control)) {
        if (control->cmsg_level != SOL_PACKET || control->cmsg_type != PACKET_AUXDATA)
            continue;
        struct tpacket_auxdata told;
        memcpy(&told, CMSG_DATA(control), sizeof told);
        restore_tag(frame, &told);
    }
    return (ssize_t)frame->iov_len;
}

void serve_interface(worker *w, port *from) {
    struct iovec frames[UDPFWD_BATCH_FRAMES];
    int n = 0;
    for (int reads = 0; reads < UDPFWD_BATCH_FRAMES; reads++) {
        frames[n] = w->in_iov[n];
        ssize_t size = from->kind == UDPFWD_TAP ? read_tap(from->fd, &frames[n]) : read_packet(from->fd, &frames[n]);
        if (size < 0) {
            /* An interface that is down says so once. A device that is gone would say so for ever. */
            if (errno != EAGAIN && errno != EINTR && errno != ENETDOWN)
                epoll_ctl(w->epoll_fd, EPOLL_CTL_DEL, from->fd, NULL);
            break;
        }
        if (size == 0) {
            drop(from, RX, UDPFWD_DROP_EMPTY, 1);
        } else if (size > UDPFWD_MAX_FRAME_BYTES) {
            drop(from, RX, UDPFWD_DROP_OVERSIZE, 1);
        } else {
            frames[n++].iov_len = (size_t)size;
        }
    }
    if (n > 0) {
        w->budget = n * COPIES_PER_FRAME;
        receive_at(w, from, frames, n, &(path){0});
    }
    note_change(w);
}

void write_to_tap(port *to, const struct iovec *frames, int n) {
    for (int i = 0; i < n; i++) {
        if (write(to->fd, frames[i].iov_base, frames[i].iov_len) < 0)
            drop(to, TX, drop_reason(errno), 1);
        else
            count_sent(to, &frames[i], 1);
    }
}
