/* Hubs and switches: to which ports a frame goes, and with which VLAN tag.
 *
 * A switch learns the source of every frame in the VLAN where it came in (IEEE 802.1D), sends a frame to where its destination
 * was learned, and else to all ports of the VLAN. Tags are put on and taken off in place, in front of the frame's payload; the bytes
 * that this touches are restored, because the same frame may go to other ports with other tags.
 */
#define _GNU_SOURCE
#include "bridges.h"
#include "trains.h"

#include <stdlib.h>
#include <string.h>

#define MAC_BYTES 6
#define MACS_BYTES (2 * MAC_BYTES)
#define HEADER_BYTES (MACS_BYTES + 2)
#define TOUCHED_BYTES (MACS_BYTES + TAG_BYTES) /* before the payload */
#define DOT1Q_ETHERTYPE 0x8100
#define VLAN_MASK 0x0fff
#define RESERVED_VLAN 0x0fff /* IEEE 802.1Q 9.6: in no frame */

/* --- the address table: sets of a few entries, so that a search is short. It begins small, and doubles while addresses of hosts that
 * still send would displace each other --- */

#define WAYS 8
#define FIRST_SETS 4
#define MAX_SETS (UDPFWD_MAX_MACS / WAYS)
/* What the tables of all switches may have grown by: somebody may send from random addresses through hundreds of switches. */
#define MAX_GROWTH_BYTES ((size_t)256 * 1024 * 1024)

typedef struct {
    uint64_t key; /* VLAN and address, 0 when free */
    port *port;
    uint64_t seen_ns;
} mac_entry;

typedef mac_entry mac_set[WAYS];

struct mac_table {
    unsigned count; /* of sets, a power of two */
    unsigned used;  /* entries that are not free */
    mac_set *sets;
};

static size_t grown_bytes; /* by all tables, also of other workers */

mac_table *new_mac_table(void) {
    mac_table *table = calloc(1, sizeof *table);
    if (table != NULL && (table->sets = calloc(FIRST_SETS, sizeof *table->sets)) == NULL) {
        free(table);
        return NULL;
    }
    if (table != NULL)
        table->count = FIRST_SETS;
    return table;
}

static size_t growth_of(unsigned sets) {
    return (sets - FIRST_SETS) * sizeof(mac_set);
}

void free_mac_table(mac_table *table) {
    if (table == NULL)
        return;
    __atomic_sub_fetch(&grown_bytes, growth_of(table->count), __ATOMIC_RELAXED);
    free(table->sets);
    free(table);
}

static uint64_t mac_key(const unsigned char *mac, uint16_t vlan) {
    uint64_t key = 0;
    memcpy(&key, mac, MAC_BYTES);
    return key | (uint64_t)vlan << 48; /* a VLAN is not 0, so no key is */
}

static unsigned set_of(uint64_t key, unsigned count) {
    return (unsigned)(key * 0x9e3779b97f4a7c15u >> 40) % count;
}

static int is_old(const mac_entry *entry, uint64_t now_ns) {
    return now_ns - entry->seen_ns > (uint64_t)UDPFWD_MAC_AGE_SECONDS * NANOSECONDS;
}

/* Doubles the table; returns whether it could. Each set is divided among two, so every entry has room. */
static int grow_macs(mac_table *table) {
    unsigned count = table->count * 2;
    size_t more = table->count * sizeof(mac_set);
    if (count > MAX_SETS)
        return 0;
    if (__atomic_add_fetch(&grown_bytes, more, __ATOMIC_RELAXED) > MAX_GROWTH_BYTES) {
        __atomic_sub_fetch(&grown_bytes, more, __ATOMIC_RELAXED);
        return 0;
    }
    mac_set *sets = calloc(count, sizeof *sets);
    if (sets == NULL) {
        __atomic_sub_fetch(&grown_bytes, more, __ATOMIC_RELAXED);
        return 0;
    }
    for (unsigned i = 0; i < table->count; i++) {
        for (int way = 0; way < WAYS; way++) {
            const mac_entry *entry = &table->sets[i][way];
            if (entry->key == 0)
                continue;
            mac_entry *to = sets[set_of(entry->key, count)];
            while (to->key != 0)
                to++;
            *to = *entry;
        }
    }
    free(table->sets);
    table->sets = sets;
    table->count = count;
    return 1;
}

/* The entry of an address, or the one that it may replace. */
static mac_entry *place_for(mac_table *table, uint64_t key) {
    mac_entry *set = table->sets[set_of(key, table->count)], *oldest = set;
    for (int i = 0; i < WAYS; i++) {
        if (set[i].key == key)
            return &set[i];
        if (oldest->key != 0 && (set[i].key == 0 || set[i].seen_ns < oldest->seen_ns))
            oldest = &set[i];
    }
    return oldest;
}

