/* The flows of a PC: a table of those that it sends, with a heap of when each is due, and one of those that it counts. */
#define _GNU_SOURCE
#include "pc_traffic.h"
#include "pc_icmp.h"
#include "pc_neighbours.h"
#include "pc_udp.h"
#include "traffic_message.h"
#include "traffic_tally.h"

#include <errno.h>
#include <stdlib.h>

enum { FIRST_ROOM = 4 };
/* Of one call of pc_expire: the other ports of the worker have a turn then. */
enum { TURN_PACKETS = 64, TURN_BYTES = 128 * 1024 };
/* Timers are not set to less than this after a turn: at higher rates a few datagrams leave together. */
#define LEAST_PAUSE_NS 50000u
/* A flow that is so late gives up its schedule, and goes on from now. */
#define MOST_BEHIND_NS (PC_SECOND_NS / 10)
/* The receiver is asked so often what has arrived, and so much later than it was sent or asked. */
enum { MOST_QUESTIONS = 10 };
#define QUESTION_PAUSE_NS (PC_SECOND_NS / 5)

typedef struct {
    udpfwd_traffic_flow flow;
    uint64_t id, due_ns;
    int place; /* in the heap */
    uint16_t slot, sink_slot;
    uint8_t state, reason, counting, questions;
    uint32_t unreachable;
    pc_address next_hop;
    uint64_t begun_ns;    /* when the first one was due */
    uint64_t schedule_ns; /* the same, but for delays */
    uint64_t sent, unsent, first_ns, last_ns;
    udpfwd_traffic_arrivals reported;
    traffic_tally *returned; /* NULL while nothing was */
} sender;

typedef struct {
    uint64_t id, most; /* sequence numbers from this on are nobody's */
    traffic_tally tally;
} sink;

typedef struct heard heard;
struct heard {
    heard *next;
    uint64_t id, sent, heard_ns;
    pc_address source;
    uint16_t source_port;
    uint8_t is_over;
    traffic_tally tally;
};

struct pc_traffic {
    sender **senders, **heap; /* both with room for sender_room; the heap has those that there are */
    sink **sinks;
    int sender_room, sender_count, sink_room, sink_count;
    uint64_t pause_until_ns;
    int listens, heard_count;
    heard *heard;
};

/* --- memory: bounded for all hosts together, apart from that of frames --- */

static void *take(pc_host *host, size_t bytes) {
    size_t *all = &host->shared->traffic_memory;
    void *memory = __atomic_add_fetch(all, bytes, __ATOMIC_RELAXED) <= PC_MAX_TRAFFIC_BYTES ? calloc(1, bytes) : NULL;
    if (memory == NULL)
        __atomic_sub_fetch(all, bytes, __ATOMIC_RELAXED);
    else
        host->traffic_memory += bytes;
    return memory;
}

static void give(pc_host *host, void *memory, size_t bytes) {
    if (memory == NULL)
        return;
    host->traffic_memory -= bytes;
    __atomic_sub_fetch(&host->shared->traffic_memory, bytes, __ATOMIC_RELAXED);
    free(memory);
}

static pc_traffic *need_traffic(pc_host *host) {
    if (host->traffic == NULL)
        host->traffic = take(host, sizeof *host->traffic);
    return host->traffic;
}

static void let_traffic_go(pc_host *host) {
    pc_traffic *t = host->traffic;
    if (t == NULL || t->sender_count > 0 || t->sink_count > 0 || t->listens)
        return;
    give(host, t->senders, sizeof(sender *) * (size_t)t->sender_room);
    give(host, t->heap, sizeof(sender *) * (size_t)t->sender_room);
    give(host, t->sinks, sizeof(sink *) * (size_t)t->sink_room);
    give(host, t, sizeof *t);
    host->traffic = NULL;
}

/* A table with twice the room, and what it has; NULL without memory. */
static void *grown(pc_host *host, void *table, int room, int wanted) {
    void *larger = take(host, sizeof(void *) * (size_t)wanted);
    if (larger != NULL && room > 0) {
        memcpy(larger, table, sizeof(void *) * (size_t)room);
        give(host, table, sizeof(void *) * (size_t)room);
    }
    return larger;
}

