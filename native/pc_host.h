/* A PC as a host, without a core: frames and the time go in, frames and events come out. pc_host.c has what all its modules use.
 *
 * Whoever has a host gives it one thread at a time. pc_input and pc_expire take the time (CLOCK_MONOTONIC, ns), never less than
 * before; every call may leave frames in 'out' and change pc_due (0: at once). Memory is taken with pc_take, when it is used, and is
 * bounded for each host and for all of them together: what does not fit is dropped and counted.
 *
 *   pc_input -> ARP (pc_arp.c) -> neighbours and claims of addresses (pc_neighbours.c, pc_claims.c)
 *            -> IPv4 (pc_ipv4.c), IPv6 (pc_ipv6.c) -> [pc_reassembly.c] -> pc_deliver -> ICMP (pc_icmp.c), ICMPv6 (pc_icmp6.c), UDP,
 * TCP answers, and jobs -> pc_send (pc_send.c) -> fragments -> [waiting for a neighbour] -> out
 */
#ifndef GNS3TRIO_PC_HOST_H
#define GNS3TRIO_PC_HOST_H

#include "pc_bytes.h"
#include "pc_events.h"
#include "random_source.h"

#include <stdint.h>

#define PC_SECOND_NS 1000000000ull
#define PC_NEVER UINT64_MAX

/* Free bytes in front of a frame, as the core wants them for its tags, and for our own headers behind these. */
#define PC_TAG_ROOM_BYTES 320
#define PC_ETHERNET_BYTES 14
#define PC_LEAST_FRAME_BYTES 60                       /* without the checksum: IEEE 802.3, 3.2.7 */
#define PC_HEADERS_BYTES (PC_ETHERNET_BYTES + 40 + 8) /* Ethernet, IPv6, its fragment header */

/* What one host may have taken at once beside itself: two datagrams of the largest size each way and their fragments, and all hosts.
 */
#define PC_MAX_HOST_BYTES (1u << 19)
#define PC_MAX_BYTES (256u << 20)
/* What flows of generated traffic have beside that, of all hosts: a mesh of 20,000 pairs whose packets come back fits. */
#define PC_MAX_TRAFFIC_BYTES (192u << 20)
/* What stays for a while (fragments, buffers, packets that wait for a neighbour) gets so much of the latter: others can answer still. */
#define PC_MAX_KEPT_BYTES (PC_MAX_BYTES / 2)

typedef struct pc_host pc_host;
typedef struct pc_job pc_job;

/* A frame that is being made, or leaves. Headers are put in front of what is there. */
typedef struct pc_frame pc_frame;
struct pc_frame {
    pc_frame *next;
    uint32_t room;        /* what pc_take gave */
    uint32_t size;        /* from start on */
    unsigned char *start; /* in bytes */
    unsigned char bytes[];
};

typedef struct {
    pc_frame *first, **last; /* last: where the next one is put; NULL while it is empty */
} pc_queue;

/* A packet that came in, whole. Its header and what it carries lie one behind the other. */
typedef struct {
    pc_address source, destination;
    const unsigned char *header;
    size_t header_bytes;
    const unsigned char *data;
    size_t data_bytes;
    uint8_t protocol, ttl;
    uint8_t to_group;         /* multicast or broadcast */
    const unsigned char *mac; /* of who sent the frame */
} pc_packet;

/* What is to be sent. */
typedef struct {
    pc_address source; /* family 0: the one that is right for the destination */
    pc_address destination;
    uint8_t protocol, ttl, dont_fragment;
} pc_route;

typedef struct pc_neighbour pc_neighbour;   /* pc_neighbours.c */
typedef struct pc_claim pc_claim;           /* pc_claims.c */
typedef struct pc_reassembly pc_reassembly; /* pc_reassembly.c */
typedef struct pc_connection pc_connection; /* pc_tcp.c */
typedef struct pc_dhcp pc_dhcp;             /* pc_dhcp.c */
typedef struct pc_traffic pc_traffic;       /* pc_traffic.c */

