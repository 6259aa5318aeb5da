/* Datagrams of flows that came: counted, sent back, answered with a report; and what comes back to a sender. */
#define _GNU_SOURCE
#include "pc_flows.h"
#include "pc_neighbours.h"
#include "pc_udp.h"
#include "traffic_message.h"

/* The times of a message, where they are of our clock. */
static uint64_t time_of(const pc_host *host, const traffic_message *message) {
    int is_ours = message->clock == host->shared->clock_id && message->sent_ns <= host->now_ns;
    return is_ours ? message->sent_ns : NOT_TIMED;
}

static pc_heard *find_heard(const pc_host *host, uint64_t id) {
    pc_heard *found = host->traffic->heard;
    while (found != NULL && found->id != id)
        found = found->next;
    return found;
}

/* Who sends from the link is known by its frame: there may be more senders than the cache has room for. */
static void know_sender(pc_host *host, const pc_packet *packet) {
    pc_address hop;
    int is_near = pc_next_hop(host, &packet->source, &hop) == 0 && same_address(&hop, &packet->source);
    if (is_near && pc_needs_neighbour(host, &hop) && pc_known_mac(host, &hop) == NULL)
        pc_learn(host, &hop, packet->mac, 1);
}

static void answer(pc_host *host, const pc_datagram *datagram, pc_frame *frame) {
    know_sender(host, datagram->packet);
    const pc_route route = {.source = datagram->packet->destination, .destination = datagram->packet->source};
    pc_udp_send(host, &route, datagram->destination_port, datagram->source_port, frame);
}

static void send_back(pc_host *host, const pc_datagram *datagram, traffic_message message) {
    pc_frame *frame = pc_new_frame(host, UDP_HEADER_BYTES, datagram->size);
    if (frame == NULL)
        return;
    message.type = TRAFFIC_RETURNED;
    write_traffic(frame->start, &message);
    answer(host, datagram, frame);
}

static void report(pc_host *host, const pc_datagram *datagram, traffic_message message, const traffic_tally *tally) {
    pc_frame *frame = pc_new_frame(host, UDP_HEADER_BYTES, TRAFFIC_REPORT_BYTES);
    if (frame == NULL)
        return;
    const udpfwd_traffic_arrivals arrived = read_tally(tally);
    message.type = TRAFFIC_REPORT;
    write_traffic(frame->start, &message);
    write_report(frame->start, &arrived);
    answer(host, datagram, frame);
}

/* Something of a flow that another sends; whether it is one that is counted here. */
static int count(pc_host *host, const pc_datagram *datagram, const traffic_message *message) {
    traffic_tally *tally = NULL;
    pc_heard *other = NULL;
    pc_sink *own = pc_find_sink(host, message->slot, message->flow);
    if (own != NULL) {
        if (message->type != TRAFFIC_DATA || message->sequence >= own->most) {
            pc_malformed(host);
            return 1;
        }
        tally = &own->tally;
    } else if (host->traffic != NULL && host->traffic->listens) {
        other = find_heard(host, message->flow);
        if (other == NULL && message->type == TRAFFIC_DATA)
            other = pc_hear(host, datagram, message->flow);
        if (other == NULL)
            return 0;
        other->heard_ns = host->now_ns;
        tally = &other->tally;
    }
    if (tally == NULL)
        return 0;
    if (message->type == TRAFFIC_END) {
        if (other != NULL) {
            other->is_over = 1;
            other->sent = message->sequence;
        }
        if (datagram->size >= TRAFFIC_REPORT_BYTES) /* nobody gets more than he gives */
            report(host, datagram, *message, tally);
        return 1;
    }
    if (tally_arrival(tally, message->sequence, datagram->size, time_of(host, message), host->now_ns) && message->echo)
        send_back(host, datagram, *message);
    return 1;
}

/* Something of a flow that this host sends came back. */
static void come_back(pc_host *host, pc_sender *s, const pc_datagram *datagram, const traffic_message *message) {
    udpfwd_traffic_arrivals arrived;
    switch (message->type) {
    case TRAFFIC_END: /* the receiver echoes what it does not know */
        if (s->state == UDPFWD_TRAFFIC_ASKING)
            pc_finish_flow(host, s, UDPFWD_PC_DONE);
        return;
    case TRAFFIC_REPORT:
        if (s->state != UDPFWD_TRAFFIC_ASKING || !read_report(datagram->data, datagram->size, &arrived)) {
            pc_malformed(host);
            return;
        }
        s->reported = arrived;
        s->counting = UDPFWD_TRAFFIC_REPORTED;
        pc_finish_flow(host, s, UDPFWD_PC_DONE);
        return;
    default:
        if (message->sequence >= s->sent || time_of(host, message) == NOT_TIMED) {
            pc_malformed(host);
            return;
        }
        if (s->returned == NULL && (s->returned = pc_take_traffic(host, sizeof *s->returned)) == NULL)
            return;
        tally_arrival(s->returned, message->sequence, datagram->size, message->sent_ns, host->now_ns);
    }
}

int pc_traffic_input(pc_host *host, const pc_datagram *datagram) {
    traffic_message message;
    const pc_packet *packet = datagram->packet;
    if (packet->to_group || datagram->source_port == 0 || !read_traffic(datagram->data, datagram->size, &message))
        return 0;
    int slot = datagram->destination_port - TRAFFIC_FIRST_PORT;
    if (slot >= 0 && slot < UDPFWD_TRAFFIC_MAX_PC_FLOWS) {
        pc_sender *s = pc_find_sender(host, (uint16_t)slot, message.flow);
        if (s != NULL && same_address(&s->flow.target, &packet->source) && s->flow.port == datagram->source_port) {
            come_back(host, s, datagram, &message);
            return 1;
        }
    }
    if (message.type == TRAFFIC_DATA || message.type == TRAFFIC_END) {
        if (count(host, datagram, &message))
            return 1;
        if (slot < 0 || slot >= UDPFWD_TRAFFIC_MAX_PC_FLOWS)
            return 0; /* any UDP is echoed */
    }
    pc_unwanted(host); /* what comes back from a flow that is over must not be echoed again */
    return 1;
}

int pc_traffic_error(pc_host *host, const pc_packet *packet, const pc_quote *quote) {
    const pc_traffic *t = host->traffic;
    int slot = get16(quote->begin) - TRAFFIC_FIRST_PORT;
    pc_sender *s = t != NULL && slot >= 0 && slot < t->sender_room ? t->senders[slot] : NULL;
    if (s == NULL || quote->protocol != PROTOCOL_UDP || get16(quote->begin + 2) != s->flow.port ||
        !same_address(&quote->destination, &s->flow.target))
        return 0;
    if (quote->mtu == 0) {
        s->unreachable++;
        int from_target = same_address(&packet->source, &s->flow.target);
        if (s->state == UDPFWD_TRAFFIC_ASKING && from_target)
            pc_finish_flow(host, s, UDPFWD_PC_DONE); /* nobody there will tell */
    }
    return 1;
}

