/* Ping and trace. One packet is on its way at a time: the next is sent when it was answered or timed out, and the interval has passed.
 */
#define _GNU_SOURCE
#include "pc_probe.h"
#include "pc_icmp.h"
#include "pc_ip.h"
#include "pc_neighbours.h"
#include "pc_udp.h"

#include <errno.h>

enum {
    TRACE_PORT = 33434,
    MOST_TIMEOUT_US = 600000000,
    LEAST_TIMEOUT_US = 100,
    MOST_PROBES = 16,
    FIRST_FILLING = 8,
    SEQUENCE_BYTES = 4
};

/* After something that could not be sent nobody needs to try again at once. */
#define NOT_SENT_PAUSE_NS (PC_SECOND_NS / 100)

static int is_trace(const pc_probe *probe) {
    return probe->job.request.kind == UDPFWD_PC_TRACE;
}

static int check(const udpfwd_pc_request *request) {
    int family = request->target.family, protocol = request->protocol;
    int is_known = protocol == PROTOCOL_ICMP || protocol == PROTOCOL_UDP || protocol == PROTOCOL_TCP;
    int is_timed = request->timeout_us >= LEAST_TIMEOUT_US && request->timeout_us <= MOST_TIMEOUT_US;
    is_timed = is_timed && request->interval_us <= MOST_TIMEOUT_US;
    size_t most = UDPFWD_PC_MAX_DATA_BYTES - (protocol == PROTOCOL_TCP ? 12 : 0); /* TCP's header is larger */
    if ((family != 4 && family != 6) || is_unspecified(&request->target) || !is_known || !is_timed || request->data_bytes > most)
        return -EINVAL;
    if (request->ttl == 0 || (protocol == PROTOCOL_TCP && is_multicast(&request->target)))
        return -EINVAL;
    return request->kind == UDPFWD_PC_TRACE && (request->count == 0 || request->count > MOST_PROBES) ? -EINVAL : 0;
}

void pc_fill(unsigned char *bytes, size_t size) {
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(FIRST_FILLING + i);
}

/* --- events --- */

udpfwd_pc_event pc_probe_event(const pc_host *host, const pc_probe *probe, int kind, const pc_packet *packet) {
    udpfwd_pc_event event = {
        .kind = kind,
        .sequence = probe->sequence,
        .hop = is_trace(probe) ? probe->hop : 0,
        .step = probe->step,
        .source_port = probe->source_port,
        .destination_port = probe->destination_port,
    };
    if (packet != NULL) {
        event.address = packet->source;
        event.ttl = packet->ttl;
        event.bytes = (uint32_t)(packet->header_bytes + packet->data_bytes);
        event.round_trip_ns = host->now_ns - probe->sent_ns;
    }
    return event;
}

void pc_probe_next(pc_host *host, pc_probe *probe) {
    const udpfwd_pc_request *request = &probe->job.request;
    uint32_t each = is_trace(probe) ? request->count : 1, all = is_trace(probe) ? request->count * request->ttl : request->count;
    if ((all != 0 && probe->sequence >= all) || (probe->is_reached && probe->sequence % each == 0)) {
        pc_finish(host, &probe->job, UDPFWD_PC_DONE);
        return;
    }
    uint64_t next_ns = probe->begun_ns + (is_trace(probe) ? 0 : request->interval_us * 1000ull);
    probe->state = PROBE_DUE;
    probe->job.due_ns = next_ns > host->now_ns ? next_ns : host->now_ns;
}

void pc_probe_not_sent(pc_host *host, pc_probe *probe, int reason) {
    udpfwd_pc_event event = pc_probe_event(host, probe, UDPFWD_PC_NOT_SENT, NULL);
    event.code = (uint8_t)reason;
    event.mtu = reason == UDPFWD_PC_TOO_BIG ? (uint32_t)pc_path_mtu_of(host, &probe->job.request.target) : 0;
    pc_job_tell(host, &probe->job, event, NULL, 0);
    if (is_trace(probe)) { /* no other hop is nearer */
        pc_finish(host, &probe->job, reason);
        return;
    }
    probe->begun_ns = host->now_ns;
    if (probe->job.request.interval_us * 1000ull < NOT_SENT_PAUSE_NS)
        probe->begun_ns += NOT_SENT_PAUSE_NS;
    pc_probe_next(host, probe);
}

/* --- sending --- */

pc_route pc_probe_route(const pc_probe *probe) {
    const udpfwd_pc_request *request = &probe->job.request;
    return (pc_route){
        .destination = request->target,
        .ttl = is_trace(probe) ? probe->hop : request->ttl,
        .dont_fragment = request->dont_fragment || is_trace(probe),
    };
}

