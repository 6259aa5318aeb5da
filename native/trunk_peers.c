/* Peers: their sockets, and the keepalives that the first worker sends and answers. */
#define _GNU_SOURCE
#include "trunk_parts.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#define THOUSAND 1000u

/* --- what others are told --- */

static void tell(trunk_peer *peer, uint64_t now) {
    trunk *t = peer->trunk;
    const probe *p = &peer->probe;
    pthread_mutex_lock(&t->lock);
    uint32_t before = peer->told.changes;
    peer->told.state = p->state;
    peer->told.error = p->error;
    peer->told.round_trip_us = (uint32_t)((p->round_trip_ns + THOUSAND - 1) / THOUSAND);
    peer->told.loss = probe_loss(p, now);
    peer->told.mtu = p->mtu;
    peer->told.interface_mtu = p->most;
    peer->told.changes = p->changes;
    pthread_mutex_unlock(&t->lock);
    if (before == p->changes)
        return;
    uint64_t one = 1;
    ssize_t written = write(t->changed_fd, &one, sizeof one);
    (void)written;
    /* Until it is known, the interface's is what a frame must fit in; trains of a size that was refused may pass now. */
    __atomic_store_n(&peer->mtu, p->mtu != 0 ? p->mtu : p->most, __ATOMIC_RELAXED);
    for (int i = 0; i < UDPFWD_TRUNK_LANES; i++)
        __atomic_store_n(&peer->lanes[i].most_segment_bytes, SIZE_MAX, __ATOMIC_RELAXED);
}

/* --- keepalives --- */

/* Sends a message. Returns an errno, or 0; ECONNREFUSED is the kernel's notice about an earlier message, and this one is on its way. */
static int send_message(const trunk_peer *peer, const trunk_message *message, size_t size) {
    unsigned char bytes[MAX_DATAGRAM_BYTES];
    put_message(bytes, size, message);
    if (send(peer->probe_fd, bytes, size, MSG_DONTWAIT) >= 0)
        return 0;
    int error = errno;
    if (error == ECONNREFUSED)
        send(peer->probe_fd, bytes, size, MSG_DONTWAIT);
    return error;
}

static void send_requests(worker *w, trunk_peer *peer) {
    uint64_t now = turn_time(w);
    uint32_t most = mtu_of(peer->probe_fd);
    if (most != 0)
        peer->probe.most = most;
    probe_request request;
    while (probe_next(&peer->probe, now, &request)) {
        trunk_message message = {MESSAGE_REQUEST, peer->trunk->udp_port, peer->probe.token, request.sequence};
        int error = send_message(peer, &message, request.bytes);
        if (error != 0)
            probe_unsent(&peer->probe, now, &request, error);
    }
    tell(peer, now);
    set_timer(w, &peer->timer, probe_due(&peer->probe));
}

static void expire(worker *w, timer *t) {
    send_requests(w, (trunk_peer *)((char *)t - offsetof(trunk_peer, timer)));
}

static trunk_peer *find_peer(const trunk *t, uint32_t address, uint16_t udp_port) {
    for (int i = 0; i < UDPFWD_MAX_PEERS; i++)
        if (t->peers[i] != NULL && t->peers[i]->address == address && t->peers[i]->udp_port == udp_port)
            return t->peers[i];
    return NULL;
}

void take_message(worker *w, trunk *t, uint32_t address, const unsigned char *bytes, size_t size) {
    trunk_message message;
    if (get_message(bytes, size, &message) < 0) {
        trunk_count(&t->counters.drops[UDPFWD_TRUNK_DROP_PROBE], 1);
        return;
    }
    trunk_peer *peer = find_peer(t, address, message.udp_port);
    if (peer == NULL) {
        trunk_count(&t->counters.drops[UDPFWD_TRUNK_DROP_PEER], 1);
        return;
    }
    w->now_ns = 0; /* round trips are measured */
    uint64_t now = turn_time(w);
    if (message.kind == MESSAGE_REQUEST) {
        trunk_message answer = {MESSAGE_ANSWER, t->udp_port, message.token, message.sequence};
        if (probe_may_answer(&peer->probe, now))
            send_message(peer, &answer, MESSAGE_BYTES); /* what cannot be sent is lost, as on the way */
        else
            trunk_count(&t->counters.drops[UDPFWD_TRUNK_DROP_PROBE], 1);
    } else if (probe_answered(&peer->probe, now, message.token, message.sequence) < 0) {
        trunk_count(&t->counters.drops[UDPFWD_TRUNK_DROP_PROBE], 1);
    } else {
        send_requests(w, peer); /* the next size, and when to go on */
    }
}

/* --- opening and closing --- */

static void close_sockets(trunk_peer *peer) {
    for (int i = 0; i < UDPFWD_TRUNK_LANES; i++)
        close_if_open(peer->lanes[i].fd);
    close_if_open(peer->probe_fd);
}

static int open_sockets(trunk_peer *peer) {
    int result = peer->probe_fd = open_sender(peer->address, peer->udp_port, 1);
    for (int i = 0; i < UDPFWD_TRUNK_LANES; i++) {
        peer->lanes[i] = (trunk_lane){.fd = -1, .most_segment_bytes = SIZE_MAX};
        if (result >= 0)
            result = peer->lanes[i].fd = open_sender(peer->address, peer->udp_port, 0);
    }
    if (result < 0)
        close_sockets(peer);
    return result < 0 ? result : 0;
}

int open_peer(trunk *t, trunk_peer *peer) {
    uint64_t token;
    if (getrandom(&token, sizeof token, 0) != sizeof token)
        return -errno;
    int result = open_sockets(peer);
    if (result < 0)
        return result;
    worker *first = &t->core->workers[0];
    first->now_ns = 0; /* it is parked: its time is not that of now */
    peer->timer.expire = expire;
    probe_begin(&peer->probe, turn_time(first), token, mtu_of(peer->probe_fd));
    peer->mtu = peer->probe.most;
    peer->told.interface_mtu = peer->probe.most;
    set_timer(first, &peer->timer, turn_time(first));
    wake(first); /* which looks at its timers then */
    return 0;
}

void close_peer(trunk_peer *peer) {
    stop_timer(&peer->trunk->core->workers[0], &peer->timer);
    close_sockets(peer);
    free(peer);
}
