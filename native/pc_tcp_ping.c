/* A ping by TCP: for each sequence a connection, a segment of data, and the end of the connection. Each step has an answer and its
 * time. */
#define _GNU_SOURCE
#include "pc_probe.h"
#include "pc_tcp.h"

#define OUR_WINDOW 8192
/* In the time of a step something that is lost is sent so often. */
#define TRIES 3

static void send(pc_host *host, pc_probe *probe, int flags, uint32_t sequence, uint32_t data_bytes, int *reason) {
    pc_segment_out out = {
        .route = pc_probe_route(probe),
        .source_port = probe->source_port,
        .destination_port = probe->destination_port,
        .window = OUR_WINDOW,
        .mss = flags & TCP_SYN ? pc_link_mss(host, probe->job.request.target.family) : 0,
        .sequence = sequence,
        .acknowledged = flags & TCP_ACK ? probe->expected : 0,
        .flags = flags,
    };
    pc_frame *frame = NULL;
    if (data_bytes > 0) {
        frame = pc_new_frame(host, TCP_HEADER_BYTES, data_bytes);
        if (frame == NULL) {
            *reason = UDPFWD_PC_NO_MEMORY;
            return;
        }
        pc_fill(frame->start, data_bytes);
    }
    *reason = pc_send_segment(host, &out, frame);
}

/* Sends what belongs to the step; 'sent' is the number of its first byte. */
static int send_step(pc_host *host, pc_probe *probe) {
    const udpfwd_pc_request *request = &probe->job.request;
    int flags = request->tcp_flags != 0 ? request->tcp_flags : TCP_PSH | TCP_ACK, reason = 0;
    uint64_t timeout_ns = request->timeout_us * 1000ull;
    probe->again_ns = host->now_ns + timeout_ns / TRIES;
    probe->job.due_ns = pc_sooner(probe->again_ns, probe->sent_ns + timeout_ns);
    if (probe->step == UDPFWD_PC_CONNECT)
        send(host, probe, TCP_SYN, probe->sent, 0, &reason);
    else if (probe->step == UDPFWD_PC_SEND)
        send(host, probe, flags, probe->sent, request->data_bytes, &reason);
    else
        send(host, probe, TCP_FIN | TCP_ACK, probe->sent, 0, &reason);
    return reason;
}

/* How many numbers the step takes. */
static uint32_t step_size(const pc_probe *probe) {
    return probe->step == UDPFWD_PC_SEND ? probe->job.request.data_bytes : 1;
}

int pc_tcp_ping_begin(pc_host *host, pc_probe *probe) {
    if (probe->sequence > 1 && probe->job.request.source_port == 0) /* the connection before may not be over for the target */
        probe->source_port = pc_free_port(host);
    probe->step = UDPFWD_PC_CONNECT;
    probe->sent = (uint32_t)pc_random(host, UINT32_MAX);
    probe->is_answered = probe->is_closed = 0;
    return send_step(host, probe);
}

static void begin_step(pc_host *host, pc_probe *probe, int step) {
    probe->sent += step_size(probe);
    probe->step = (uint8_t)step;
    probe->sent_ns = host->now_ns;
    int reason = send_step(host, probe);
    if (reason != 0)
        pc_probe_not_sent(host, probe, reason);
}

static void tell(pc_host *host, pc_probe *probe, int kind, const pc_packet *packet) {
    pc_job_tell(host, &probe->job, pc_probe_event(host, probe, kind, packet), NULL, 0);
}

/* Ours was answered and theirs came, or will not: that the first was is what counts. */
static void end_connection(pc_host *host, pc_probe *probe) {
    pc_probe_next(host, probe);
}

void pc_tcp_ping_expire(pc_host *host, pc_probe *probe) {
    uint64_t end_ns = probe->sent_ns + probe->job.request.timeout_us * 1000ull;
    if (host->now_ns < end_ns) {
        if (!probe->is_answered)
            send_step(host, probe);
        else
            probe->job.due_ns = end_ns;
        return;
    }
    if (!probe->is_answered) {
        int reason;
        tell(host, probe, UDPFWD_PC_TIMEOUT, NULL);
        if (probe->step != UDPFWD_PC_CONNECT) /* the target shall not keep it */
            send(host, probe, TCP_RST | TCP_ACK, probe->sent, 0, &reason);
    }
    end_connection(host, probe);
}