static int next_room(int room) {
    return room == 0 ? FIRST_ROOM : 2 * room;
}

/* The first free slot; there is one. */
static int free_slot(void *const *table) {
    int slot = 0;
    while (table[slot] != NULL)
        slot++;
    return slot;
}

/* --- the heap: each sender is due before those at 2n + 1 and 2n + 2 --- */

static void put_at(pc_traffic *t, sender *s, int place) {
    t->heap[place] = s;
    s->place = place;
}

/* The sender at a place is due at another time than before. */
static void sift(pc_traffic *t, sender *s) {
    int place = s->place;
    while (place > 0 && t->heap[(place - 1) / 2]->due_ns > s->due_ns) {
        put_at(t, t->heap[(place - 1) / 2], place);
        place = (place - 1) / 2;
    }
    for (int child; (child = 2 * place + 1) < t->sender_count; place = child) {
        if (child + 1 < t->sender_count && t->heap[child + 1]->due_ns < t->heap[child]->due_ns)
            child++;
        if (t->heap[child]->due_ns >= s->due_ns)
            break;
        put_at(t, t->heap[child], place);
    }
    put_at(t, s, place);
}

static void set_due(pc_traffic *t, sender *s, uint64_t due_ns) {
    s->due_ns = due_ns;
    sift(t, s);
}

/* --- beginning and end --- */

int pc_check_flow(const udpfwd_traffic_flow *flow) {
    const uint64_t most_ns = UDPFWD_TRAFFIC_MAX_SECONDS * PC_SECOND_NS, least_ps = 1000000000000ull / UDPFWD_TRAFFIC_MAX_RATE;
    int has_target = can_be_host(&flow->target) && flow->port != 0;
    int fits = flow->data_bytes >= UDPFWD_TRAFFIC_MIN_BYTES && flow->data_bytes <= UDPFWD_PC_MAX_DATA_BYTES && flow->echo <= 1;
    int is_paced = flow->interval_ps >= least_ps && flow->interval_ps <= UDPFWD_TRAFFIC_MAX_INTERVAL_PS && flow->burst >= 1 &&
                   flow->burst <= UDPFWD_TRAFFIC_MAX_BURST;
    int ends = flow->duration_ns > 0 && flow->duration_ns <= most_ns && flow->delay_ns <= most_ns;
    return has_target && fits && is_paced && ends ? 0 : -EINVAL;
}

uint64_t pc_flow_id(pc_host *host) {
    return draw_random(&host->random);
}

static uint64_t most_packets(const udpfwd_traffic_flow *flow) {
    uint64_t in_time = flow->duration_ns * 1000 / flow->interval_ps + flow->burst;
    return flow->packets != 0 && flow->packets < in_time ? flow->packets : in_time;
}

/* Room for one more sink; 0 or an error. */
static int make_sink_room(pc_host *host, pc_traffic *t) {
    if (t->sink_count == UDPFWD_TRAFFIC_MAX_PC_FLOWS)
        return -ENOBUFS;
    if (t->sink_count < t->sink_room)
        return 0;
    int room = next_room(t->sink_room);
    sink **sinks = grown(host, t->sinks, t->sink_room, room);
    if (sinks == NULL)
        return -ENOMEM;
    t->sinks = sinks;
    t->sink_room = room;
    return 0;
}

int pc_add_sink(pc_host *host, uint64_t id, const udpfwd_traffic_flow *flow) {
    pc_traffic *t = need_traffic(host);
    if (t == NULL)
        return -ENOMEM;
    int result = make_sink_room(host, t);
    sink *added = result == 0 ? take(host, sizeof *added) : NULL;
    if (result == 0 && added == NULL)
        result = -ENOMEM;
    if (added != NULL) {
        result = free_slot((void *const *)t->sinks);
        added->id = id;
        added->most = most_packets(flow);
        t->sinks[result] = added;
        t->sink_count++;
    }
    let_traffic_go(host);
    return result;
}

