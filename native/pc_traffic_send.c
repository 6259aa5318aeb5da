/* Sending flows: each at its times, in turns that are short, and asking the receiver in the end. */
#define _GNU_SOURCE
#include "pc_flows.h"
#include "pc_neighbours.h"
#include "pc_udp.h"
#include "traffic_message.h"

/* Of one call of pc_expire: the other ports of the worker have a turn then. */
enum { TURN_PACKETS = 64, TURN_BYTES = 128 * 1024 };
/* Timers are not set to less than this after a turn: at higher rates a few datagrams leave together. */
#define LEAST_PAUSE_NS 50000u
/* A flow that is so late gives up its schedule, and goes on from now. */
#define MOST_BEHIND_NS (PC_SECOND_NS / 10)
/* Who finds no room to ask for its next hop tries again so often, and so much later. */
enum { MOST_TURNS_AWAY = 200 };
#define TURN_AWAY_NS (PC_SECOND_NS / 50)
/* The receiver is asked so often what has arrived, and so much later than it was sent or asked. */
enum { MOST_QUESTIONS = 10 };
#define QUESTION_PAUSE_NS (PC_SECOND_NS / 5)

static int is_counted_elsewhere(const pc_sender *s) {
    return s->sink_slot == TRAFFIC_NO_SLOT;
}

static int send_message(pc_host *host, const pc_sender *s, traffic_message message, size_t size) {
    pc_frame *frame = pc_new_frame(host, UDP_HEADER_BYTES, size);
    if (frame == NULL)
        return UDPFWD_PC_NO_MEMORY;
    message.slot = s->sink_slot;
    message.flow = s->id;
    message.clock = host->shared->clock_id;
    message.sent_ns = host->now_ns;
    write_traffic(frame->start, &message);
    const pc_route route = {.destination = s->flow.target};
    return pc_udp_send(host, &route, (uint16_t)(TRAFFIC_FIRST_PORT + s->slot), s->flow.port, frame);
}

/* The MAC address of the next hop was forgotten for those of others: a PC may send to more neighbours than its cache has room for. To
 * ask for each packet once more would take longer than the packet. */
static void keep_neighbour(pc_host *host, const pc_sender *s) {
    if (host->now_ns < s->mac_until_ns && pc_known_mac(host, &s->next_hop) == NULL)
        pc_learn(host, &s->next_hop, s->mac, 1);
}

/* Begins to send, or waits for the neighbour that it goes to. */
static void begin(pc_host *host, pc_sender *s) {
    int reason = pc_next_hop(host, &s->flow.target, &s->next_hop);
    if (reason == 0 && pc_is_group(host, &s->flow.target))
        reason = UDPFWD_PC_NO_NEIGHBOUR; /* its addresses were changed meanwhile */
    if (reason == 0 && pc_needs_neighbour(host, &s->next_hop) && pc_find_mac(host, &s->next_hop) == NULL) {
        pc_set_flow_due(host->traffic, s, PC_NEVER); /* pc_traffic_neighbour is called in any case */
        if (pc_ask(host, &s->next_hop))
            return;
        if (s->questions++ < MOST_TURNS_AWAY) { /* the cache is full of those that are asked: later */
            pc_set_flow_due(host->traffic, s, host->now_ns + TURN_AWAY_NS);
            return;
        }
        reason = UDPFWD_PC_NO_MEMORY;
    }
    if (reason != 0) {
        pc_finish_flow(host, s, reason);
        return;
    }
    const uint8_t *mac = pc_needs_neighbour(host, &s->next_hop) ? pc_known_mac(host, &s->next_hop) : NULL;
    if (mac != NULL) {
        memcpy(s->mac, mac, sizeof s->mac);
        s->mac_until_ns = host->now_ns + UDPFWD_PC_NEIGHBOUR_SECONDS * PC_SECOND_NS;
    }
    s->questions = 0;
    s->state = UDPFWD_TRAFFIC_SENDING;
    s->begun_ns = s->schedule_ns = host->now_ns;
    pc_set_flow_due(host->traffic, s, host->now_ns);
}

static uint64_t next_due(const pc_sender *s) {
    uint64_t number = s->sent + s->unsent;
    return s->schedule_ns + (number - number % s->flow.burst) * s->flow.interval_ps / 1000;
}