static void acknowledge(pc_host *host, pc_probe *probe) {
    int reason;
    send(host, probe, TCP_ACK, probe->sent + (probe->is_answered ? step_size(probe) : 0), 0, &reason);
}

static void connected(pc_host *host, pc_probe *probe, const pc_segment *segment) {
    probe->expected = segment->sequence + 1;
    tell(host, probe, UDPFWD_PC_REPLY, segment->packet);
    if (probe->job.request.data_bytes > 0) {
        begin_step(host, probe, UDPFWD_PC_SEND);
    } else {
        begin_step(host, probe, UDPFWD_PC_CLOSE);
    }
}

/* Takes what the target sends in order. Returns whether it wants an answer. */
static int take_data(pc_probe *probe, const pc_segment *segment) {
    if (segment->size == 0 && !(segment->flags & TCP_FIN))
        return 0;
    if (segment->sequence == probe->expected && !probe->is_closed) {
        probe->expected += (uint32_t)segment->size + !!(segment->flags & TCP_FIN);
        probe->is_closed = !!(segment->flags & TCP_FIN);
    }
    return 1;
}

static void in_connection(pc_host *host, pc_probe *probe, const pc_segment *segment) {
    int wants_answer = take_data(probe, segment);
    int is_answer = !probe->is_answered && segment->acknowledged == probe->sent + step_size(probe);
    if (is_answer) {
        tell(host, probe, UDPFWD_PC_REPLY, segment->packet);
        if (probe->step == UDPFWD_PC_SEND) {
            begin_step(host, probe, UDPFWD_PC_CLOSE); /* which acknowledges, too */
            return;
        }
        probe->is_answered = 1;
        probe->job.due_ns = probe->sent_ns + probe->job.request.timeout_us * 1000ull;
    }
    if (wants_answer)
        acknowledge(host, probe);
    if (probe->is_answered && probe->is_closed)
        end_connection(host, probe);
}

int pc_tcp_ping_input(pc_host *host, pc_job *job, const pc_segment *segment) {
    pc_probe *probe = (pc_probe *)job;
    if (job->request.protocol != PROTOCOL_TCP || probe->state != PROBE_WAITS || segment->destination_port != probe->source_port ||
        segment->source_port != probe->destination_port || !same_address(&segment->packet->source, &job->request.target))
        return 0;
    int is_acknowledged = (segment->flags & TCP_ACK) && segment->acknowledged == probe->sent + step_size(probe);
    /* VPCS answers with wrong checksums, as every VPCS knows. What acknowledges just what was sent is such an answer. */
    if (segment->is_damaged && !is_acknowledged)
        return 0;
    if (segment->flags & TCP_RST) {
        if (probe->step == UDPFWD_PC_CONNECT ? !is_acknowledged : segment->sequence != probe->expected)
            return 1; /* not one that may be (RFC 9293, 3.10.7.3 and 4) */
        tell(host, probe, UDPFWD_PC_RESET, segment->packet);
        pc_probe_next(host, probe);
    } else if (probe->step == UDPFWD_PC_CONNECT) {
        if ((segment->flags & TCP_SYN) && is_acknowledged)
            connected(host, probe, segment);
        else
            pc_reset(host, segment);
    } else if (segment->flags & TCP_ACK) {
        in_connection(host, probe, segment);
    }
    return 1;
}

int pc_tcp_trace_send(pc_host *host, pc_probe *probe) {
    int reason;
    probe->sent = (uint32_t)pc_random(host, UINT32_MAX);
    send(host, probe, TCP_SYN, probe->sent, 0, &reason);
    return reason;
}

int pc_tcp_trace_input(pc_host *host, pc_job *job, const pc_segment *segment) {
    pc_probe *probe = (pc_probe *)job;
    if (job->request.protocol != PROTOCOL_TCP || probe->state != PROBE_WAITS || segment->destination_port != probe->source_port ||
        segment->source_port != probe->destination_port || !same_address(&segment->packet->source, &job->request.target))
        return 0;
    if (!(segment->flags & (TCP_SYN | TCP_RST)) || !(segment->flags & TCP_ACK) || segment->acknowledged != probe->sent + 1)
        return 0;
    pc_reset(host, segment); /* the target shall not wait */
    pc_probe_answered(host, probe, segment->packet);
    return 1;
}
