/* The calls of pc.h: each is a change of one port. */
#define _GNU_SOURCE
#include "changes.h"
#include "pc_dhcp.h"
#include "pc_neighbours.h"
#include "pc_port.h"

#include <errno.h>

pc_port *change_pc(udpfwd *core, int id) {
    port *p = change_port(core, id);
    if (p == NULL || p->kind != &pc_kind)
        return NULL;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    pc_set_time(&((pc_port *)p)->host, timespec_ns(now));
    return (pc_port *)p;
}

static int end_pc_change(udpfwd *core, pc_port *pc, int result) {
    if (pc == NULL)
        return end_change(core, -ENOENT);
    pc_schedule(pc);
    return end_change(core, result);
}

static int is_family(int family) {
    return family == 4 || family == 6;
}

int udpfwd_pc_open(udpfwd *core, const udpfwd_pc_identity *identity) {
    if (pc_check_identity(identity) < 0)
        return -EINVAL;
    begin_change(core);
    return end_change(core, open_port(core, &pc_kind, &(port_options){.fd = -1, .identity = identity, .pcs = &core->pcs}));
}

int udpfwd_pc_identify(udpfwd *core, int port_id, const udpfwd_pc_identity *identity) {
    if (pc_check_identity(identity) < 0)
        return -EINVAL;
    begin_change(core);
    pc_port *pc = change_pc(core, port_id);
    if (pc != NULL)
        pc_set_identity(&pc->host, identity);
    return end_pc_change(core, pc, 0);
}

int udpfwd_pc_clear(udpfwd *core, int port_id, int family) {
    if (!is_family(family))
        return -EINVAL;
    begin_change(core);
    pc_port *pc = change_pc(core, port_id);
    if (pc != NULL) {
        if (family == 4)
            pc_end_dhcp(&pc->host);
        pc_clear_address(&pc->host, family);
    }
    return end_pc_change(core, pc, 0);
}

int udpfwd_pc_set_address(udpfwd *core, int port_id, const udpfwd_pc_address *address, int prefix, const udpfwd_pc_address *gateway) {
    int family = address->family, most = family == 4 ? 32 : 128;
    int gateway_fits = gateway->family == 0 || (gateway->family == family && can_be_host(gateway));
    if (!is_family(family) || !can_be_host(address) || prefix < 1 || prefix > most || !gateway_fits)
        return -EINVAL;
    begin_change(core);
    pc_port *pc = change_pc(core, port_id);
    if (pc != NULL)
        pc_use_address(&pc->host, address, prefix, gateway, UDPFWD_PC_MANUAL);
    return end_pc_change(core, pc, 0);
}

int udpfwd_pc_read(udpfwd *core, int port_id, udpfwd_pc_state *state) {
    begin_change(core);
    pc_port *pc = change_pc(core, port_id);
    if (pc == NULL)
        return end_change(core, -ENOENT);
    pc_read_state(&pc->host, state, pc->host.now_ns);
    state->memory_bytes = sizeof *pc + pc->host.memory + pc->host.traffic_memory;
    return end_change(core, 0);
}

int udpfwd_pc_neighbours(udpfwd *core, int port_id, int family, udpfwd_pc_neighbour *entries, int max) {
    begin_change(core);
    pc_port *pc = change_pc(core, port_id);
    if (pc == NULL)
        return end_change(core, -ENOENT);
    return end_change(core, pc_list_neighbours(&pc->host, family, pc->host.now_ns, entries, max));
}

int udpfwd_pc_forget_neighbours(udpfwd *core, int port_id, int family) {
    begin_change(core);
    pc_port *pc = change_pc(core, port_id);
    if (pc != NULL)
        pc_forget_neighbours(&pc->host, family);
    return end_pc_change(core, pc, 0);
}

int udpfwd_pc_start(udpfwd *core, int port_id, const udpfwd_pc_request *request) {
    begin_change(core);
    pc_port *pc = change_pc(core, port_id);
    return end_pc_change(core, pc, pc == NULL ? -ENOENT : pc_start(&pc->host, request, pc->host.now_ns));
}

int udpfwd_pc_stop(udpfwd *core, int port_id, int job) {
    begin_change(core);
    pc_port *pc = change_pc(core, port_id);
    return end_pc_change(core, pc, pc == NULL ? -ENOENT : pc_stop(&pc->host, job));
}

int udpfwd_pc_events_fd(const udpfwd *core) {
    return core->pcs.fd;
}

int udpfwd_pc_take_event(udpfwd *core, udpfwd_pc_event *event, void *data, int room) {
    return pc_take_event(&core->pcs, event, data, room < 0 ? 0 : (size_t)room);
}