static void end_sending(pc_host *host, pc_sender *s) {
    if (!is_counted_elsewhere(s)) {
        pc_finish_flow(host, s, UDPFWD_PC_DONE);
        return;
    }
    s->state = UDPFWD_TRAFFIC_ASKING;
    pc_set_flow_due(host->traffic, s, host->now_ns + QUESTION_PAUSE_NS);
}

/* Sends what is due of a flow, but no more than there is room for in this turn. */
static void send_due(pc_host *host, pc_sender *s, int *packets, int64_t *bytes) {
    const udpfwd_traffic_flow *flow = &s->flow;
    uint64_t due_ns = next_due(s);
    if (host->now_ns > due_ns + MOST_BEHIND_NS) {
        s->schedule_ns += host->now_ns - due_ns - MOST_BEHIND_NS;
        due_ns = host->now_ns - MOST_BEHIND_NS;
    }
    for (; *packets > 0 && *bytes > 0; due_ns = next_due(s)) {
        int is_all = flow->packets != 0 && s->sent + s->unsent >= flow->packets;
        if (is_all || host->now_ns - s->begun_ns >= flow->duration_ns) {
            end_sending(host, s);
            return;
        }
        if (due_ns > host->now_ns)
            break;
        keep_neighbour(host, s);
        const traffic_message message = {.type = TRAFFIC_DATA, .echo = flow->echo, .sequence = s->sent};
        int reason = send_message(host, s, message, flow->data_bytes);
        if (reason != 0 && reason != UDPFWD_PC_NO_MEMORY) {
            pc_finish_flow(host, s, reason);
            return;
        }
        if (reason == 0) {
            if (s->sent++ == 0)
                s->first_ns = host->now_ns;
            s->last_ns = host->now_ns;
        } else {
            s->unsent++;
        }
        (*packets)--;
        *bytes -= flow->data_bytes;
    }
    uint64_t end_ns = s->begun_ns + flow->duration_ns;
    pc_set_flow_due(host->traffic, s, due_ns < end_ns ? due_ns : end_ns);
}

static void ask(pc_host *host, pc_sender *s) {
    if (s->questions == MOST_QUESTIONS) {
        pc_finish_flow(host, s, UDPFWD_PC_DONE);
        return;
    }
    s->questions++;
    pc_set_flow_due(host->traffic, s, host->now_ns + QUESTION_PAUSE_NS);
    send_message(host, s, (traffic_message){.type = TRAFFIC_END, .sequence = s->sent}, TRAFFIC_REPORT_BYTES);
}

uint64_t pc_traffic_due(const pc_host *host) {
    const pc_traffic *t = host->traffic;
    if (t == NULL || t->sender_count == 0 || t->heap[0]->due_ns == PC_NEVER)
        return PC_NEVER;
    return t->heap[0]->due_ns > t->pause_until_ns ? t->heap[0]->due_ns : t->pause_until_ns;
}

void pc_expire_traffic(pc_host *host) {
    pc_traffic *t = host->traffic;
    if (t == NULL || t->sender_count == 0 || pc_traffic_due(host) > host->now_ns)
        return;
    int packets = TURN_PACKETS;
    int64_t bytes = TURN_BYTES;
    while (t->heap[0]->due_ns <= host->now_ns && packets > 0 && bytes > 0) {
        pc_sender *s = t->heap[0];
        if (s->state == UDPFWD_TRAFFIC_WAITING) {
            begin(host, s);
        } else if (s->state == UDPFWD_TRAFFIC_ASKING) {
            ask(host, s);
            packets--;
        } else {
            send_due(host, s, &packets, &bytes);
        }
    }
    int is_behind = t->heap[0]->due_ns <= host->now_ns, has_sent = packets < TURN_PACKETS;
    t->pause_until_ns = is_behind || !has_sent ? 0 : host->now_ns + LEAST_PAUSE_NS;
}

void pc_traffic_neighbour(pc_host *host, const pc_address *address, int found) {
    pc_traffic *t = host->traffic;
    for (int slot = 0; t != NULL && slot < t->sender_room; slot++) {
        pc_sender *s = t->senders[slot];
        if (s == NULL || s->state != UDPFWD_TRAFFIC_WAITING || s->due_ns != PC_NEVER || !same_address(&s->next_hop, address))
            continue;
        if (found)
            pc_set_flow_due(t, s, host->now_ns);
        else
            pc_finish_flow(host, s, UDPFWD_PC_NO_NEIGHBOUR);
    }
}

