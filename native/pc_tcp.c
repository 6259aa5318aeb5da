/* TCP: connections to any port of a PC are accepted, as VPCS does. The echo port sends back what it gets; others take it.
 *
 * A connection has a buffer while the peer has not acknowledged what was sent back. Segments out of order are not kept: the peer sends
 * them again. A connection that waits for its peer has no timer, and gives way to newer ones.
 */
#define _GNU_SOURCE
#include "pc_tcp.h"
#include "pc_udp.h"

#define MOST_CONNECTIONS 16 /* of one PC */
#define BUFFER_BYTES 8192u
#define RETRANSMIT_NS PC_SECOND_NS /* RFC 6298, 2.1; twice as long each time */
#define MOST_TRIES 5

struct pc_connection {
    pc_connection *next;
    pc_address peer, local;
    uint16_t peer_port, local_port, peer_window, mss;
    uint32_t expected;     /* from the peer */
    uint32_t acknowledged; /* by the peer: buffer[0] is this byte, once the SYN is acknowledged */
    uint32_t sent;         /* the next to send */
    uint32_t buffered;
    uint8_t is_open, peer_closed, fin_sent; /* is_open: our SYN was acknowledged */
    uint8_t tries;
    uint64_t due_ns;
    unsigned char *buffer; /* BUFFER_BYTES, or NULL */
};

static void drop_buffer(pc_host *host, pc_connection *c) {
    pc_give(host, c->buffer, BUFFER_BYTES);
    c->buffer = NULL;
}

static void remove_connection(pc_host *host, pc_connection *c) {
    pc_connection **at = &host->connections;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    drop_buffer(host, c);
    pc_give(host, c, sizeof *c);
}

void pc_drop_connections(pc_host *host) {
    while (host->connections != NULL)
        remove_connection(host, host->connections);
}

static pc_connection *find(const pc_host *host, const pc_segment *segment) {
    for (pc_connection *c = host->connections; c != NULL; c = c->next)
        if (c->peer_port == segment->source_port && c->local_port == segment->destination_port &&
            same_address(&c->peer, &segment->packet->source) && same_address(&c->local, &segment->packet->destination))
            return c;
    return NULL;
}

static uint32_t room(const pc_connection *c) {
    return BUFFER_BYTES - c->buffered;
}

/* --- out --- */

static void send(pc_host *host, const pc_connection *c, uint32_t sequence, int flags, uint16_t mss, pc_frame *data) {
    const pc_segment_out out = {
        .route = {.source = c->local, .destination = c->peer},
        .source_port = c->local_port,
        .destination_port = c->peer_port,
        .window = (uint16_t)room(c),
        .mss = mss,
        .sequence = sequence,
        .acknowledged = c->expected,
        .flags = flags,
    };
    pc_send_segment(host, &out, data);
}

static void send_syn(pc_host *host, pc_connection *c) {
    send(host, c, c->acknowledged, TCP_SYN | TCP_ACK, pc_link_mss(host, c->peer.family), NULL);
}

/* What is buffered and was not sent, as far as the peer's window goes, then the end if the peer has ended. Returns whether it sent
 * anything. */
static int send_more(pc_host *host, pc_connection *c) {
    int has_sent = 0;
    while (!c->fin_sent) {
        uint32_t begun = c->sent - c->acknowledged, left = c->buffered - begun;
        uint32_t window = c->peer_window > begun ? c->peer_window - begun : 0;
        uint32_t size = left < window ? left : window;
        if (size > c->mss)
            size = c->mss;
        if (left > 0 && size == 0)
            break;
        if (left == 0 && !c->peer_closed)
            break;
        pc_frame *frame = size > 0 ? pc_new_frame(host, TCP_HEADER_BYTES, size) : NULL;
        if (size > 0 && frame == NULL)
            break;
        if (size > 0)
            memcpy(frame->start, c->buffer + begun, size);
        int is_last = size == left && c->peer_closed;
        send(host, c, c->sent, TCP_ACK | (size > 0 ? TCP_PSH : 0) | (is_last ? TCP_FIN : 0), 0, frame);
        c->sent += size + (uint32_t)is_last;
        c->fin_sent = (uint8_t)is_last;
        has_sent = 1;
    }
    if (c->sent != c->acknowledged || c->buffered > 0) {
        if (c->due_ns == PC_NEVER)
            c->due_ns = host->now_ns + (RETRANSMIT_NS << c->tries);
    } else {
        c->due_ns = PC_NEVER;
    }
    return has_sent;
}

/* --- in --- */

static void accept_connection(pc_host *host, const pc_segment *segment) {
    int count = 0;
    pc_connection *oldest = NULL;
    for (pc_connection *c = host->connections; c != NULL; c = c->next, count++)
        oldest = c; /* new ones are put in front */
    if (count >= MOST_CONNECTIONS)
        remove_connection(host, oldest);
    pc_connection *c = pc_take_to_keep(host, sizeof *c);
    if (c == NULL) {
        host->counters.dropped++;
        return;
    }
    uint32_t first = (uint32_t)pc_random(host, UINT32_MAX);
    uint16_t most = pc_link_mss(host, segment->packet->source.family);
    *c = (pc_connection){
        .next = host->connections,
        .peer = segment->packet->source,
        .local = segment->packet->destination,
        .peer_port = segment->source_port,
        .local_port = segment->destination_port,
        .peer_window = segment->window,
        .mss = segment->mss < most ? segment->mss : most,
        .expected = segment->sequence + 1,
        .acknowledged = first,
        .sent = first + 1,
        .due_ns = host->now_ns + RETRANSMIT_NS,
    };
    host->connections = c;
    send_syn(host, c);
}

