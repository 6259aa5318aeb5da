/* Connections between ports: patches, splices, bridges and probes. */
#define _GNU_SOURCE
#include "joints.h"
#include "bridges.h"
#include "changes.h"
#include "placement.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- patches and splices --- */

static void unpatch(port *p) {
    if (p->peer != NULL && !p->injects) {
        p->peer->peer = NULL;
        p->peer = NULL;
    }
}

static void unsplice(port *p) {
    if (p->splice != NULL) {
        p->splice->splice = NULL;
        p->splice = NULL;
    }
}

static int is_joined(const port *p) {
    return p->peer != NULL || p->bridge != NULL || p->sink_of != NULL;
}

static int patch(udpfwd *core, port *first, port *second) {
    if (first == NULL || second == NULL)
        return -ENOENT;
    if (first == second)
        return -EINVAL;
    if (is_joined(first) || is_joined(second))
        return -EBUSY;
    int result = bring_together(core, first, second);
    if (result == 0) {
        first->peer = second;
        second->peer = first;
    }
    return result;
}

int udpfwd_patch(udpfwd *core, int first_id, int second_id) {
    begin_change(core);
    port *first = change_port(core, first_id), *second = change_port(core, second_id);
    return end_change(core, patch(core, first, second));
}

int udpfwd_unpatch(udpfwd *core, int port_id) {
    begin_change(core);
    port *p = change_port(core, port_id);
    if (p != NULL) {
        port *other = p->peer;
        unpatch(p);
        separate(core, p, other);
    }
    return end_change_of(core, p, 0);
}

int splice_ports(udpfwd *core, port *first, port *second) {
    if (first->splice != NULL || second->splice != NULL)
        return -EBUSY;
    int result = bring_together(core, first, second);
    if (result == 0) {
        first->splice = second;
        second->splice = first;
    }
    return result;
}

int udpfwd_splice(udpfwd *core, int first_id, int second_id) {
    begin_change(core);
    port *first = change_port(core, first_id), *second = change_port(core, second_id);
    return end_change(core, first == NULL || second == NULL ? -ENOENT : splice_ports(core, first, second));
}

int udpfwd_unsplice(udpfwd *core, int port_id) {
    begin_change(core);
    port *p = change_port(core, port_id);
    if (p != NULL) {
        port *other = p->splice;
        unsplice(p);
        separate(core, p, other);
    }
    return end_change_of(core, p, 0);
}

/* --- bridges --- */

static bridge *find_bridge(const udpfwd *core, int id) {
    return id >= 0 && id < core->bridge_slots ? core->bridges[id] : NULL;
}

/* The bridge of an id, which may be changed: the worker of its ports is parked. NULL where there is none. */
static bridge *change_bridge(udpfwd *core, int id) {
    bridge *b = find_bridge(core, id);
    if (b != NULL && b->count > 0)
        park(core, b->ports[0]->worker);
    return b;
}

static int free_bridge_id(udpfwd *core) {
    for (int id = 0; id < core->bridge_slots; id++)
        if (core->bridges[id] == NULL)
            return id;
    int id = core->bridge_slots, slots = id ? id * 2 : 16;
    bridge **bridges = realloc(core->bridges, sizeof *bridges * (size_t)slots);
    if (bridges == NULL)
        return -ENOMEM;
    memset(bridges + id, 0, sizeof *bridges * (size_t)(slots - id));
    core->bridges = bridges;
    core->bridge_slots = slots;
    return id;
}

/* Returns the id. */
static int open_bridge(udpfwd *core, const bridge_kind *kind) {
    int id = free_bridge_id(core);
    if (id < 0)
        return id;
    bridge *b = calloc(1, sizeof *b);
    if (b == NULL)
        return -ENOMEM;
    b->id = id;
    b->kind = kind;
    if (kind->learns && (b->macs = new_mac_table()) == NULL) {
        free(b);
        return -ENOMEM;
    }
    core->bridges[id] = b;
    return id;
}