static int send_echo(pc_host *host, pc_probe *probe) {
    const udpfwd_pc_request *request = &probe->job.request;
    pc_frame *message = pc_new_frame(host, 0, ICMP_HEADER_BYTES + request->data_bytes);
    if (message == NULL)
        return UDPFWD_PC_NO_MEMORY;
    int is_ipv4 = request->target.family == 4;
    message->start[0] = is_ipv4 ? ICMP_ECHO : ICMP6_ECHO;
    put16(message->start + 4, probe->id);
    put16(message->start + 6, probe->sequence & 0xffff);
    pc_fill(message->start + ICMP_HEADER_BYTES, request->data_bytes);
    pc_route route = pc_probe_route(probe);
    route.protocol = is_ipv4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6;
    return (is_ipv4 ? pc_icmp4_send : pc_icmp6_send)(host, &route, message);
}

static int send_datagram(pc_host *host, pc_probe *probe) {
    const udpfwd_pc_request *request = &probe->job.request;
    pc_frame *frame = pc_new_frame(host, UDP_HEADER_BYTES, request->data_bytes);
    if (frame == NULL)
        return UDPFWD_PC_NO_MEMORY;
    pc_fill(frame->start, request->data_bytes);
    if (request->data_bytes >= SEQUENCE_BYTES)
        put32(frame->start, probe->sequence);
    pc_udp_remember_port(host, probe->source_port);
    const pc_route route = pc_probe_route(probe);
    return pc_udp_send(host, &route, probe->source_port, probe->destination_port, frame);
}

static void send_probe(pc_host *host, pc_probe *probe) {
    const udpfwd_pc_request *request = &probe->job.request;
    probe->state = PROBE_WAITS;
    probe->begun_ns = probe->sent_ns = host->now_ns;
    probe->job.due_ns = host->now_ns + request->timeout_us * 1000ull;
    int reason;
    switch (request->protocol) {
    case PROTOCOL_TCP:
        reason = is_trace(probe) ? pc_tcp_trace_send(host, probe) : pc_tcp_ping_begin(host, probe);
        break;
    case PROTOCOL_UDP:
        reason = send_datagram(host, probe);
        break;
    default:
        reason = send_echo(host, probe);
    }
    if (reason != 0)
        pc_probe_not_sent(host, probe, reason);
    else
        probe->job.sent++;
}

/* What is found once for all packets of a job. */
static void prepare(pc_host *host, pc_probe *probe) {
    const udpfwd_pc_request *request = &probe->job.request;
    probe->id = (uint16_t)pc_random(host, 1u << 16);
    if (request->protocol != PROTOCOL_ICMP) {
        probe->source_port = request->source_port != 0 ? request->source_port : pc_free_port(host);
        probe->destination_port = request->destination_port;
    }
}

static void begin_next(pc_host *host, pc_probe *probe) {
    const udpfwd_pc_request *request = &probe->job.request;
    if (probe->sequence == 0)
        prepare(host, probe);
    probe->sequence++;
    probe->step = UDPFWD_PC_ECHO;
    if (is_trace(probe)) {
        probe->hop = (uint8_t)((probe->sequence - 1) / request->count + 1);
        if (request->protocol != PROTOCOL_ICMP) /* an answer to another one is not taken for this one's */
            probe->destination_port = (uint16_t)(TRACE_PORT + probe->sequence - 1);
    }
    int reason = pc_next_hop(host, &request->target, &probe->next_hop);
    if (reason != 0) {
        pc_probe_not_sent(host, probe, reason);
        return;
    }
    if (!pc_needs_neighbour(host, &probe->next_hop) || pc_find_mac(host, &probe->next_hop) != NULL) {
        send_probe(host, probe);
    } else if (pc_ask(host, &probe->next_hop)) {
        probe->state = PROBE_RESOLVES;
        probe->job.due_ns = PC_NEVER; /* neighbour is called in any case */
    } else {
        pc_probe_not_sent(host, probe, UDPFWD_PC_NO_MEMORY);
    }
}

static void expire(pc_host *host, pc_job *job) {
    pc_probe *probe = (pc_probe *)job;
    if (probe->state == PROBE_DUE) {
        begin_next(host, probe);
    } else if (job->request.protocol == PROTOCOL_TCP && !is_trace(probe)) {
        pc_tcp_ping_expire(host, probe);
    } else {
        pc_job_tell(host, job, pc_probe_event(host, probe, UDPFWD_PC_TIMEOUT, NULL), NULL, 0);
        pc_probe_next(host, probe);
    }
}

