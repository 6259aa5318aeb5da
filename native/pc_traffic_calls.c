/* The calls of traffic.h: each is one change, of many PCs. */
#define _GNU_SOURCE
#include "changes.h"
#include "pc_port.h"
#include "pc_traffic.h"
#include "traffic_message.h"

#include <errno.h>

/* The host of a PC; NULL where there is none. */
static pc_host *change_host(udpfwd *core, int port_id) {
    pc_port *pc = port_id < 0 ? NULL : change_pc(core, port_id);
    return pc == NULL ? NULL : &pc->host;
}

static int start_flow(udpfwd *core, const udpfwd_traffic_flow *flow, udpfwd_traffic_handle *handle) {
    pc_host *from = change_host(core, flow->sender), *to = change_host(core, flow->receiver);
    if (from == NULL || (to == NULL && flow->receiver >= 0))
        return -ENOENT;
    if (pc_check_flow(flow) < 0)
        return -EINVAL;
    uint64_t id = pc_flow_id(from);
    int sink = TRAFFIC_NO_SLOT;
    if (to != NULL && (sink = pc_add_sink(to, id, flow)) < 0)
        return sink;
    int sender = pc_add_sender(from, id, flow, (uint16_t)sink);
    if (sender < 0) {
        if (to != NULL)
            pc_drop_sink(to, (uint16_t)sink, id);
        return sender;
    }
    *handle = (udpfwd_traffic_handle){id, flow->sender, flow->receiver, (uint16_t)sender, (uint16_t)sink};
    return 0;
}

static void stop_flow(udpfwd *core, const udpfwd_traffic_handle *handle) {
    pc_host *from = change_host(core, handle->sender), *to = change_host(core, handle->receiver);
    if (from != NULL)
        pc_drop_sender(from, handle->sender_slot, handle->id);
    if (to != NULL)
        pc_drop_sink(to, handle->sink_slot, handle->id);
}

/* The timers of senders are set once for each, where one's flows follow each other. */
static void schedule_senders(udpfwd *core, const udpfwd_traffic_handle *handles, int n) {
    for (int i = 0; i < n; i++)
        if (i + 1 == n || handles[i + 1].sender != handles[i].sender) {
            pc_port *pc = change_pc(core, handles[i].sender);
            if (pc != NULL)
                pc_schedule(pc);
        }
}

int udpfwd_traffic_start(udpfwd *core, const udpfwd_traffic_flow *flows, int n, udpfwd_traffic_handle *handles, int *failed) {
    int started = 0, result = 0;
    begin_change(core);
    while (started < n && (result = start_flow(core, &flows[started], &handles[started])) == 0)
        started++;
    if (result < 0) {
        *failed = started;
        for (int i = 0; i < started; i++)
            stop_flow(core, &handles[i]);
    }
    schedule_senders(core, handles, started);
    return end_change(core, result);
}

int udpfwd_traffic_read(udpfwd *core, const udpfwd_traffic_handle *handles, int n, udpfwd_traffic_result *results) {
    begin_change(core);
    for (int i = 0; i < n; i++) {
        const udpfwd_traffic_handle *handle = &handles[i];
        const pc_host *from = change_host(core, handle->sender), *to = change_host(core, handle->receiver);
        if (from == NULL || !pc_read_sender(from, handle->sender_slot, handle->id, &results[i]))
            results[i] = (udpfwd_traffic_result){.state = UDPFWD_TRAFFIC_GONE};
        if (to != NULL)
            pc_read_sink(to, handle->sink_slot, handle->id, &results[i]);
    }
    return end_change(core, 0);
}

int udpfwd_traffic_stop(udpfwd *core, const udpfwd_traffic_handle *handles, int n) {
    begin_change(core);
    for (int i = 0; i < n; i++)
        stop_flow(core, &handles[i]);
    schedule_senders(core, handles, n);
    return end_change(core, 0);
}

int udpfwd_traffic_listen(udpfwd *core, int port_id, int listens) {
    begin_change(core);
    pc_host *host = change_host(core, port_id);
    int result = host == NULL ? -ENOENT : listens ? pc_listen(host) : 0;
    if (host != NULL && !listens)
        pc_end_listening(host);
    return end_change(core, result);
}

int udpfwd_traffic_heard(udpfwd *core, int port_id, udpfwd_traffic_heard_flow *flows, int max) {
    begin_change(core);
    const pc_host *host = change_host(core, port_id);
    return end_change(core, host == NULL ? -ENOENT : pc_list_heard(host, flows, max));
}