/* The largest packet that a way takes, where it is less than the link (RFC 1191, RFC 8201). */
enum { PC_PATHS = 4 };
typedef struct {
    pc_address to;
    uint16_t mtu;
    uint64_t until_ns;
} pc_path_mtu;

enum { PC_USED_PORTS = 8 };

/* Answers that others may answer in turn, or that somebody may ask for without end: a number at one go, and so many a second. What
 * goes in a circle between hosts as quickly as the core uses them up, and comes to its end. */
#define PC_MOST_ANSWERS 256u
#define PC_ANSWERS_PER_SECOND 1000u
typedef struct {
    uint32_t used;
    uint64_t since_ns; /* when that was so */
} pc_allowance;

struct pc_host {
    pc_shared *shared;
    int id; /* of its port, for events */
    uint64_t now_ns;
    random_source random;
    size_t memory;
    pc_queue out;     /* to the wire; whoever calls takes them */
    pc_queue to_self; /* addressed to the host itself: they come in with the next pc_expire */
    udpfwd_pc_identity identity;
    udpfwd_pc_counters counters;

    pc_address ipv4, ipv4_gateway; /* family 0: none */
    pc_address link_local, ipv6, ipv6_gateway;
    uint8_t ipv4_prefix, ipv6_prefix, ipv4_origin, ipv6_origin, link_local_ready, link_local_checked;
    uint16_t ipv4_id, used_port;
    uint32_t ipv6_id;
    uint64_t valid_until_ns, preferred_until_ns, router_until_ns; /* of an automatic IPv6 address */
    uint64_t defended_ns;                                         /* its IPv4 address, last (RFC 5227) */

    pc_neighbour *neighbours;
    int neighbour_count, neighbour_room;
    size_t waiting_bytes; /* of packets that wait for neighbours */
    pc_path_mtu paths[PC_PATHS];
    pc_claim *claims;
    pc_reassembly *reassemblies;
    pc_connection *connections;
    pc_dhcp *dhcp;
    pc_job *jobs;
    pc_traffic *traffic; /* NULL while it has no flows */
    size_t traffic_memory;
    uint16_t used_ports[PC_USED_PORTS]; /* that jobs sent UDP from: late answers are not echoed */
    pc_allowance echoes;           /* of UDP */
    pc_allowance errors;           /* of ICMP (RFC 4443, 2.4 f) */
    pc_allowance acknowledgements; /* of TCP segments that nobody expects */
};

/* --- the host: pc_host.c --- */

/* Of a zeroed host. The identity is checked by the caller (pc_check_identity). */
void pc_begin(pc_host *host, pc_shared *shared, const udpfwd_pc_identity *identity, uint64_t seed, uint64_t now_ns);
/* Gives back everything but the host. */
void pc_end(pc_host *host);
/* Replaces the identity. */
void pc_set_identity(pc_host *host, const udpfwd_pc_identity *identity);
int pc_check_identity(const udpfwd_pc_identity *identity);
/* A frame came in. */
void pc_input(pc_host *host, const unsigned char *frame, size_t size, uint64_t now_ns);
/* Does what is due. */
void pc_expire(pc_host *host, uint64_t now_ns);
/* When pc_expire has something to do; PC_NEVER for a host that waits for nothing. */
uint64_t pc_due(const pc_host *host);
/* Addresses of a family that the host has, of whatever origin: family 0 for none. */
int pc_has_address(const pc_host *host, const pc_address *address);
void pc_clear_address(pc_host *host, int family);
/* In force at once. */
void pc_use_address(pc_host *host, const pc_address *address, int prefix, const pc_address *gateway, int origin);
/* Servers of a family that somebody told replace those that there are; none replaces none. */
void pc_use_dns(pc_host *host, int family, const pc_address *servers, int count);
void pc_read_state(const pc_host *host, udpfwd_pc_state *state, uint64_t now_ns);
/* IPv6 is on. */
int pc_has_ipv6(const pc_host *host);
/* A packet for the host goes to whom it is for. */
void pc_deliver(pc_host *host, const pc_packet *packet);