static void neighbour(pc_host *host, pc_job *job, const pc_address *address, int found) {
    pc_probe *probe = (pc_probe *)job;
    if (probe->state != PROBE_RESOLVES || !same_address(address, &probe->next_hop))
        return;
    if (found)
        send_probe(host, probe);
    else
        pc_probe_not_sent(host, probe, UDPFWD_PC_NO_NEIGHBOUR);
}

/* --- answers --- */

void pc_probe_answered(pc_host *host, pc_probe *probe, const pc_packet *packet) {
    pc_job_tell(host, &probe->job, pc_probe_event(host, probe, UDPFWD_PC_REPLY, packet), NULL, 0);
    probe->is_reached = is_trace(probe);
    pc_probe_next(host, probe);
}

static int is_from_target(const pc_host *host, const pc_probe *probe, const pc_packet *packet) {
    const pc_address *target = &probe->job.request.target;
    if (same_address(&packet->source, target))
        return 1;
    int is_group = !pc_needs_neighbour(host, target) && !pc_has_address(host, target);
    return is_group && packet->source.family == target->family;
}

static int echo(pc_host *host, pc_job *job, const pc_packet *packet) {
    pc_probe *probe = (pc_probe *)job;
    if (probe->state != PROBE_WAITS || job->request.protocol != PROTOCOL_ICMP || !is_from_target(host, probe, packet))
        return 0;
    if (get16(packet->data + 4) != probe->id || get16(packet->data + 6) != (probe->sequence & 0xffff))
        return 0;
    pc_probe_answered(host, probe, packet);
    return 1;
}

static int udp(pc_host *host, pc_job *job, const pc_datagram *datagram) {
    pc_probe *probe = (pc_probe *)job;
    if (job->request.protocol != PROTOCOL_UDP || datagram->destination_port != probe->source_port || probe->source_port == 0)
        return 0;
    if (probe->state != PROBE_WAITS || datagram->source_port != probe->destination_port ||
        !is_from_target(host, probe, datagram->packet))
        return 0;
    /* An echo of an earlier one is late; services that answer with something else have no sequence. */
    if (datagram->size == job->request.data_bytes && datagram->size >= SEQUENCE_BYTES && get32(datagram->data) != probe->sequence)
        return 0;
    pc_probe_answered(host, probe, datagram->packet);
    return 1;
}

/* Whether a quoted packet is the one that waits for its answer. */
static int is_quoted(const pc_probe *probe, const pc_quote *quote) {
    const udpfwd_pc_request *request = &probe->job.request;
    if (probe->state != PROBE_WAITS || !same_address(&quote->destination, &request->target))
        return 0;
    if (request->protocol == PROTOCOL_ICMP) {
        int is_echo = quote->protocol == (request->target.family == 4 ? PROTOCOL_ICMP : PROTOCOL_ICMPV6);
        return is_echo && get16(quote->begin + 4) == probe->id && get16(quote->begin + 6) == (probe->sequence & 0xffff);
    }
    int same_ports = get16(quote->begin) == probe->source_port && get16(quote->begin + 2) == probe->destination_port;
    return quote->protocol == request->protocol && same_ports;
}

static int error(pc_host *host, pc_job *job, const pc_packet *packet, const pc_quote *quote) {
    pc_probe *probe = (pc_probe *)job;
    if (!is_quoted(probe, quote))
        return 0;
    udpfwd_pc_event event = pc_probe_event(host, probe, UDPFWD_PC_ICMP_ERROR, packet);
    event.type = (uint8_t)quote->type;
    event.code = (uint8_t)quote->code;
    event.mtu = quote->mtu;
    pc_job_tell(host, job, event, NULL, 0);
    if (is_trace(probe) && same_address(&packet->source, &job->request.target))
        probe->is_reached = 1;
    /* Who says that there is no way will say so for the next hops, too. */
    if (is_trace(probe) && quote->type == (packet->source.family == 4 ? ICMP_UNREACHABLE : ICMP6_UNREACHABLE))
        probe->is_reached = 1;
    pc_probe_next(host, probe);
    return 1;
}

const pc_job_kind pc_ping_kind = {
    .bytes = sizeof(pc_probe),
    .check = check,
    .expire = expire,
    .echo = echo,
    .udp = udp,
    .tcp = pc_tcp_ping_input,
    .error = error,
    .neighbour = neighbour,
};

const pc_job_kind pc_trace_kind = {
    .bytes = sizeof(pc_probe),
    .check = check,
    .expire = expire,
    .echo = echo,
    .udp = udp,
    .tcp = pc_tcp_trace_input,
    .error = error,
    .neighbour = neighbour,
};
