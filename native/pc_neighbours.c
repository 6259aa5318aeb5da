/* Neighbours: a table that grows with its use and forgets by looking at the time, so that it needs a timer only while it asks. */
#define _GNU_SOURCE
#include "pc_neighbours.h"
#include "pc_arp.h"
#include "pc_ip.h"
#include "pc_jobs.h"
#include "pc_nd.h"
#include "pc_traffic.h"

#include <stdlib.h>

#define ASK_TIMES 3
#define ASK_INTERVAL_NS PC_SECOND_NS
#define LIFE_NS (UDPFWD_PC_NEIGHBOUR_SECONDS * PC_SECOND_NS)
/* One that is used is asked again when it is so old, so that it does not go in the middle of traffic. */
#define REFRESH_NS (LIFE_NS / 4 * 3)
/* Frames that wait for one neighbour: those of one datagram of the largest size, and some. */
#define MAX_WAITING_FRAMES 64
/* And those that wait for all of them together. */
#define MAX_WAITING_BYTES (96u << 10)
/* So many may be asked for because of what is answered: whoever makes up senders leaves room for others. */
#define MAX_ASKED (UDPFWD_PC_MAX_NEIGHBOURS / 2)
#define FIRST_ROOM 2

struct pc_neighbour {
    pc_address address;
    uint8_t mac[ETHERNET_ADDRESS_BYTES];
    uint8_t is_known;
    uint8_t asked; /* how often since it was learned */
    uint8_t waiting_frames;
    uint64_t learned_ns;
    uint64_t due_ns; /* while it is not known: when to ask again, or to give up */
    pc_queue waiting;
};

static pc_neighbour *find(const pc_host *host, const pc_address *address) {
    for (int i = 0; i < host->neighbour_count; i++)
        if (same_address(&host->neighbours[i].address, address))
            return &host->neighbours[i];
    return NULL;
}

static int is_fresh(const pc_neighbour *n, uint64_t now_ns) {
    return n->is_known && now_ns - n->learned_ns < LIFE_NS;
}

static void ask(pc_host *host, pc_neighbour *n) {
    n->asked++;
    n->due_ns = host->now_ns + ASK_INTERVAL_NS;
    if (n->address.family == 4)
        pc_arp_ask(host, &n->address);
    else
        pc_nd_ask(host, &n->address);
}

static void drop_waiting(pc_host *host, pc_neighbour *n) {
    host->counters.dropped += n->waiting_frames;
    n->waiting_frames = 0;
    for (pc_frame *frame; (frame = pc_pop(&n->waiting)) != NULL;) {
        host->waiting_bytes -= frame->room;
        pc_free_frame(host, frame);
    }
}

static void remove_at(pc_host *host, int i) {
    drop_waiting(host, &host->neighbours[i]);
    host->neighbours[i] = host->neighbours[--host->neighbour_count];
}

static void tell_who_waits(pc_host *host, const pc_address *address, int found) {
    pc_jobs_neighbour(host, address, found);
    pc_traffic_neighbour(host, address, found);
}

/* Room for one more: more memory, or that of the one that was learned first. */
static int make_room(pc_host *host) {
    if (host->neighbour_count < host->neighbour_room)
        return 1;
    if (host->neighbour_room < UDPFWD_PC_MAX_NEIGHBOURS) {
        int room = host->neighbour_room == 0 ? FIRST_ROOM : 2 * host->neighbour_room;
        pc_neighbour *table = pc_take(host, sizeof *table * (size_t)room);
        if (table != NULL) {
            if (host->neighbour_count > 0)
                memcpy(table, host->neighbours, sizeof *table * (size_t)host->neighbour_count);
            pc_give(host, host->neighbours, sizeof *table * (size_t)host->neighbour_room);
            host->neighbours = table;
            host->neighbour_room = room;
            return 1;
        }
    }
    int oldest = -1;
    for (int i = 0; i < host->neighbour_count; i++)
        if (host->neighbours[i].is_known && (oldest < 0 || host->neighbours[i].learned_ns < host->neighbours[oldest].learned_ns))
            oldest = i;
    if (oldest < 0)
        return 0;
    remove_at(host, oldest);
    return 1;
}

static pc_neighbour *add(pc_host *host, const pc_address *address) {
    if (!make_room(host))
        return NULL;
    pc_neighbour *n = &host->neighbours[host->neighbour_count++];
    *n = (pc_neighbour){.address = *address};
    return n;
}

const uint8_t *pc_known_mac(const pc_host *host, const pc_address *address) {
    const pc_neighbour *n = find(host, address);
    return n != NULL && is_fresh(n, host->now_ns) ? n->mac : NULL;
}

const uint8_t *pc_find_mac(pc_host *host, const pc_address *address) {
    pc_neighbour *n = find(host, address);
    if (n == NULL || !is_fresh(n, host->now_ns))
        return NULL;
    if (n->asked == 0 && host->now_ns - n->learned_ns > REFRESH_NS)
        ask(host, n);
    return n->mac;
}

