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
#include <stddef.h>
#include <string.h>

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

/* Of one turn, which ends with the first full batch of frames. */
#define TURN_READS 16

/* Frames of one link, in a list by their places among those of a turn. */
typedef struct {
    trunk_port *link;
    int first, last;
} group;

/* Frames of one turn. */
typedef struct {
    worker *w;
    trunk *trunk;
    int n, groups;
    group group[UDPFWD_BATCH_FRAMES];
    struct iovec frames[UDPFWD_BATCH_FRAMES];
    int next[UDPFWD_BATCH_FRAMES]; /* of the same link; -1: none */
} gathered;

static void begin_gathering(gathered *g, worker *w, trunk *t) {
    g->w = w;
    g->trunk = t;
    g->n = g->groups = 0;
}

static void drop_segment(trunk *t, int reason) {
    trunk_count(&t->counters.drops[reason], 1);
}

/* The frames of all links; those of one peer in a row are counted at once. */
static void count_came(const gathered *g) {
    for (int i = 0; i < g->groups;) {
        trunk_peer *peer = g->group[i].link->peer;
        uint64_t frames = 0, bytes = 0;
        for (; i < g->groups && g->group[i].link->peer == peer; i++)
            for (int at = g->group[i].first; at >= 0; at = g->next[at], frames++)
                bytes += g->frames[at].iov_len;
        trunk_count(&peer->counters.rx_frames, frames);
        trunk_count(&peer->counters.rx_bytes, bytes);
    }
}

/* Delivers what was gathered, the frames of each link as one batch. */
static void pass_on(gathered *g) {
    struct iovec frames[UDPFWD_BATCH_FRAMES];
    for (int i = 0; i < g->groups; i++) {
        const trunk_port *link = g->group[i].link;
        if (__atomic_load_n(&link->home, __ATOMIC_RELAXED) == g->w && link->port.peer != NULL)
            prefetch_port(link->port.peer);
    }
    count_came(g);
    for (int i = 0; i < g->groups; i++) {
        int n = 0;
        for (int at = g->group[i].first; at >= 0; at = g->next[at])
            frames[n++] = g->frames[at];
        deliver(g->w, g->group[i].link, frames, n);
    }
    g->n = g->groups = 0;
}

/* Adds the frame in g->frames[g->n] to those of its link. */
static void add_to_group(gathered *g, trunk_port *link) {
    int at = g->n++, found = link->group;
    g->next[at] = -1;
    if (found < g->groups && g->group[found].link == link) {
        g->next[g->group[found].last] = at;
        g->group[found].last = at;
    } else {
        link->group = g->groups;
        g->group[g->groups++] = (group){link, at, at};
    }
}

static void prefetch_link(const trunk_port *link) {
    prefetch_port(&link->port);
    for (size_t at = offsetof(trunk_port, peer); at < offsetof(trunk_port, lock); at += CACHE_LINE_BYTES)
        __builtin_prefetch((const char *)link + at, 1);
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
    const trunk_place *place = &t->places[PLACE_OF(vni)];
    trunk_port *link = __atomic_load_n(&place->link, __ATOMIC_ACQUIRE);
    if (link == NULL || place->vni_in != (uint32_t)vni) {
        drop_segment(t, UDPFWD_TRUNK_DROP_VNI);
        return;
    }
    if (place->address != address) {
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
    prefetch_link(link); /* while the frame is copied */
    struct iovec frame = {g->w->in_iov[g->n].iov_base, size};
    memcpy(frame.iov_base, bytes + VXLAN_BYTES, size);
    g->frames[g->n] = frame;
    add_to_group(g, link);
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
    gathered g;
    begin_gathering(&g, w, t);
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
    gathered g;
    begin_gathering(&g, w, lane->trunk);
    int reads = 0, room = 1;
    /* A message holds as many frames as the kernel liked to gather; with room for half a batch another one is read. */
    for (; reads < TURN_READS && room && read_datagram(&g, s->fd); reads++)
        room = g.n > 0 && g.n <= UDPFWD_BATCH_FRAMES / 2;
    pass_on(&g);
}
