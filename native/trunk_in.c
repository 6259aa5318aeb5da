/* Datagrams that come in at a trunk: to the ports of their links.
 *
 * With UDP_GRO (udp(7)) the kernel gives many datagrams of one sender and size as one, with the size of each. Frames are copied from there to
 * buffers with headroom, and what came for one link together goes on together.
 */
#define _GNU_SOURCE
#include "trunk_parts.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

/* Of one turn, which ends with the first full batch of frames. */
#define TURN_READS 16

/* Frames of one turn. */
typedef struct {
    worker *w;
    trunk *trunk;
    int n;
    struct iovec frames[UDPFWD_BATCH_FRAMES];
    trunk_port *links[UDPFWD_BATCH_FRAMES]; /* of each */
} gathered;

static void drop_segment(trunk *t, int reason) {
    trunk_count(&t->counters.drops[reason], 1);
}

static void count_came(const trunk_port *link, const struct iovec *frames, int n) {
    uint64_t bytes = 0;
    for (int i = 0; i < n; i++)
        bytes += frames[i].iov_len;
    trunk_count(&link->peer->counters.rx_frames, (uint64_t)n);
    trunk_count(&link->peer->counters.rx_bytes, bytes);
}

/* Delivers what was gathered, the frames of each link as one batch. */
static void pass_on(gathered *g) {
    struct iovec frames[UDPFWD_BATCH_FRAMES];
    for (int first = 0; first < g->n; first++) {
        trunk_port *link = g->links[first];
        if (link == NULL) /* went with an earlier one */
            continue;
        int n = 0;
        for (int i = first; i < g->n; i++) {
            if (g->links[i] != link)
                continue;
            frames[n++] = g->frames[i];
            g->links[i] = NULL;
        }
        count_came(link, frames, n);
        deliver(g->w, link, frames, n);
    }
    g->n = 0;
}

static void take_frame(gathered *g, uint32_t address, const unsigned char *bytes, size_t size) {
    trunk *t = g->trunk;
    int vni = get_vxlan(bytes, size);
    if (vni < 0) {
        drop_segment(t, UDPFWD_TRUNK_DROP_HEADER);
        return;
    }
    if (lane_worker(t, (uint32_t)vni) != g->w) {
        drop_segment(t, UDPFWD_TRUNK_DROP_LANE);
        return;
    }
    if (vni == 0) {
        take_message(g->w, t, address, bytes, size);
        return;
    }
    trunk_port *link = __atomic_load_n(&t->links[PLACE_OF(vni)], __ATOMIC_ACQUIRE);
    if (link == NULL || link->vni_in != (uint32_t)vni) {
        drop_segment(t, UDPFWD_TRUNK_DROP_VNI);
        return;
    }
    if (link->peer->address != address) {
        drop_segment(t, UDPFWD_TRUNK_DROP_PEER);
        return;
    }
    size -= VXLAN_BYTES;
    if (size == 0 || size > UDPFWD_MAX_FRAME_BYTES) {
        drop_segment(t, UDPFWD_TRUNK_DROP_HEADER);
        return;
    }
    if (g->n == UDPFWD_BATCH_FRAMES)
        pass_on(g);
    struct iovec frame = {g->w->in_iov[g->n].iov_base, size};
    memcpy(frame.iov_base, bytes + VXLAN_BYTES, size);
    g->frames[g->n] = frame;
    g->links[g->n++] = link;
}

static void take_segments(gathered *g, uint32_t address, const unsigned char *bytes, size_t size, size_t segment_bytes) {
    trunk_count(&g->trunk->counters.datagrams, 1);
    if (segment_bytes == 0)
        segment_bytes = size;
    do {
        size_t segment = size < segment_bytes ? size : segment_bytes;
        take_frame(g, address, bytes, segment);
        bytes += segment;
        size -= segment;
    } while (size > 0);
}

void take_datagram(worker *w, trunk *t, uint32_t address, const unsigned char *bytes, size_t size, size_t segment_bytes) {
    gathered g = {.w = w, .trunk = t};
    take_segments(&g, address, bytes, size, segment_bytes);
    pass_on(&g);
}

/* The size of each segment but the last; 0 if there is one only. */
static size_t find_segment_bytes(struct msghdr *header) {
    int size = 0;
    for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control != NULL; control = CMSG_NXTHDR(header, control))
        if (control->cmsg_level == SOL_UDP && control->cmsg_type == UDP_GRO)
            memcpy(&size, CMSG_DATA(control), sizeof size);
    return size > 0 ? (size_t)size : 0;
}

/* Returns whether there was one. */
static int read_datagram(gathered *g, int fd) {
    _Alignas(struct cmsghdr) unsigned char controls[CMSG_SPACE(sizeof(int))];
    struct sockaddr_in from;
    struct iovec room = {.iov_base = g->w->large, .iov_len = LARGE_FRAME_BYTES};
    struct msghdr message = {.msg_name = &from,
                             .msg_namelen = sizeof from,
                             .msg_iov = &room,
                             .msg_iovlen = 1,
                             .msg_control = controls,
                             .msg_controllen = sizeof controls};
    ssize_t size = recvmsg(fd, &message, MSG_DONTWAIT);
    if (size < 0)
        return 0;
    take_segments(g, ntohl(from.sin_addr.s_addr), g->w->large, (size_t)size, find_segment_bytes(&message));
    return 1;
}

void serve_lane(worker *w, source *s) {
    lane_source *lane = (lane_source *)s;
    gathered g = {.w = w, .trunk = lane->trunk};
    int reads = 0, room = 1;
    /* A message holds as many frames as the kernel liked to gather; with room for half a batch another one is read. */
    for (; reads < TURN_READS && room && read_datagram(&g, s->fd); reads++)
        room = g.n > 0 && g.n <= UDPFWD_BATCH_FRAMES / 2;
    pass_on(&g);
}
