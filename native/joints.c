/* Who is joined to whom: patches, splices, bridges and probes.
 *
 * Everything here happens while all workers are parked.
 */
#define _GNU_SOURCE
#include "joints.h"
#include "bridges.h"
#include "changes.h"
#include "flows.h"
#include "placement.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- patches and splices --- */

typedef struct {
    int first;
    int second;
} pair;

static void unpatch(port *p) {
    end_flows(p);
    if (p->peer != NULL && !p->injects) {
        p->peer->peer = NULL;
        p->peer = NULL;
    }
}

static void unsplice(port *p) {
    end_flows(p);
    if (p->splice != NULL) {
        p->splice->splice = NULL;
        p->splice = NULL;
    }
}

static int find_pair(const udpfwd *core, const pair *ids, port **first, port **second) {
    *first = find_port(core, ids->first);
    *second = find_port(core, ids->second);
    return *first == NULL || *second == NULL ? -ENOENT : 0;
}

static int is_joined(const port *p) {
    return p->peer != NULL || p->bridge != NULL || p->sink_of != NULL;
}

static int apply_patch(udpfwd *core, const void *ids) {
    port *first, *second;
    int result = find_pair(core, ids, &first, &second);
    if (result == 0 && first == second)
        result = -EINVAL;
    if (result == 0 && (is_joined(first) || is_joined(second)))
        result = -EBUSY;
    if (result == 0)
        result = bring_together(core, first, second);
    if (result == 0) {
        first->peer = second;
        second->peer = first;
    }
    return result;
}

int udpfwd_patch(udpfwd *core, int first_id, int second_id) {
    return make_change(core, apply_patch, &(pair){first_id, second_id});
}

static int apply_unpatch(udpfwd *core, const void *ids) {
    port *p = find_port(core, ((const pair *)ids)->first);
    if (p == NULL)
        return -ENOENT;
    port *other = p->peer;
    unpatch(p);
    spread(core, p);
    spread(core, other);
    return 0;
}

int udpfwd_unpatch(udpfwd *core, int port_id) {
    return make_change(core, apply_unpatch, &(pair){.first = port_id});
}

static int apply_splice(udpfwd *core, const void *ids) {
    port *first, *second;
    int result = find_pair(core, ids, &first, &second);
    if (result == 0 && (first->splice != NULL || second->splice != NULL))
        result = -EBUSY;
    if (result == 0)
        result = bring_together(core, first, second);
    if (result == 0) {
        end_flows(first);
        end_flows(second);
        first->splice = second;
        second->splice = first;
    }
    return result;
}

int udpfwd_splice(udpfwd *core, int first_id, int second_id) {
    return make_change(core, apply_splice, &(pair){first_id, second_id});
}

static int apply_unsplice(udpfwd *core, const void *ids) {
    port *p = find_port(core, ((const pair *)ids)->first);
    if (p == NULL)
        return -ENOENT;
    port *other = p->splice;
    unsplice(p);
    spread(core, p);
    spread(core, other);
    return 0;
}

int udpfwd_unsplice(udpfwd *core, int port_id) {
    return make_change(core, apply_unsplice, &(pair){.first = port_id});
}

/* --- bridges --- */

typedef struct {
    int bridge;
    int port;
    int kind;
    int mode;
    uint16_t vlan;
    uint16_t ethertype;
} bridge_arguments;