int udpfwd_bridge_open(udpfwd *core, int kind) {
    const bridge_kind *behaviour = find_bridge_kind(kind);
    if (behaviour == NULL)
        return -EINVAL;
    begin_change(core);
    return end_change(core, open_bridge(core, behaviour));
}

static void leave_bridge(port *p) {
    bridge *b = p->bridge;
    if (b == NULL)
        return;
    if (b->macs != NULL)
        forget_macs(b->macs, p);
    for (int i = 0; i < b->count; i++)
        if (b->ports[i] == p)
            b->ports[i] = b->ports[--b->count];
    b->tagged -= p->vlan_mode != UDPFWD_ACCESS;
    p->bridge = NULL;
}

static void end_bridge(udpfwd *core, bridge *b) {
    while (b->count > 0) {
        port *p = b->ports[b->count - 1];
        leave_bridge(p);
        separate(core, p, b->count > 0 ? b->ports[0] : NULL);
    }
    core->bridges[b->id] = NULL;
    free(b->ports);
    free_mac_table(b->macs);
    free(b);
}

void close_bridges(udpfwd *core) {
    for (int id = 0; id < core->bridge_slots; id++)
        if (core->bridges[id] != NULL)
            end_bridge(core, core->bridges[id]);
    free(core->bridges);
}

int udpfwd_bridge_close(udpfwd *core, int bridge_id) {
    begin_change(core);
    bridge *b = change_bridge(core, bridge_id);
    if (b == NULL)
        return end_change(core, -ENOENT);
    end_bridge(core, b);
    return end_change(core, 0);
}

static int set_vlan(port *p, int mode, uint16_t vlan, uint16_t ethertype) {
    if (mode < UDPFWD_ACCESS || mode > UDPFWD_QINQ || vlan < 1 || vlan > 4094)
        return -EINVAL;
    p->vlan_mode = mode;
    p->vlan = vlan;
    p->ethertype = ethertype;
    return 0;
}

static int make_room(bridge *b) {
    if (b->count < b->room)
        return 0;
    int room = b->room ? b->room * 2 : 8;
    port **ports = realloc(b->ports, sizeof *ports * (size_t)room);
    if (ports == NULL)
        return -ENOMEM;
    b->ports = ports;
    b->room = room;
    return 0;
}

static int join(udpfwd *core, bridge *b, port *p) {
    int result = make_room(b);
    if (result == 0 && b->count > 0)
        result = bring_together(core, p, b->ports[0]);
    if (result == 0) {
        b->ports[b->count++] = p;
        b->tagged += p->vlan_mode != UDPFWD_ACCESS;
        p->bridge = b;
    }
    return result;
}

int udpfwd_bridge_join(udpfwd *core, int bridge_id, int port_id, int mode, uint16_t vlan, uint16_t ethertype) {
    begin_change(core);
    bridge *b = change_bridge(core, bridge_id);
    port *p = change_port(core, port_id);
    int result = b == NULL || p == NULL ? -ENOENT : is_joined(p) ? -EBUSY : 0;
    if (result == 0 && b->kind->learns)
        result = set_vlan(p, mode, vlan, ethertype);
    return end_change(core, result < 0 ? result : join(core, b, p));
}

int udpfwd_bridge_leave(udpfwd *core, int port_id) {
    begin_change(core);
    port *p = change_port(core, port_id);
    if (p != NULL) {
        const bridge *b = p->bridge;
        leave_bridge(p);
        separate(core, p, b != NULL && b->count > 0 ? b->ports[0] : NULL);
    }
    return end_change_of(core, p, 0);
}