/* Room for one more sender; 0 or an error. */
static int make_sender_room(pc_host *host, pc_traffic *t) {
    if (t->sender_count == UDPFWD_TRAFFIC_MAX_PC_FLOWS)
        return -ENOBUFS;
    if (t->sender_count < t->sender_room)
        return 0;
    int room = next_room(t->sender_room);
    sender **heap = take(host, sizeof *heap * (size_t)room), **senders = NULL;
    if (heap == NULL || (senders = grown(host, t->senders, t->sender_room, room)) == NULL) {
        give(host, heap, sizeof *heap * (size_t)room);
        return -ENOMEM;
    }
    if (t->sender_count > 0)
        memcpy(heap, t->heap, sizeof *heap * (size_t)t->sender_count);
    give(host, t->heap, sizeof *heap * (size_t)t->sender_room);
    t->heap = heap;
    t->senders = senders;
    t->sender_room = room;
    return 0;
}

int pc_add_sender(pc_host *host, uint64_t id, const udpfwd_traffic_flow *flow, uint16_t sink_slot) {
    if (pc_is_group(host, &flow->target))
        return -EINVAL;
    pc_traffic *t = need_traffic(host);
    if (t == NULL)
        return -ENOMEM;
    int result = make_sender_room(host, t);
    sender *added = result == 0 ? take(host, sizeof *added) : NULL;
    if (result == 0 && added == NULL)
        result = -ENOMEM;
    if (added != NULL) {
        result = free_slot((void *const *)t->senders);
        *added = (sender){.flow = *flow, .id = id, .slot = (uint16_t)result, .sink_slot = sink_slot};
        t->senders[result] = added;
        put_at(t, added, t->sender_count++);
        set_due(t, added, host->now_ns + flow->delay_ns);
    }
    let_traffic_go(host);
    return result;
}

static sender *find_sender(const pc_host *host, uint16_t slot, uint64_t id) {
    const pc_traffic *t = host->traffic;
    sender *found = t != NULL && slot < t->sender_room ? t->senders[slot] : NULL;
    return found != NULL && found->id == id ? found : NULL;
}

static sink *find_sink(const pc_host *host, uint16_t slot, uint64_t id) {
    const pc_traffic *t = host->traffic;
    sink *found = t != NULL && slot < t->sink_room ? t->sinks[slot] : NULL;
    return found != NULL && found->id == id ? found : NULL;
}

void pc_drop_sink(pc_host *host, uint16_t slot, uint64_t id) {
    sink *dropped = find_sink(host, slot, id);
    if (dropped == NULL)
        return;
    host->traffic->sinks[slot] = NULL;
    host->traffic->sink_count--;
    give(host, dropped, sizeof *dropped);
    let_traffic_go(host);
}

void pc_drop_sender(pc_host *host, uint16_t slot, uint64_t id) {
    pc_traffic *t = host->traffic;
    sender *dropped = find_sender(host, slot, id);
    if (dropped == NULL)
        return;
    t->senders[slot] = NULL;
    sender *last = t->heap[--t->sender_count];
    if (last != dropped) {
        put_at(t, last, dropped->place);
        sift(t, last);
    }
    give(host, dropped->returned, sizeof *dropped->returned);
    give(host, dropped, sizeof *dropped);
    let_traffic_go(host);
}

int pc_listen(pc_host *host) {
    pc_traffic *t = need_traffic(host);
    if (t == NULL)
        return -ENOMEM;
    if (t->listens)
        return -EBUSY;
    t->listens = 1;
    return 0;
}

static void drop_heard(pc_host *host, heard **at) {
    heard *dropped = *at;
    *at = dropped->next;
    host->traffic->heard_count--;
    give(host, dropped, sizeof *dropped);
}

void pc_end_listening(pc_host *host) {
    if (host->traffic == NULL)
        return;
    while (host->traffic->heard != NULL)
        drop_heard(host, &host->traffic->heard);
    host->traffic->listens = 0;
    let_traffic_go(host);
}

void pc_drop_traffic(pc_host *host) {
    pc_end_listening(host);
    for (int slot = 0; host->traffic != NULL && slot < host->traffic->sink_room; slot++)
        if (host->traffic->sinks[slot] != NULL)
            pc_drop_sink(host, (uint16_t)slot, host->traffic->sinks[slot]->id);
    while (host->traffic != NULL)
        pc_drop_sender(host, host->traffic->heap[0]->slot, host->traffic->heap[0]->id);
}

/* --- sending --- */

