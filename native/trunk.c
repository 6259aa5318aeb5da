/* The calls of trunk.h: opening and closing the trunk, its peers and its links. Each is a change. */
#define _GNU_SOURCE
#include "trunk.h"
#include "changes.h"
#include "trunk_parts.h"
#include "trunk_round.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

_Static_assert((UDPFWD_TRUNK_LANES & (UDPFWD_TRUNK_LANES - 1)) == 0, "a lane is some bits of a VNI");

/* --- the trunk --- */

static void park_all(udpfwd *core) {
    for (int i = 0; i < core->worker_count; i++)
        park(core, &core->workers[i]);
}

/* Frees a trunk of which some or all is open; workers do not know it any more. */
static void free_trunk(trunk *t) {
    for (int i = 0; i < t->source_count; i++)
        close(t->sources[i].source.fd);
    for (int i = 0; t->work != NULL && i < t->core->worker_count; i++) {
        free_trains(&t->work[i]);
        close_inbox(&t->work[i].inbox);
    }
    close_if_open(t->changed_fd);
    pthread_mutex_destroy(&t->lock);
    free(t->work);
    free(t->places);
    free(t);
}

/* Workers watch the trunk, or a negative errno. */
static int watch_trunk(trunk *t) {
    udpfwd *core = t->core;
    int result = 0;
    for (int i = 0; i < core->worker_count && result == 0; i++)
        result = watch(&core->workers[i], &t->work[i].inbox.source);
    for (int i = 0; i < t->source_count && result == 0; i++)
        result = watch(&core->workers[i], &t->sources[i].source);
    return result;
}

static void unwatch_trunk(trunk *t) {
    for (int i = 0; i < t->core->worker_count; i++)
        unwatch(&t->core->workers[i], &t->work[i].inbox.source);
    for (int i = 0; i < t->source_count; i++)
        unwatch(&t->core->workers[i], &t->sources[i].source);
}

static int make_trunk(udpfwd *core, uint32_t address, uint16_t udp_port, trunk **made) {
    trunk *t = calloc(1, sizeof *t);
    if (t == NULL)
        return -ENOMEM;
    t->core = core;
    t->udp_port = udp_port;
    pthread_mutex_init(&t->lock, NULL);
    t->places = calloc(UDPFWD_TRUNK_PLACES, sizeof *t->places); /* costs address space only, but for places in use */
    t->work = calloc((size_t)core->worker_count, sizeof *t->work);
    t->changed_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int result = t->places == NULL || t->work == NULL ? -ENOMEM : t->changed_fd < 0 ? -errno : 0;
    for (int i = 0; t->work != NULL && i < core->worker_count; i++) {
        int opened = open_inbox(&t->work[i].inbox);
        result = result == 0 ? opened : result;
    }
    if (result == 0)
        result = open_sources(t, address);
    if (result < 0) {
        free_trunk(t);
        return result;
    }
    *made = t;
    return 0;
}

int udpfwd_trunk_open(udpfwd *core, uint32_t address, uint16_t udp_port) {
    trunk *t = NULL;
    begin_change(core);
    int result = core->trunk != NULL ? -EALREADY : make_trunk(core, address, udp_port, &t);
    if (result == 0) {
        park_all(core);
        core->trunk = t;
        result = watch_trunk(t);
        if (result < 0) {
            unwatch_trunk(t);
            core->trunk = NULL;
            free_trunk(t);
        }
    }
    return end_change(core, result);
}

void close_trunk(udpfwd *core) {
    trunk *t = core->trunk;
    if (t == NULL)
        return;
    for (int i = 0; i < UDPFWD_MAX_PEERS; i++)
        if (t->peers[i] != NULL)
            close_peer(t->peers[i]);
    unwatch_trunk(t);
    core->trunk = NULL;
    free_trunk(t);
}

int udpfwd_trunk_close(udpfwd *core) {
    begin_change(core);
    if (core->trunk != NULL) {
        park_all(core);
        for (int place = 0; place < UDPFWD_TRUNK_PLACES; place++)
            if (core->trunk->places[place].link != NULL)
                end_port(core, &core->trunk->places[place].link->port);
        close_trunk(core);
    }
    return end_change(core, 0);
}

int udpfwd_trunk_fd(udpfwd *core) {
    begin_change(core);
    return end_change(core, core->trunk == NULL ? -ENOENT : core->trunk->changed_fd);
}