static void learn(mac_table *table, uint64_t key, port *p, uint64_t now_ns) {
    mac_entry *entry = place_for(table, key);
    while (entry->key != 0 && entry->key != key && !is_old(entry, now_ns) && grow_macs(table))
        entry = place_for(table, key);
    table->used += entry->key == 0;
    *entry = (mac_entry){key, p, now_ns};
}

static port *look_up(mac_table *table, uint64_t key, uint64_t now_ns) {
    mac_entry *set = table->sets[set_of(key, table->count)];
    for (int i = 0; i < WAYS; i++)
        if (set[i].key == key)
            return is_old(&set[i], now_ns) ? NULL : set[i].port;
    return NULL;
}

void forget_macs(mac_table *table, const port *p) {
    for (unsigned i = 0; table->used > 0 && i < table->count; i++) {
        for (int way = 0; way < WAYS; way++) {
            mac_entry *entry = &table->sets[i][way];
            if (entry->key != 0 && (p == NULL || entry->port == p)) {
                *entry = (mac_entry){0};
                table->used--;
            }
        }
    }
}

int list_macs(const mac_table *table, udpfwd_mac *macs, int max) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    int found = 0;
    for (unsigned i = 0; i < table->count * WAYS; i++) {
        const mac_entry *entry = &table->sets[i / WAYS][i % WAYS];
        if (entry->key == 0 || is_old(entry, timespec_ns(now)))
            continue;
        if (found < max) {
            memcpy(macs[found].mac, &entry->key, MAC_BYTES);
            macs[found].vlan = (uint16_t)(entry->key >> 48);
            macs[found].port_id = entry->port->id;
            macs[found].age_seconds = (uint32_t)((timespec_ns(now) - entry->seen_ns) / NANOSECONDS);
        }
        found++;
    }
    return found;
}

/* --- both kinds --- */

static uint32_t place_of(const bridge *b, uint16_t vlan) {
    return (uint32_t)b->id << 12 | vlan;
}

/* Whether frames that came this way were here before, or at too many bridges. */
static int is_circle(const path *way, uint32_t here) {
    if (way->bridges == UDPFWD_MAX_HOPS)
        return 1;
    for (const path *step = way; step != NULL && step->bridges > 0; step = step->before)
        if (step->here == here)
            return 1;
    return 0;
}

/* Whether there may be so many copies of n frames; counts the frames when there are too many. */
static int may_copy(worker *w, port *from, uint64_t n, int copies) {
    w->budget -= (int64_t)n * copies;
    if (w->budget >= 0)
        return 1;
    drop(from, RX, UDPFWD_DROP_LOOP, n);
    return 0;
}

static path way_through(const path *way, uint32_t here) {
    return (path){.hops = way->hops, .bridges = way->bridges + 1, .here = here, .before = way, .has_trains = way->has_trains};
}

static void hub_frames(worker *w, bridge *b, port *from, const struct iovec *frames, int n, const path *way) {
    uint64_t on_wire = frames_of(frames, n, way);
    if (is_circle(way, place_of(b, 0))) {
        drop(from, RX, UDPFWD_DROP_LOOP, on_wire);
        return;
    }
    if (b->count == 1) {
        drop(from, RX, UDPFWD_DROP_LOCAL, on_wire);
        return;
    }
    if (!may_copy(w, from, on_wire, b->count - 1))
        return;
    path longer = way_through(way, place_of(b, 0));
    for (int i = 0; i < b->count; i++)
        if (b->ports[i] != from)
            send_at(w, b->ports[i], frames, n, &longer);
}

/* --- switches --- */

/* A frame as a switch sees it while it passes. The payload begins with the ethertype, after the VLAN tag. */
typedef struct {
    unsigned char *payload;
    uint32_t payload_bytes;
    uint16_t vlan;
    uint16_t tag_ethertype; /* of the tag that it has in the switch; 0: none yet, 802.1Q when it needs one */
    uint16_t priority;      /* the bits beside the VLAN in the tag */
    port *to;               /* NULL: to all of the VLAN */
    unsigned char macs[MACS_BYTES];
    unsigned char before[TOUCHED_BYTES]; /* what is restored */
} switched;