static int is_counted_elsewhere(const sender *s) {
    return s->sink_slot == TRAFFIC_NO_SLOT;
}

static void finish(pc_host *host, sender *s, int reason) {
    s->state = UDPFWD_TRAFFIC_DONE;
    s->reason = (uint8_t)reason;
    set_due(host->traffic, s, PC_NEVER);
}

static int send_message(pc_host *host, const sender *s, traffic_message message, size_t size) {
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

/* Begins to send, or waits for the neighbour that it goes to. */
static void begin(pc_host *host, sender *s) {
    int reason = pc_next_hop(host, &s->flow.target, &s->next_hop);
    if (reason == 0 && pc_is_group(host, &s->flow.target))
        reason = UDPFWD_PC_NO_NEIGHBOUR; /* its addresses were changed meanwhile */
    if (reason == 0 && pc_needs_neighbour(host, &s->next_hop) && pc_find_mac(host, &s->next_hop) == NULL) {
        set_due(host->traffic, s, PC_NEVER); /* pc_traffic_neighbour is called in any case */
        if (pc_ask(host, &s->next_hop))
            return;
        reason = UDPFWD_PC_NO_MEMORY;
    }
    if (reason != 0) {
        finish(host, s, reason);
        return;
    }
    s->state = UDPFWD_TRAFFIC_SENDING;
    s->begun_ns = s->schedule_ns = host->now_ns;
    set_due(host->traffic, s, host->now_ns);
}

static uint64_t next_due(const sender *s) {
    uint64_t number = s->sent + s->unsent;
    return s->schedule_ns + (number - number % s->flow.burst) * s->flow.interval_ps / 1000;
}

static void end_sending(pc_host *host, sender *s) {
    if (!is_counted_elsewhere(s)) {
        finish(host, s, UDPFWD_PC_DONE);
        return;
    }
    s->state = UDPFWD_TRAFFIC_ASKING;
    set_due(host->traffic, s, host->now_ns + QUESTION_PAUSE_NS);
}

/* Sends what is due of a flow, but no more than there is room for in this turn. */
static void send_due(pc_host *host, sender *s, int *packets, int64_t *bytes) {
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
        const traffic_message message = {.type = TRAFFIC_DATA, .echo = flow->echo, .sequence = s->sent};
        int reason = send_message(host, s, message, flow->data_bytes);
        if (reason != 0 && reason != UDPFWD_PC_NO_MEMORY) {
            finish(host, s, reason);
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
    set_due(host->traffic, s, due_ns < end_ns ? due_ns : end_ns);
}

static void ask(pc_host *host, sender *s) {
    if (s->questions == MOST_QUESTIONS) {
        finish(host, s, UDPFWD_PC_DONE);
        return;
    }
    s->questions++;
    set_due(host->traffic, s, host->now_ns + QUESTION_PAUSE_NS);
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
        sender *s = t->heap[0];
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
        sender *s = t->senders[slot];
        if (s == NULL || s->state != UDPFWD_TRAFFIC_WAITING || s->due_ns != PC_NEVER || !same_address(&s->next_hop, address))
            continue;
        if (found)
            set_due(t, s, host->now_ns);
        else
            finish(host, s, UDPFWD_PC_NO_NEIGHBOUR);
    }
}

/* --- receiving --- */

/* The times of a message, where they are of our clock. */
static uint64_t time_of(const pc_host *host, const traffic_message *message) {
    int is_ours = message->clock == host->shared->clock_id && message->sent_ns <= host->now_ns;
    return is_ours ? message->sent_ns : NOT_TIMED;
}

static heard *find_heard(const pc_host *host, uint64_t id) {
    heard *found = host->traffic->heard;
    while (found != NULL && found->id != id)
        found = found->next;
    return found;
}

/* A place for a flow that is heard for the first time; NULL without memory. */
static heard *hear(pc_host *host, const pc_datagram *datagram, uint64_t id) {
    pc_traffic *t = host->traffic;
    if (t->heard_count == UDPFWD_TRAFFIC_MAX_HEARD) {
        heard **oldest = &t->heard;
        for (heard **at = &t->heard; *at != NULL; at = &(*at)->next)
            if ((*at)->heard_ns < (*oldest)->heard_ns)
                oldest = at;
        drop_heard(host, oldest);
    }
    heard *made = take(host, sizeof *made);
    if (made == NULL)
        return NULL;
    made->id = id;
    made->source = datagram->packet->source;
    made->source_port = datagram->source_port;
    made->next = t->heard;
    t->heard = made;
    t->heard_count++;
    return made;
}

static void answer(pc_host *host, const pc_datagram *datagram, pc_frame *frame) {
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
    heard *other = NULL;
    sink *own = find_sink(host, message->slot, message->flow);
    if (own != NULL) {
        if (message->type != TRAFFIC_DATA || message->sequence >= own->most) {
            pc_malformed(host);
            return 1;
        }
        tally = &own->tally;
    } else if (host->traffic != NULL && host->traffic->listens) {
        other = find_heard(host, message->flow);
        if (other == NULL && message->type == TRAFFIC_DATA)
            other = hear(host, datagram, message->flow);
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
static void come_back(pc_host *host, sender *s, const pc_datagram *datagram, const traffic_message *message) {
    udpfwd_traffic_arrivals arrived;
    switch (message->type) {
    case TRAFFIC_END: /* the receiver echoes what it does not know */
        if (s->state == UDPFWD_TRAFFIC_ASKING)
            finish(host, s, UDPFWD_PC_DONE);
        return;
    case TRAFFIC_REPORT:
        if (s->state != UDPFWD_TRAFFIC_ASKING || !read_report(datagram->data, datagram->size, &arrived)) {
            pc_malformed(host);
            return;
        }
        s->reported = arrived;
        s->counting = UDPFWD_TRAFFIC_REPORTED;
        finish(host, s, UDPFWD_PC_DONE);
        return;
    default:
        if (message->sequence >= s->sent || time_of(host, message) == NOT_TIMED) {
            pc_malformed(host);
            return;
        }
        if (s->returned == NULL && (s->returned = take(host, sizeof *s->returned)) == NULL)
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
        sender *s = find_sender(host, (uint16_t)slot, message.flow);
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
    sender *s = t != NULL && slot >= 0 && slot < t->sender_room ? t->senders[slot] : NULL;
    if (s == NULL || quote->protocol != PROTOCOL_UDP || get16(quote->begin + 2) != s->flow.port ||
        !same_address(&quote->destination, &s->flow.target))
        return 0;
    if (quote->mtu == 0) {
        s->unreachable++;
        int from_target = same_address(&packet->source, &s->flow.target);
        if (s->state == UDPFWD_TRAFFIC_ASKING && from_target)
            finish(host, s, UDPFWD_PC_DONE); /* nobody there will tell */
    }
    return 1;
}

/* --- results --- */

int pc_read_sender(const pc_host *host, uint16_t slot, uint64_t id, udpfwd_traffic_result *result) {
    const sender *s = find_sender(host, slot, id);
    if (s == NULL)
        return 0;
    *result = (udpfwd_traffic_result){
        .state = s->state,
        .reason = s->reason,
        .counting = s->counting,
        .unreachable = s->unreachable,
        .sent = s->sent,
        .unsent = s->unsent,
        .span_ns = s->last_ns - s->first_ns,
        .arrived = s->reported,
        .returned = read_tally(s->returned),
    };
    return 1;
}

int pc_read_sink(const pc_host *host, uint16_t slot, uint64_t id, udpfwd_traffic_result *result) {
    const sink *found = find_sink(host, slot, id);
    if (found == NULL)
        return 0;
    result->counting = UDPFWD_TRAFFIC_COUNTED;
    result->arrived = read_tally(&found->tally);
    return 1;
}

int pc_list_heard(const pc_host *host, udpfwd_traffic_heard_flow *flows, int max) {
    int found = 0;
    for (const heard *each = host->traffic == NULL ? NULL : host->traffic->heard; each != NULL; each = each->next, found++) {
        if (found >= max)
            continue;
        flows[found] = (udpfwd_traffic_heard_flow){
            .id = each->id,
            .source = each->source,
            .source_port = each->source_port,
            .is_over = each->is_over,
            .sent = each->sent,
            .silent_ns = host->now_ns - each->heard_ns,
            .arrived = read_tally(&each->tally),
        };
    }
    return found;
}
