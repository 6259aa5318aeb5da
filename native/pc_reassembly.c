/* Reassembly: a few datagrams at once, each a list of pieces by their offsets. */
#define _GNU_SOURCE
#include "pc_reassembly.h"
#include "pc_icmp.h"
#include "pc_ip.h"

#define MOST_DATAGRAMS 4 /* of one host: the oldest gives way */
#define MOST_PIECES 128  /* of one: 65535 bytes through an MTU of 576 need 119 */
#define LIFE_NS (30 * PC_SECOND_NS)

typedef struct piece piece;
struct piece {
    piece *next;
    uint32_t offset, size;
    unsigned char bytes[];
};

struct pc_reassembly {
    pc_reassembly *next;
    pc_address source, destination;
    uint32_t id;
    uint8_t protocol, ttl, to_group;
    uint8_t is_refused; /* an overlap was seen: what comes still is swallowed */
    uint8_t mac[ETHERNET_ADDRESS_BYTES];
    int pieces;
    uint32_t received; /* bytes */
    uint32_t total;    /* 0 until the last fragment came */
    uint64_t due_ns;
    piece *first;
    unsigned char header[IPV6_HEADER_BYTES]; /* of its first fragment, without options */
};

static uint32_t header_bytes(const pc_reassembly *r) {
    return r->source.family == 4 ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES;
}

static void free_pieces(pc_host *host, pc_reassembly *r) {
    for (piece *p; (p = r->first) != NULL;) {
        r->first = p->next;
        pc_give(host, p, sizeof *p + p->size);
    }
}

static void end_reassembly(pc_host *host, pc_reassembly *r) {
    pc_reassembly **at = &host->reassemblies;
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    free_pieces(host, r);
    pc_give(host, r, sizeof *r);
}

void pc_drop_reassemblies(pc_host *host) {
    while (host->reassemblies != NULL)
        end_reassembly(host, host->reassemblies);
}

static pc_reassembly *find(const pc_host *host, const pc_packet *packet, uint32_t id) {
    for (pc_reassembly *r = host->reassemblies; r != NULL; r = r->next)
        if (r->id == id && r->protocol == packet->protocol && same_address(&r->source, &packet->source) &&
            same_address(&r->destination, &packet->destination))
            return r;
    return NULL;
}

static pc_reassembly *begin(pc_host *host, const pc_packet *packet, uint32_t id) {
    int count = 0;
    pc_reassembly *oldest = NULL;
    for (pc_reassembly *r = host->reassemblies; r != NULL; r = r->next, count++)
        oldest = r; /* new ones are put in front */
    if (count >= MOST_DATAGRAMS) {
        host->counters.refused++;
        end_reassembly(host, oldest);
    }
    pc_reassembly *r = pc_take_to_keep(host, sizeof *r);
    if (r == NULL)
        return NULL;
    *r = (pc_reassembly){
        .next = host->reassemblies,
        .source = packet->source,
        .destination = packet->destination,
        .id = id,
        .protocol = packet->protocol,
        .to_group = packet->to_group,
        .due_ns = host->now_ns + LIFE_NS,
    };
    memcpy(r->header, packet->header, header_bytes(r));
    return host->reassemblies = r;
}

/* Where a piece belongs in the list; NULL when it overlaps one that is there, unless it is the same again: then *is_known. */
static piece **place_for(pc_reassembly *r, uint32_t offset, uint32_t size, int *is_known) {
    piece **at = &r->first;
    while (*at != NULL && (*at)->offset + (*at)->size <= offset)
        at = &(*at)->next;
    if (*at == NULL || offset + size <= (*at)->offset)
        return at;
    *is_known = (*at)->offset == offset && (*at)->size == size;
    return NULL;
}

static void refuse(pc_host *host, pc_reassembly *r) {
    host->counters.refused++;
    free_pieces(host, r);
    r->is_refused = 1;
}

/* Whether what a fragment says of the datagram's end is not what others said, or what is there. */
static int contradicts(const pc_reassembly *r, uint32_t end, int more) {
    if (more)
        return r->total != 0 && end >= r->total;
    if (r->total != 0)
        return end != r->total;
    for (const piece *p = r->first; p != NULL; p = p->next)
        if (p->offset + p->size > end)
            return 1;
    return 0;
}

