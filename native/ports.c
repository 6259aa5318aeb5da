/* Ports of any kind, from opening to closing. */
#define _GNU_SOURCE
#include "port.h"
#include "bridges.h"
#include "capture.h"
#include "changes.h"
#include "filter_chain.h"
#include "flows.h"
#include "joints.h"
#include "placement.h"
#include "statistics.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

port *find_port(const udpfwd *core, int id) {
    return id >= 0 && id < core->port_slots ? core->ports[id] : NULL;
}

void enlarge_buffers(int fd, int bytes) {
    /* FORCE goes past the system's limit where we may; otherwise the limit is what we get. */
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) < 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
}

int copy_descriptor(port *p, int fd) {
    p->source.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    return p->source.fd < 0 ? -errno : 0;
}

/* --- ports without anything behind them --- */

static int local_open(port *p, const port_options *options) {
    (void)p, (void)options;
    return 0;
}

static void local_close(port *p) {
    (void)p;
}

static void local_send(worker *w, port *p, const struct iovec *frames, int n) {
    (void)w, (void)frames;
    drop(p, TX, UDPFWD_DROP_UNLINKED, (uint64_t)n);
}

const port_kind local_kind = {.bytes = sizeof(port), .open = local_open, .close = local_close, .send = local_send};

/* --- opening and closing --- */

/* The lowest free id, with a slot in the table. */
static int free_port_id(udpfwd *core) {
    for (int id = core->lowest_free_port; id < core->port_slots; id++)
        if (core->ports[id] == NULL)
            return core->lowest_free_port = id;
    int id = core->port_slots, slots = id ? id * 2 : 64;
    port **ports = realloc(core->ports, sizeof *ports * (size_t)slots);
    if (ports == NULL)
        return -ENOMEM;
    memset(ports + id, 0, sizeof *ports * (size_t)(slots - id));
    core->ports = ports;
    if (grow_changed(core, slots) < 0)
        return -ENOMEM;
    core->port_slots = slots;
    return core->lowest_free_port = id;
}

_Static_assert(offsetof(port, counters.tx_bytes) + sizeof(uint64_t) <= PORT_WAY_BYTES, "prefetch_port knows where these are");

/* Begins with a line of the cache. */
static port *allocate_port(size_t bytes) {
    bytes = (bytes + CACHE_LINE_BYTES - 1) / CACHE_LINE_BYTES * CACHE_LINE_BYTES;
    port *p = aligned_alloc(CACHE_LINE_BYTES, bytes);
    if (p != NULL)
        memset(p, 0, bytes);
    return p;
}

int open_port(udpfwd *core, const port_kind *kind, const port_options *options) {
    int id = free_port_id(core);
    if (id < 0)
        return id;
    port *p = allocate_port(kind->bytes);
    if (p == NULL)
        return -ENOMEM;
    p->source = (source){.fd = -1, .serve = serve_port_source};
    p->id = id;
    p->kind = kind;
    p->turn_frames = FIRST_TURN_FRAMES;
    p->is_noted = 1; /* it has no worker yet, which would note it */
    int result = kind->open(p, options);
    p->is_noted = 0;
    if (result == 0 && (result = place_port(core, p, options->worker)) < 0)
        kind->close(p);
    if (result < 0) {
        free(p);
        return result;
    }
    core->ports[id] = p;
    tell_port(core, id);
    return id;
}

static int change_open(udpfwd *core, const port_kind *kind, const port_options *options) {
    begin_change(core);
    return end_change(core, open_port(core, kind, options));
}

int udpfwd_port_open(udpfwd *core, int fd, uint32_t remote_address, uint16_t remote_port) {
    return change_open(core, &udp_kind, &(port_options){.fd = fd, .address = remote_address, .udp_port = remote_port});
}

int udpfwd_interface_open(udpfwd *core, int fd, int kind) {
    if (kind != UDPFWD_TAP && kind != UDPFWD_ETHERNET)
        return -EINVAL;
    return change_open(core, kind == UDPFWD_TAP ? &tap_kind : &ethernet_kind, &(port_options){.fd = fd});
}

int udpfwd_local_open(udpfwd *core) {
    return change_open(core, &local_kind, &(port_options){.fd = -1});
}

void end_port(udpfwd *core, port *p) {
    end_flows(p);
    isolate_port(p);
    drop_held(p);
    detach_captures(p);
    for (int direction = 0; direction < DIRECTIONS; direction++)
        free_chain(p->filters[direction]);
    unwatch(p->worker, &p->source);
    p->worker->ports--;
    p->kind->close(p);
    tell_noted(p->worker);
    tell_port(core, p->id);
    core->ports[p->id] = NULL;
    if (p->id < core->lowest_free_port)
        core->lowest_free_port = p->id;
    free(p);
}

int udpfwd_port_close(udpfwd *core, int port_id) {
    begin_change(core);
    port *p = change_port(core, port_id);
    if (p == NULL)
        return end_change(core, -ENOENT);
    port *beside = p->peer, *splice = p->splice != p ? p->splice : NULL;
    const bridge *b = p->bridge;
    end_port(core, p);
    if (b != NULL && b->count > 0)
        beside = b->ports[0];
    separate(core, beside, splice);
    return end_change(core, 0);
}