int pc_ask(pc_host *host, const pc_address *address) {
    pc_neighbour *n = find(host, address);
    if (n == NULL && (n = add(host, address)) == NULL)
        return 0;
    if (n->is_known) { /* and too old */
        n->is_known = 0;
        n->asked = 0;
    }
    if (n->asked == 0)
        ask(host, n);
    return 1;
}

static int count_asked(const pc_host *host) {
    int count = 0;
    for (int i = 0; i < host->neighbour_count; i++)
        count += !host->neighbours[i].is_known;
    return count;
}

void pc_wait_for_neighbour(pc_host *host, const pc_address *address, pc_frame *frame) {
    int may_ask = (find(host, address) != NULL || count_asked(host) < MAX_ASKED) && pc_may_keep(host);
    pc_neighbour *n = may_ask && pc_ask(host, address) ? find(host, address) : NULL;
    if (n == NULL || n->waiting_frames == MAX_WAITING_FRAMES || host->waiting_bytes + frame->room > MAX_WAITING_BYTES) {
        host->counters.dropped++;
        pc_free_frame(host, frame);
        return;
    }
    n->waiting_frames++;
    host->waiting_bytes += frame->room;
    pc_append(&n->waiting, frame);
}

void pc_learn(pc_host *host, const pc_address *address, const uint8_t *mac, int create) {
    pc_neighbour *n = find(host, address);
    int is_other = !(mac[0] & 1) && memcmp(mac, host->identity.mac, ETHERNET_ADDRESS_BYTES) != 0;
    if (!is_other || (n == NULL && (!create || (n = add(host, address)) == NULL)))
        return;
    memcpy(n->mac, mac, ETHERNET_ADDRESS_BYTES);
    int was_asked = !n->is_known && n->asked > 0;
    n->is_known = 1;
    n->asked = n->waiting_frames = 0;
    n->learned_ns = host->now_ns;
    pc_queue waiting = n->waiting;
    n->waiting.first = NULL;
    for (pc_frame *frame; (frame = pc_pop(&waiting)) != NULL;) {
        host->waiting_bytes -= frame->room;
        pc_emit(host, frame, mac, pc_ethertype(address->family));
    }
    if (was_asked)
        tell_who_waits(host, address, 1);
}

void pc_learn_sender(pc_host *host, const pc_packet *packet) {
    pc_address hop;
    if (pc_next_hop(host, &packet->source, &hop) == 0 && same_address(&hop, &packet->source) && pc_needs_neighbour(host, &hop) &&
        pc_known_mac(host, &hop) == NULL)
        pc_learn(host, &hop, packet->mac, 1);
}

void pc_forget_neighbours(pc_host *host, int family) {
    for (int i = host->neighbour_count - 1; i >= 0; i--) {
        const pc_neighbour gone = host->neighbours[i];
        if (gone.address.family != family)
            continue;
        remove_at(host, i);
        if (!gone.is_known)
            tell_who_waits(host, &gone.address, 0);
    }
    if (host->neighbour_count == 0) {
        pc_give(host, host->neighbours, sizeof *host->neighbours * (size_t)host->neighbour_room);
        host->neighbours = NULL;
        host->neighbour_room = 0;
    }
}

int pc_list_neighbours(const pc_host *host, int family, uint64_t now_ns, udpfwd_pc_neighbour *entries, int max) {
    int found = 0;
    for (int i = 0; i < host->neighbour_count; i++) {
        const pc_neighbour *n = &host->neighbours[i];
        if (n->address.family != family || !is_fresh(n, now_ns))
            continue;
        if (found < max) {
            entries[found] = (udpfwd_pc_neighbour){.address = n->address};
            memcpy(entries[found].mac, n->mac, ETHERNET_ADDRESS_BYTES);
            entries[found].left_seconds = (uint32_t)((LIFE_NS - (now_ns - n->learned_ns)) / PC_SECOND_NS);
        }
        found++;
    }
    return found;
}

uint64_t pc_neighbours_due(const pc_host *host) {
    uint64_t due = PC_NEVER;
    for (int i = 0; i < host->neighbour_count; i++)
        if (!host->neighbours[i].is_known)
            due = pc_sooner(due, host->neighbours[i].due_ns);
    return due;
}

void pc_expire_neighbours(pc_host *host) {
    for (int i = host->neighbour_count - 1; i >= 0; i--) {
        if (i >= host->neighbour_count) /* jobs that were told may have changed the table */
            continue;
        pc_neighbour *n = &host->neighbours[i];
        if (n->is_known || n->due_ns > host->now_ns)
            continue;
        if (n->asked < ASK_TIMES) {
            ask(host, n);
        } else {
            pc_address address = n->address;
            remove_at(host, i);
            tell_who_waits(host, &address, 0);
        }
    }
}