int udpfwd_port_set_vlan(udpfwd *core, int port_id, int mode, uint16_t vlan, uint16_t ethertype) {
    begin_change(core);
    port *p = change_port(core, port_id);
    int is_there = p != NULL && p->bridge != NULL && p->bridge->kind->learns, before = is_there ? p->vlan_mode : 0;
    int result = is_there ? set_vlan(p, mode, vlan, ethertype) : -ENOENT;
    if (result == 0) {
        p->bridge->tagged += (mode != UDPFWD_ACCESS) - (before != UDPFWD_ACCESS);
        forget_macs(p->bridge->macs, p);
    }
    return end_change(core, result);
}

/* The switch of an id; NULL where there is none. */
static bridge *change_switch(udpfwd *core, int id) {
    bridge *b = change_bridge(core, id);
    return b != NULL && b->kind->learns ? b : NULL;
}

int udpfwd_switch_clear(udpfwd *core, int bridge_id) {
    begin_change(core);
    bridge *b = change_switch(core, bridge_id);
    if (b != NULL)
        forget_macs(b->macs, NULL);
    return end_change_of(core, b, 0);
}

int udpfwd_switch_macs(udpfwd *core, int bridge_id, udpfwd_mac *macs, int max) {
    begin_change(core);
    const bridge *b = change_switch(core, bridge_id);
    return end_change(core, b == NULL ? -ENOENT : list_macs(b->macs, macs, max));
}

/* --- probes --- */

static void detach_probe(port *source) {
    if (!source->injects)
        return;
    source->peer->probe = NULL;
    source->peer = NULL;
    source->injects = 0;
}

static void detach_sink(port *far) {
    if (far->sink == NULL)
        return;
    far->sink->sink_of = NULL;
    far->sink = NULL;
}

/* The part of a probe at one end of a link: its port, and that of the link. */
static int can_attach(const port *own, const port *end) {
    if (own == NULL || end == NULL)
        return -ENOENT;
    if (own == end)
        return -EINVAL;
    return is_joined(own) ? -EBUSY : 0;
}

static int attach_source(udpfwd *core, port *source, port *near) {
    int result = can_attach(source, near);
    if (result == 0 && near->probe != NULL)
        result = -EBUSY;
    if (result == 0)
        result = bring_together(core, source, near);
    if (result == 0) {
        source->peer = near;
        source->injects = 1;
        near->probe = source;
    }
    return result;
}

static int attach_sink(udpfwd *core, port *sink, port *far) {
    int result = can_attach(sink, far);
    if (result == 0 && far->sink != NULL)
        result = -EBUSY;
    if (result == 0)
        result = bring_together(core, sink, far);
    if (result == 0) {
        far->sink = sink;
        sink->sink_of = far;
    }
    return result;
}

int udpfwd_probe_attach(udpfwd *core, int source_id, int sink_id, int near_id, int far_id) {
    int sends = source_id >= 0, receives = sink_id >= 0;
    if (!sends && !receives)
        return -EINVAL;
    if (sends && receives && (source_id == sink_id || near_id == far_id || source_id == far_id || sink_id == near_id))
        return -EINVAL;
    begin_change(core);
    port *source = change_port(core, source_id), *sink = change_port(core, sink_id);
    port *near = change_port(core, near_id), *far = change_port(core, far_id);
    int result = sends ? attach_source(core, source, near) : 0;
    if (result == 0 && receives && (result = attach_sink(core, sink, far)) < 0 && sends)
        detach_probe(source);
    return end_change(core, result);
}

int udpfwd_probe_detach(udpfwd *core, int source_id, int sink_id) {
    begin_change(core);
    port *source = change_port(core, source_id), *sink = change_port(core, sink_id);
    if (source != NULL)
        detach_probe(source);
    if (sink != NULL && sink->sink_of != NULL)
        detach_sink(sink->sink_of);
    return end_change(core, 0);
}

/* --- the end of a port --- */

void isolate_port(port *p) {
    unpatch(p);
    unsplice(p);
    leave_bridge(p);
    detach_probe(p);
    if (p->probe != NULL)
        detach_probe(p->probe);
    detach_sink(p);
    if (p->sink_of != NULL)
        detach_sink(p->sink_of);
}