/* --- memory and frames --- */

/* NULL when there is no more for this host, or for all. Zeroed. */
void *pc_take(pc_host *host, size_t bytes);
/* The same, of what others make the host keep. */
void *pc_take_to_keep(pc_host *host, size_t bytes);
/* Whether hosts may keep more. */
int pc_may_keep(const pc_host *host);
void pc_give(pc_host *host, void *memory, size_t bytes);
/* A frame with so many bytes of data (zeros), and room in front for all headers below it and for 'more' bytes. */
pc_frame *pc_new_frame(pc_host *host, size_t more, size_t data);
void pc_free_frame(pc_host *host, pc_frame *frame);
void pc_free_queue(pc_host *host, pc_queue *queue);
/* Room for a header in front. */
static inline unsigned char *pc_push(pc_frame *frame, size_t bytes) {
    frame->size += (uint32_t)bytes;
    return frame->start -= bytes;
}

static inline void pc_append(pc_queue *queue, pc_frame *frame) {
    frame->next = NULL;
    if (queue->first == NULL)
        queue->last = &queue->first;
    *queue->last = frame;
    queue->last = &frame->next;
}

static inline pc_frame *pc_pop(pc_queue *queue) {
    pc_frame *frame = queue->first;
    if (frame != NULL)
        queue->first = frame->next;
    return frame;
}

/* Puts an Ethernet header in front of a packet, fills it up to the least size, and lets it leave. */
void pc_emit(pc_host *host, pc_frame *frame, const uint8_t *mac, int ethertype);

/* Time does not go back, also where a worker looked at the clock before another. */
static inline void pc_set_time(pc_host *host, uint64_t now_ns) {
    if (now_ns > host->now_ns)
        host->now_ns = now_ns;
}

/* Uniform below a limit. */
static inline uint64_t pc_random(pc_host *host, uint64_t limit) {
    return scaled_below(draw_random(&host->random), limit);
}

static inline uint64_t pc_sooner(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static inline void pc_malformed(pc_host *host) {
    host->counters.malformed++;
}

static inline void pc_unwanted(pc_host *host) {
    host->counters.unwanted++;
}

/* Whether one more is allowed, which is used then. */
static inline int pc_allows(const pc_host *host, pc_allowance *allowance) {
    uint64_t earned = (host->now_ns - allowance->since_ns) / (PC_SECOND_NS / PC_ANSWERS_PER_SECOND);
    if (earned > 0) {
        allowance->used = earned >= allowance->used ? 0 : allowance->used - (uint32_t)earned;
        allowance->since_ns = host->now_ns;
    }
    if (allowance->used == PC_MOST_ANSWERS)
        return 0;
    allowance->used++;
    return 1;
}

/* --- sending: pc_send.c --- */

/* The address that the host has for what goes there; family 0 when it has none. */
pc_address pc_source_for(const pc_host *host, const pc_address *destination);
/* To whom on the link it goes. Returns 0, or why it cannot go (udpfwd_pc_reason). */
int pc_next_hop(const pc_host *host, const pc_address *destination, pc_address *hop);
/* Whether the MAC address of one on the link has to be found out: it is none of a group, and not the host itself. */
int pc_needs_neighbour(const pc_host *host, const pc_address *hop);
/* Whether it goes to many: multicast, or a broadcast of the host's network. */
int pc_is_group(const pc_host *host, const pc_address *address);
/* Sends what a frame has, with IP's headers and in fragments if need be. The frame is taken in any case.
 * Returns 0 (also while it waits for a neighbour), or why it was not sent (udpfwd_pc_reason). */
int pc_send(pc_host *host, const pc_route *route, pc_frame *frame);
/* Packets of these sizes go there in one. */
size_t pc_path_mtu_of(pc_host *host, const pc_address *to);
void pc_learn_path_mtu(pc_host *host, const pc_address *to, uint32_t mtu);

#endif