static uint64_t read_counter(const uint64_t *counter) {
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

int udpfwd_trunk_read(udpfwd *core, udpfwd_trunk_counters *counters) {
    begin_change(core);
    const trunk *t = core->trunk;
    if (t == NULL)
        return end_change(core, -ENOENT);
    for (int reason = 0; reason < UDPFWD_TRUNK_DROP_REASONS; reason++)
        counters->drops[reason] = read_counter(&t->counters.drops[reason]);
    for (int i = 0; i < t->source_count; i++)
        counters->drops[UDPFWD_TRUNK_DROP_QUEUE] += lost_at(t->sources[i].source.fd);
    counters->handed_over = read_counter(&t->counters.handed_over);
    counters->datagrams = read_counter(&t->counters.datagrams);
    counters->messages = read_counter(&t->counters.messages);
    return end_change(core, 0);
}

/* --- peers --- */

static trunk_peer *peer_of(const udpfwd *core, int id) {
    return core->trunk != NULL && id >= 0 && id < UDPFWD_MAX_PEERS ? core->trunk->peers[id] : NULL;
}

/* The lowest free id, or -EEXIST if there is such a peer. */
static int free_peer_id(const trunk *t, uint32_t address, uint16_t udp_port) {
    int id = -ENOSPC;
    for (int i = UDPFWD_MAX_PEERS - 1; i >= 0; i--) {
        const trunk_peer *peer = t->peers[i];
        if (peer == NULL)
            id = i;
        else if (peer->address == address && peer->udp_port == udp_port)
            return -EEXIST;
    }
    return id;
}

static int make_peer(trunk *t, int id, uint32_t address, uint16_t udp_port) {
    trunk_peer *peer = calloc(1, sizeof *peer);
    if (peer == NULL)
        return -ENOMEM;
    peer->trunk = t;
    peer->id = id;
    peer->address = address;
    peer->udp_port = udp_port;
    park(t->core, &t->core->workers[0]);
    int result = open_peer(t, peer);
    if (result < 0) {
        free(peer);
        return result;
    }
    t->peers[id] = peer;
    return id;
}

int udpfwd_peer_open(udpfwd *core, uint32_t address, uint16_t udp_port) {
    begin_change(core);
    trunk *t = core->trunk;
    int result = t == NULL ? -ENOENT : free_peer_id(t, address, udp_port);
    return end_change(core, result < 0 ? result : make_peer(t, result, address, udp_port));
}

int udpfwd_peer_close(udpfwd *core, int peer_id) {
    begin_change(core);
    trunk_peer *peer = peer_of(core, peer_id);
    int result = peer == NULL ? -ENOENT : peer->links > 0 ? -EBUSY : 0;
    if (result == 0) {
        park(core, &core->workers[0]);
        core->trunk->peers[peer_id] = NULL;
        close_peer(peer);
    }
    return end_change(core, result);
}

int udpfwd_peer_read(udpfwd *core, int peer_id, udpfwd_peer *state) {
    begin_change(core);
    trunk_peer *peer = peer_of(core, peer_id);
    if (peer == NULL)
        return end_change(core, -ENOENT);
    pthread_mutex_lock(&core->trunk->lock);
    *state = peer->told;
    pthread_mutex_unlock(&core->trunk->lock);
    state->address = peer->address;
    state->udp_port = peer->udp_port;
    state->links = peer->links;
    state->tx_frames = read_counter(&peer->counters.tx_frames);
    state->tx_bytes = read_counter(&peer->counters.tx_bytes);
    state->rx_frames = read_counter(&peer->counters.rx_frames);
    state->rx_bytes = read_counter(&peer->counters.rx_bytes);
    state->fragmented = read_counter(&peer->counters.fragmented);
    return end_change(core, 0);
}

/* --- links --- */

static int link_open(port *p, const port_options *options) {
    trunk_port *link = (trunk_port *)p;
    const trunk_port *wanted = options->identity;
    link->peer = wanted->peer;
    link->vni_out = wanted->vni_out;
    link->vni_in = wanted->vni_in;
    link->home = options->worker;
    link->peer->links++;
    pthread_mutex_init(&link->lock, NULL);
    return 0;
}

/* The worker of the lane reads the table, so it parks, too. */
static void link_close(port *p) {
    trunk_port *link = (trunk_port *)p;
    trunk *t = link->peer->trunk;
    end_trunk_round(p->worker); /* no train has frames of this link then; parked workers have none, but others may not run at all */
    park(t->core, lane_worker(t, link->vni_in));
    t->places[PLACE_OF(link->vni_in)].link = NULL;
    link->peer->links--;
    drop_handed(link);
    pthread_mutex_destroy(&link->lock);
}

static const port_kind trunk_kind = {
    .bytes = sizeof(trunk_port), .open = link_open, .close = link_close, .send = trunk_send, .moved = link_moved};

static int is_vni(uint32_t vni) {
    return vni <= UDPFWD_MAX_VNI && PLACE_OF(vni) != 0;
}

int udpfwd_trunk_link(udpfwd *core, int peer_id, uint32_t vni_out, uint32_t vni_in) {
    if (!is_vni(vni_out) || !is_vni(vni_in))
        return -EINVAL;
    begin_change(core);
    trunk_peer *peer = peer_of(core, peer_id);
    if (peer == NULL)
        return end_change(core, -ENOENT);
    trunk *t = core->trunk;
    trunk_place *place = &t->places[PLACE_OF(vni_in)];
    if (place->link != NULL)
        return end_change(core, -EBUSY);
    const trunk_port wanted = {.peer = peer, .vni_out = vni_out, .vni_in = vni_in};
    int id = open_port(core, &trunk_kind, &(port_options){.worker = lane_worker(t, vni_in), .fd = -1, .identity = &wanted});
    if (id >= 0) { /* complete, so the worker of the lane may see it */
        place->vni_in = vni_in;
        place->address = peer->address;
        __atomic_store_n(&place->link, (trunk_port *)find_port(core, id), __ATOMIC_RELEASE);
    }
    return end_change(core, id);
}