static bridge *find_bridge(const udpfwd *core, int id) {
    return id >= 0 && id < core->bridge_slots ? core->bridges[id] : NULL;
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

static int apply_bridge_open(udpfwd *core, const void *given) {
    int kind = ((const bridge_arguments *)given)->kind;
    if (kind != UDPFWD_HUB && kind != UDPFWD_SWITCH)
        return -EINVAL;
    int id = free_bridge_id(core);
    if (id < 0)
        return id;
    bridge *b = calloc(1, sizeof *b);
    if (b == NULL)
        return -ENOMEM;
    b->id = id;
    b->kind = kind;
    if (kind == UDPFWD_SWITCH && (b->macs = new_mac_table()) == NULL) {
        free(b);
        return -ENOMEM;
    }
    core->bridges[id] = b;
    return id;
}

int udpfwd_bridge_open(udpfwd *core, int kind) {
    return make_change(core, apply_bridge_open, &(bridge_arguments){.kind = kind});
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
    p->bridge = NULL;
}

static void end_bridge(udpfwd *core, bridge *b) {
    while (b->count > 0) {
        port *p = b->ports[b->count - 1];
        leave_bridge(p);
        spread(core, p);
    }
    core->bridges[b->id] = NULL;
    free(b->ports);
    free(b->macs);
    free(b);
}

void close_bridges(udpfwd *core) {
    for (int id = 0; id < core->bridge_slots; id++)
        if (core->bridges[id] != NULL)
            end_bridge(core, core->bridges[id]);
    free(core->bridges);
}

static int apply_bridge_close(udpfwd *core, const void *given) {
    bridge *b = find_bridge(core, ((const bridge_arguments *)given)->bridge);
    if (b == NULL)
        return -ENOENT;
    end_bridge(core, b);
    return 0;
}

int udpfwd_bridge_close(udpfwd *core, int bridge_id) {
    return make_change(core, apply_bridge_close, &(bridge_arguments){.bridge = bridge_id});
}

static int set_vlan(port *p, const bridge_arguments *wanted) {
    if (wanted->mode < UDPFWD_ACCESS || wanted->mode > UDPFWD_QINQ || wanted->vlan < 1 || wanted->vlan > 4094)
        return -EINVAL;
    p->vlan_mode = wanted->mode;
    p->vlan = wanted->vlan;
    p->ethertype = wanted->ethertype;
    return 0;
}

static int apply_bridge_join(udpfwd *core, const void *given) {
    const bridge_arguments *arguments = given;
    bridge *b = find_bridge(core, arguments->bridge);
    port *p = find_port(core, arguments->port);
    if (b == NULL || p == NULL)
        return -ENOENT;
    if (is_joined(p))
        return -EBUSY;
    int result = b->kind == UDPFWD_SWITCH ? set_vlan(p, arguments) : 0;
    if (result == 0 && b->count > 0)
        result = bring_together(core, p, b->ports[0]);
    if (result < 0)
        return result;
    if (b->count == b->room) {
        int room = b->room ? b->room * 2 : 8;
        port **ports = realloc(b->ports, sizeof *ports * (size_t)room);
        if (ports == NULL)
            return -ENOMEM;
        b->ports = ports;
        b->room = room;
    }
    b->ports[b->count++] = p;
    p->bridge = b;
    return 0;
}

int udpfwd_bridge_join(udpfwd *core, int bridge_id, int port_id, int mode, uint16_t vlan, uint16_t ethertype) {
    return make_change(core, apply_bridge_join,
                       &(bridge_arguments){
                           .bridge = bridge_id, .port = port_id, .mode = mode, .vlan = vlan, .ethertype = ethertype});
}

static int apply_bridge_leave(udpfwd *core, const void *given) {
    port *p = find_port(core, ((const bridge_arguments *)given)->port);
    if (p == NULL)
        return -ENOENT;
    leave_bridge(p);
    spread(core, p);
    return 0;
}

int udpfwd_bridge_leave(udpfwd *core, int port_id) {
    return make_change(core, apply_bridge_leave, &(bridge_arguments){.port = port_id});
}

static int apply_set_vlan(udpfwd *core, const void *given) {
    const bridge_arguments *arguments = given;
    port *p = find_port(core, arguments->port);
    if (p == NULL || p->bridge == NULL || p->bridge->kind != UDPFWD_SWITCH)
        return -ENOENT;
    int result = set_vlan(p, arguments);
    if (result == 0)
        forget_macs(p->bridge->macs, p);
    return result;
}

int udpfwd_port_set_vlan(udpfwd *core, int port_id, int mode, uint16_t vlan, uint16_t ethertype) {
    return make_change(core, apply_set_vlan,
                       &(bridge_arguments){.port = port_id, .mode = mode, .vlan = vlan, .ethertype = ethertype});
}

static int apply_switch_clear(udpfwd *core, const void *given) {
    bridge *b = find_bridge(core, ((const bridge_arguments *)given)->bridge);
    if (b == NULL || b->macs == NULL)
        return -ENOENT;
    forget_macs(b->macs, NULL);
    return 0;
}

int udpfwd_switch_clear(udpfwd *core, int bridge_id) {
    return make_change(core, apply_switch_clear, &(bridge_arguments){.bridge = bridge_id});
}

typedef struct {
    int bridge;
    udpfwd_mac *macs;
    int max;
} list_arguments;

static int apply_list_macs(udpfwd *core, const void *given) {
    const list_arguments *arguments = given;
    const bridge *b = find_bridge(core, arguments->bridge);
    if (b == NULL || b->macs == NULL)
        return -ENOENT;
    return list_macs(b->macs, arguments->macs, arguments->max);
}

int udpfwd_switch_macs(udpfwd *core, int bridge_id, udpfwd_mac *macs, int max) {
    return make_change(core, apply_list_macs, &(list_arguments){bridge_id, macs, max});
}

/* --- probes --- */

typedef struct {
    int source;
    int sink;
    int near;
    int far;
} probe_arguments;

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

static int apply_probe_attach(udpfwd *core, const void *given) {
    const probe_arguments *ids = given;
    port *source = find_port(core, ids->source), *sink = find_port(core, ids->sink);
    port *near = find_port(core, ids->near), *far = find_port(core, ids->far);
    if (source == NULL || sink == NULL || near == NULL || far == NULL)
        return -ENOENT;
    if (source == sink || source == near || source == far || sink == near || sink == far || near == far)
        return -EINVAL;
    if (is_joined(source) || is_joined(sink) || near->probe != NULL || far->sink != NULL)
        return -EBUSY;
    int result = bring_together(core, source, near);
    if (result == 0)
        result = bring_together(core, sink, far);
    if (result < 0)
        return result;
    end_flows(far);
    source->peer = near;
    source->injects = 1;
    near->probe = source;
    far->sink = sink;
    sink->sink_of = far;
    return 0;
}

int udpfwd_probe_attach(udpfwd *core, int source_id, int sink_id, int near_id, int far_id) {
    return make_change(core, apply_probe_attach, &(probe_arguments){source_id, sink_id, near_id, far_id});
}

static int apply_probe_detach(udpfwd *core, const void *given) {
    port *source = find_port(core, ((const probe_arguments *)given)->source);
    port *sink = find_port(core, ((const probe_arguments *)given)->sink);
    if (source != NULL)
        detach_probe(source);
    if (sink != NULL && sink->sink_of != NULL)
        detach_sink(sink->sink_of);
    return 0;
}

int udpfwd_probe_detach(udpfwd *core, int source_id, int sink_id) {
    return make_change(core, apply_probe_detach, &(probe_arguments){.source = source_id, .sink = sink_id});
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