/* Takes the acknowledgement of a segment. Returns 0 when the connection is over with it. */
static int take_acknowledgement(pc_host *host, pc_connection *c, const pc_segment *segment) {
    uint32_t newly = segment->acknowledged - c->acknowledged;
    c->peer_window = segment->window;
    if (newly == 0 || newly > c->sent - c->acknowledged)
        return 1;
    int fin_acknowledged = c->fin_sent && segment->acknowledged == c->sent;
    uint32_t data = newly - (c->is_open ? 0 : 1) - (fin_acknowledged ? 1 : 0);
    c->is_open = 1;
    c->acknowledged = segment->acknowledged;
    if (data > 0) {
        memmove(c->buffer, c->buffer + data, c->buffered - data);
        c->buffered -= data;
    }
    if (c->buffered == 0)
        drop_buffer(host, c);
    c->tries = 0;
    c->due_ns = PC_NEVER;
    if (fin_acknowledged) {
        remove_connection(host, c);
        return 0;
    }
    return 1;
}

/* Tells the peer where the connection is, after a segment that does not fit (RFC 9293, 3.10.7.4). Two hosts that disagree would tell
 * each other for ever (RFC 5961, 7). */
static void correct(pc_host *host, const pc_connection *c) {
    if (pc_allows(host, &host->acknowledgements))
        send(host, c, c->sent, TCP_ACK, 0, NULL);
    else
        pc_unwanted(host);
}

enum { NO_ANSWER, ACKNOWLEDGE, CORRECT };

/* Takes the data of a segment that is the next in order, as much as there is room for. Returns the answer that it wants. */
static int take_data(pc_host *host, pc_connection *c, const pc_segment *segment) {
    int has_end = !!(segment->flags & TCP_FIN);
    if (segment->size == 0 && !has_end)
        return segment->sequence != c->expected ? CORRECT : NO_ANSWER; /* a keep-alive, most likely */
    uint32_t known = c->expected - segment->sequence;
    if (known > segment->size || c->peer_closed)
        return CORRECT;
    uint32_t size = (uint32_t)segment->size - known;
    if (c->local_port == ECHO_PORT && size > 0) {
        if (c->buffer == NULL)
            c->buffer = pc_take_to_keep(host, BUFFER_BYTES);
        uint32_t fits = c->buffer == NULL ? 0 : size < room(c) ? size : room(c);
        if (fits > 0)
            memcpy(c->buffer + c->buffered, segment->data + known, fits);
        c->buffered += fits;
        has_end = has_end && fits == size;
        size = fits;
    }
    c->expected += size + (uint32_t)has_end;
    c->peer_closed = (uint8_t)has_end;
    return ACKNOWLEDGE;
}

static void in_connection(pc_host *host, pc_connection *c, const pc_segment *segment) {
    if (segment->flags & TCP_RST) {
        if (segment->sequence == c->expected)
            remove_connection(host, c);
        return;
    }
    if (segment->flags & TCP_SYN) {
        if (!c->is_open && segment->sequence == c->expected - 1)
            send_syn(host, c);
        else
            correct(host, c);
        return;
    }
    if (!(segment->flags & TCP_ACK))
        return;
    if (!c->is_open && segment->acknowledged != c->sent) {
        pc_reset(host, segment);
        return;
    }
    if (!take_acknowledgement(host, c, segment))
        return;
    int answer = take_data(host, c, segment);
    if (send_more(host, c) || answer == NO_ANSWER)
        return;
    if (answer == ACKNOWLEDGE)
        send(host, c, c->sent, TCP_ACK, 0, NULL);
    else
        correct(host, c);
}

void pc_tcp_input(pc_host *host, const pc_packet *packet) {
    pc_segment segment;
    if (packet->to_group) {
        pc_unwanted(host);
        return;
    }
    if (!pc_read_segment(packet, &segment)) {
        pc_malformed(host);
        return;
    }
    if (pc_jobs_tcp(host, &segment))
        return;
    if (segment.is_damaged) {
        pc_malformed(host);
        return;
    }
    pc_connection *c = find(host, &segment);
    if (c != NULL)
        in_connection(host, c, &segment);
    else if ((segment.flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN && can_be_host(&packet->source))
        accept_connection(host, &segment);
    else
        pc_reset(host, &segment);
}

/* --- time --- */

uint64_t pc_connections_due(const pc_host *host) {
    uint64_t due = PC_NEVER;
    for (const pc_connection *c = host->connections; c != NULL; c = c->next)
        due = pc_sooner(due, c->due_ns);
    return due;
}

void pc_expire_connections(pc_host *host) {
    for (pc_connection *c = host->connections, *next; c != NULL; c = next) {
        next = c->next;
        if (c->due_ns > host->now_ns)
            continue;
        if (c->tries++ == MOST_TRIES) {
            send(host, c, c->sent, TCP_RST | TCP_ACK, 0, NULL);
            remove_connection(host, c);
            continue;
        }
        c->due_ns = host->now_ns + (RETRANSMIT_NS << c->tries);
        if (!c->is_open) {
            send_syn(host, c);
            continue;
        }
        c->sent = c->acknowledged; /* all over again */
        c->fin_sent = 0;
        if (c->peer_window == 0)
            c->peer_window = 1; /* a probe of the window (RFC 9293, 3.8.6.1) */
        send_more(host, c);
    }
}