static uint16_t read_be16(const unsigned char *bytes) {
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void write_be16(unsigned char *bytes, uint16_t value) {
    bytes[0] = (unsigned char)(value >> 8);
    bytes[1] = (unsigned char)value;
}

/* The outer tags that a trunk of this switch understands: 802.1Q, and those of its QinQ ports. */
static int is_tag(const bridge *b, uint16_t ethertype, uint16_t vlan) {
    if (ethertype == DOT1Q_ETHERTYPE)
        return 1;
    for (int i = 0; i < b->count; i++)
        if (b->ports[i]->vlan_mode == UDPFWD_QINQ && b->ports[i]->ethertype == ethertype && b->ports[i]->vlan == vlan)
            return 1;
    return 0;
}

/* Finds the VLAN of a frame that came in; 0 when it is no whole Ethernet frame. */
static int classify(const bridge *b, const port *from, const struct iovec *frame, switched *out) {
    unsigned char *bytes = frame->iov_base;
    if (frame->iov_len < HEADER_BYTES)
        return 0;
    memcpy(out->macs, bytes, MACS_BYTES);
    out->payload = bytes + MACS_BYTES;
    out->payload_bytes = (uint32_t)frame->iov_len - MACS_BYTES;
    out->vlan = from->vlan;
    out->tag_ethertype = from->vlan_mode == UDPFWD_QINQ ? from->ethertype : 0;
    out->priority = 0;
    if (from->vlan_mode == UDPFWD_DOT1Q && out->payload_bytes >= TAG_BYTES + 2) {
        uint16_t ethertype = read_be16(out->payload), tag = read_be16(out->payload + 2);
        if (is_tag(b, ethertype, tag & VLAN_MASK)) {
            /* VLAN 0 means a tag for the priority only (IEEE 802.1Q 9.6): the frame belongs to the native VLAN. */
            if ((tag & VLAN_MASK) != 0)
                out->vlan = tag & VLAN_MASK;
            out->tag_ethertype = ethertype;
            out->priority = tag & (uint16_t)~VLAN_MASK;
            out->payload += TAG_BYTES;
            out->payload_bytes -= TAG_BYTES;
        }
    }
    memcpy(out->before, out->payload - TOUCHED_BYTES, TOUCHED_BYTES);
    return 1;
}

static int is_member(const port *p, uint16_t vlan) {
    return p->vlan_mode == UDPFWD_DOT1Q || p->vlan == vlan;
}

/* Writes the header that a frame has when it leaves at a port, in front of its payload. */
static struct iovec dress(const switched *frame, const port *to) {
    unsigned char *start = frame->payload - MACS_BYTES;
    if (to->vlan_mode == UDPFWD_DOT1Q && frame->vlan != to->vlan) {
        write_be16(frame->payload - TAG_BYTES, frame->tag_ethertype ? frame->tag_ethertype : DOT1Q_ETHERTYPE);
        write_be16(frame->payload - TAG_BYTES + 2, frame->priority | frame->vlan);
        start -= TAG_BYTES;
    }
    memcpy(start, frame->macs, MACS_BYTES);
    return (struct iovec){start, (size_t)(frame->payload - start) + frame->payload_bytes};
}

static void undress(const switched *frame) {
    memcpy(frame->payload - TOUCHED_BYTES, frame->before, TOUCHED_BYTES);
}

/* How many frames a wire would carry for those whose numbers are in picks. */
static uint64_t count_picked(const switched *frames, const uint8_t *picks, int n, const path *way) {
    uint64_t on_wire = 0;
    for (int i = 0; i < n; i++) {
        struct iovec frame = {.iov_base = frames[picks[i]].payload - MACS_BYTES};
        on_wire += frames_of(&frame, 1, way);
    }
    return on_wire;
}

/* Sends the frames whose numbers are in picks. */
static void send_picked(worker *w, port *to, switched *frames, const uint8_t *picks, int n, const path *way) {
    struct iovec out[UDPFWD_BATCH_FRAMES];
    out[0] = (struct iovec){0}; /* n is never 0, which compilers do not see */
    for (int i = 0; i < n; i++)
        out[i] = dress(&frames[picks[i]], to);
    send_at(w, to, out, n, way);
    for (int i = 0; i < n; i++)
        undress(&frames[picks[i]]);
}

/* Sends frames of one VLAN to all its ports but the one where they came in. */
static void flood(worker *w, const bridge *b, port *from, switched *frames, const uint8_t *picks, int n, const path *way) {
    uint16_t vlan = frames[picks[0]].vlan;
    int members = 0;
    for (int i = 0; i < b->count; i++)
        members += b->ports[i] != from && is_member(b->ports[i], vlan);
    path longer = way_through(way, place_of(b, vlan));
    uint64_t on_wire = count_picked(frames, picks, n, way);
    if (members == 0)
        drop(from, RX, UDPFWD_DROP_LOCAL, on_wire);
    else if (may_copy(w, from, on_wire, members))
        for (int i = 0; i < b->count; i++)
            if (b->ports[i] != from && is_member(b->ports[i], vlan))
                send_picked(w, b->ports[i], frames, picks, n, &longer);
}

static void send_known(worker *w, const bridge *b, port *from, switched *frames, const uint8_t *picks, int n, const path *way) {
    port *to = frames[picks[0]].to;
    path longer = way_through(way, place_of(b, frames[picks[0]].vlan));
    uint64_t on_wire = count_picked(frames, picks, n, way);
    if (to == from)
        drop(from, RX, UDPFWD_DROP_LOCAL, on_wire);
    else if (may_copy(w, from, on_wire, 1))
        send_picked(w, to, frames, picks, n, &longer);
}

/* Why a frame must not enter the switch, or -1. */
static int refusal(const bridge *b, const switched *frame, const path *way) {
    if (frame->vlan == RESERVED_VLAN)
        return UDPFWD_DROP_LOCAL;
    return is_circle(way, place_of(b, frame->vlan)) ? UDPFWD_DROP_LOOP : -1;
}

/* Learns where each frame came from and looks up where it goes. Neighbours mostly have the same addresses. A frame that ran in a
 * circle teaches nothing: its sender is not where it comes from now. */
static int classify_all(worker *w, bridge *b, port *from, const struct iovec *frames, int n, const path *way, switched *out) {
    uint64_t now_ns = turn_time(w), last_source = 0, last_destination = 0;
    port *last_to = NULL;
    int good = 0;
    for (int i = 0; i < n; i++) {
        switched *frame = &out[good];
        if (!classify(b, from, &frames[i], frame)) {
            drop(from, RX, UDPFWD_DROP_RUNT, 1);
            continue;
        }
        int refused = refusal(b, frame, way);
        if (refused >= 0) {
            drop(from, RX, refused, frames_of(&frames[i], 1, way));
            continue;
        }
        uint64_t source = mac_key(frame->macs + MAC_BYTES, frame->vlan), destination = mac_key(frame->macs, frame->vlan);
        if (source != last_source && !(frame->macs[MAC_BYTES] & 1)) { /* a group sends nothing */
            learn(b->macs, source, from, now_ns);
            last_source = source;
            last_destination = 0;
        }
        if (destination != last_destination) {
            last_to = frame->macs[0] & 1 ? NULL : look_up(b->macs, destination, now_ns);
            last_destination = destination;
        }
        frame->to = last_to;
        good++;
    }
    return good;
}

static void switch_batch(worker *w, bridge *b, port *from, const struct iovec *frames, int n, const path *way) {
    switched all[UDPFWD_BATCH_FRAMES];
    uint8_t picks[UDPFWD_BATCH_FRAMES], done[UDPFWD_BATCH_FRAMES] = {0};
    n = classify_all(w, b, from, frames, n, way, all);
    for (int first = 0; first < n; first++) {
        if (done[first])
            continue;
        /* Those that go the same way are sent together, but none overtakes one that goes to all. */
        int picked = 0;
        for (int i = first; i < n; i++) {
            if (done[i])
                continue;
            if (all[i].to == all[first].to && all[i].vlan == all[first].vlan) {
                picks[picked++] = (uint8_t)i;
                done[i] = 1;
            } else if (all[i].to == NULL || all[first].to == NULL) {
                break;
            }
        }
        if (all[first].to == NULL)
            flood(w, b, from, all, picks, picked, way);
        else
            send_known(w, b, from, all, picks, picked, way);
    }
}

/* A frame_passer. */
static void switch_single(worker *w, port *from, int direction, const struct iovec *frames, int n, const path *way) {
    (void)direction;
    switch_batch(w, from->bridge, from, frames, n, way);
}

static void switch_frames(worker *w, bridge *b, port *from, const struct iovec *frames, int n, const path *way) {
    if (way->has_trains && b->tagged > 0) /* tags would stand where notes do */
        split_trains(w, from, RX, frames, n, way, switch_single);
    else
        switch_batch(w, b, from, frames, n, way);
}

static const bridge_kind kinds[] = {
    [UDPFWD_HUB] = {.learns = 0, .move_frames = hub_frames},
    [UDPFWD_SWITCH] = {.learns = 1, .move_frames = switch_frames},
};

const bridge_kind *find_bridge_kind(int constant) {
    return constant >= 0 && constant < (int)(sizeof kinds / sizeof *kinds) ? &kinds[constant] : NULL;
}