static int add_piece(pc_host *host, pc_reassembly *r, const pc_packet *packet, const pc_fragment *fragment) {
    uint32_t size = (uint32_t)packet->data_bytes;
    int is_known = 0;
    piece **at = place_for(r, fragment->offset, size, &is_known);
    if (is_known)
        return 0;
    uint32_t end = fragment->offset + size;
    if (at == NULL || contradicts(r, end, fragment->more) || r->pieces == MOST_PIECES) {
        refuse(host, r);
        return 0;
    }
    piece *p = pc_take_to_keep(host, sizeof *p + size);
    if (p == NULL) {
        host->counters.dropped++;
        return 0;
    }
    p->next = *at;
    p->offset = fragment->offset;
    p->size = size;
    memcpy(p->bytes, packet->data, size);
    *at = p;
    r->pieces++;
    r->received += size;
    if (!fragment->more)
        r->total = end;
    if (fragment->offset == 0) {
        memcpy(r->header, packet->header, header_bytes(r));
        memcpy(r->mac, packet->mac, sizeof r->mac);
        r->ttl = packet->ttl;
    }
    return 1;
}

/* What the pieces are from the first on, behind a header that tells their size. The caller gives it back: header_bytes + size. */
static unsigned char *join(pc_host *host, const pc_reassembly *r, uint32_t size) {
    uint32_t header = header_bytes(r);
    unsigned char *whole = pc_take(host, header + size);
    if (whole == NULL) {
        host->counters.dropped++;
        return NULL;
    }
    memcpy(whole, r->header, header);
    if (r->source.family == 4) {
        whole[0] = 0x45;
        put16(whole + 2, header + size);
        put16(whole + 6, 0);
        put16(whole + 10, 0);
        put16(whole + 10, finish_sum(add_to_sum(0, whole, header)));
    } else {
        put16(whole + 4, size);
        whole[6] = r->protocol;
    }
    for (const piece *p = r->first; p != NULL && p->offset < size; p = p->next)
        memcpy(whole + header + p->offset, p->bytes, p->size);
    return whole;
}

static pc_packet packet_of(const pc_reassembly *r, const unsigned char *whole, uint32_t size) {
    return (pc_packet){
        .source = r->source,
        .destination = r->destination,
        .header = whole,
        .header_bytes = header_bytes(r),
        .data = whole + header_bytes(r),
        .data_bytes = size,
        .protocol = r->protocol,
        .ttl = r->ttl,
        .to_group = r->to_group,
        .mac = r->mac,
    };
}

static void deliver(pc_host *host, pc_reassembly *r) {
    uint32_t size = r->total;
    unsigned char *whole = join(host, r, size);
    const pc_reassembly ended = *r;
    end_reassembly(host, r);
    if (whole == NULL)
        return;
    const pc_packet packet = packet_of(&ended, whole, size);
    pc_deliver(host, &packet);
    pc_give(host, whole, header_bytes(&ended) + size);
}

void pc_reassemble(pc_host *host, const pc_packet *packet, const pc_fragment *fragment) {
    uint32_t limit = IP_MAX_BYTES - (packet->source.family == 4 ? IPV4_HEADER_BYTES : 0);
    if (packet->data_bytes == 0 || fragment->offset + packet->data_bytes > limit || (fragment->more && packet->data_bytes % 8 != 0)) {
        pc_malformed(host);
        return;
    }
    pc_reassembly *r = find(host, packet, fragment->id);
    if (r == NULL && (r = begin(host, packet, fragment->id)) == NULL) {
        host->counters.dropped++;
        return;
    }
    if (r->is_refused)
        return;
    if (add_piece(host, r, packet, fragment) && r->total != 0 && r->received == r->total)
        deliver(host, r);
}

uint64_t pc_reassemblies_due(const pc_host *host) {
    uint64_t due = PC_NEVER;
    for (const pc_reassembly *r = host->reassemblies; r != NULL; r = r->next)
        due = pc_sooner(due, r->due_ns);
    return due;
}

/* The sender is told, when its first fragment is there (RFC 792, RFC 4443 3.3). */
static void tell_sender(pc_host *host, pc_reassembly *r) {
    if (r->first == NULL || r->first->offset != 0)
        return;
    uint32_t size = r->first->size;
    unsigned char *whole = join(host, r, size);
    if (whole == NULL)
        return;
    const pc_packet packet = packet_of(r, whole, size);
    pc_time_exceeded(host, &packet);
    pc_give(host, whole, header_bytes(r) + size);
}

void pc_expire_reassemblies(pc_host *host) {
    for (pc_reassembly *r = host->reassemblies, *next; r != NULL; r = next) {
        next = r->next;
        if (r->due_ns > host->now_ns)
            continue;
        tell_sender(host, r);
        end_reassembly(host, r);
    }
}
