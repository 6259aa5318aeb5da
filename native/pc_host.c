/* A PC as a host: its beginning and end, its addresses, its memory, and where what comes in goes. */
#define _GNU_SOURCE
#include "pc_host.h"
#include "pc_arp.h"
#include "pc_claims.h"
#include "pc_dhcp.h"
#include "pc_icmp.h"
#include "pc_ip.h"
#include "pc_jobs.h"
#include "pc_neighbours.h"
#include "pc_reassembly.h"
#include "pc_tcp.h"
#include "pc_traffic.h"
#include "pc_udp.h"

#include <errno.h>
#include <stdlib.h>

enum { ETHERTYPE_IPV4 = 0x0800, ETHERTYPE_ARP = 0x0806, ETHERTYPE_IPV6 = 0x86dd };

/* Of packets that a host sends itself, in one call: the others have their turn with the next. */
#define TURN_PACKETS_TO_SELF 64

/* --- memory --- */

static void *take(pc_host *host, size_t bytes) {
    if (host->memory + bytes > PC_MAX_HOST_BYTES)
        return NULL;
    void *memory = NULL;
    if (__atomic_add_fetch(&host->shared->memory, bytes, __ATOMIC_RELAXED) <= PC_MAX_BYTES)
        memory = malloc(bytes);
    if (memory == NULL)
        __atomic_sub_fetch(&host->shared->memory, bytes, __ATOMIC_RELAXED);
    else
        host->memory += bytes;
    return memory;
}

void *pc_take(pc_host *host, size_t bytes) {
    void *memory = take(host, bytes);
    return memory == NULL ? NULL : memset(memory, 0, bytes);
}

int pc_may_keep(const pc_host *host) {
    return __atomic_load_n(&host->shared->memory, __ATOMIC_RELAXED) < PC_MAX_KEPT_BYTES;
}

void *pc_take_to_keep(pc_host *host, size_t bytes) {
    return pc_may_keep(host) ? pc_take(host, bytes) : NULL;
}

void pc_give(pc_host *host, void *memory, size_t bytes) {
    if (memory == NULL)
        return;
    host->memory -= bytes;
    __atomic_sub_fetch(&host->shared->memory, bytes, __ATOMIC_RELAXED);
    free(memory);
}

pc_frame *pc_new_frame(pc_host *host, size_t more, size_t data) {
    size_t front = PC_TAG_ROOM_BYTES + PC_HEADERS_BYTES + more;
    size_t room = sizeof(pc_frame) + front + data + PC_LEAST_FRAME_BYTES;
    pc_frame *frame = take(host, room);
    if (frame == NULL) {
        host->counters.dropped++;
        return NULL;
    }
    *frame = (pc_frame){.room = (uint32_t)room, .size = (uint32_t)data};
    frame->start = frame->bytes + front;
    memset(frame->start, 0, data);
    return frame;
}

void pc_free_frame(pc_host *host, pc_frame *frame) {
    if (frame != NULL)
        pc_give(host, frame, frame->room);
}

void pc_free_queue(pc_host *host, pc_queue *queue) {
    for (pc_frame *frame; (frame = pc_pop(queue)) != NULL;)
        pc_free_frame(host, frame);
}

void pc_emit(pc_host *host, pc_frame *frame, const uint8_t *mac, int ethertype) {
    unsigned char *header = pc_push(frame, PC_ETHERNET_BYTES);
    memcpy(header, mac, ETHERNET_ADDRESS_BYTES);
    memcpy(header + ETHERNET_ADDRESS_BYTES, host->identity.mac, ETHERNET_ADDRESS_BYTES);
    put16(header + 2 * ETHERNET_ADDRESS_BYTES, (uint32_t)ethertype);
    if (frame->size < PC_LEAST_FRAME_BYTES) {
        memset(header + frame->size, 0, PC_LEAST_FRAME_BYTES - frame->size);
        frame->size = PC_LEAST_FRAME_BYTES;
    }
    int to_self = memcmp(mac, host->identity.mac, ETHERNET_ADDRESS_BYTES) == 0;
    pc_append(to_self ? &host->to_self : &host->out, frame);
}

/* --- addresses --- */

int pc_has_ipv6(const pc_host *host) {
    return host->identity.mtu >= 1280;
}

int pc_has_address(const pc_host *host, const pc_address *address) {
    if (address->family == 4)
        return same_address(address, &host->ipv4);
    return address->family == 6 && (same_address(address, &host->ipv6) || same_address(address, &host->link_local));
}

void pc_use_address(pc_host *host, const pc_address *address, int prefix, const pc_address *gateway, int origin) {
    if (address->family == 4) {
        if (origin != UDPFWD_PC_DHCP)
            pc_end_dhcp(host);
        host->ipv4 = *address;
        host->ipv4_gateway = *gateway;
        host->ipv4_prefix = (uint8_t)prefix;
        host->ipv4_origin = (uint8_t)origin;
    } else {
        host->ipv6 = *address;
        host->ipv6_gateway = *gateway;
        host->ipv6_prefix = (uint8_t)prefix;
        host->ipv6_origin = (uint8_t)origin;
    }
}

void pc_clear_address(pc_host *host, int family) {
    const pc_address none = {0};
    if (family == 4) {
        pc_forget_lease(host);
        host->ipv4 = host->ipv4_gateway = none;
        host->ipv4_prefix = host->ipv4_origin = 0;
    } else {
        host->ipv6 = host->ipv6_gateway = none;
        host->ipv6_prefix = host->ipv6_origin = 0;
    }
}

void pc_use_dns(pc_host *host, int family, const pc_address *servers, int count) {
    if (count == 0)
        return;
    pc_address kept[UDPFWD_PC_DNS_SERVERS] = {0};
    int n = 0;
    for (int i = 0; i < count; i++)
        kept[n++] = servers[i];
    for (int i = 0; i < UDPFWD_PC_DNS_SERVERS && n < UDPFWD_PC_DNS_SERVERS; i++)
        if (host->identity.dns[i].family != 0 && host->identity.dns[i].family != family)
            kept[n++] = host->identity.dns[i];
    memcpy(host->identity.dns, kept, sizeof kept);
}

/* fe80::/64 and the MAC address (RFC 4291, appendix A). */
static void make_link_local(pc_host *host) {
    const uint8_t *mac = host->identity.mac;
    pc_address made = {.family = 6, .bytes = {0xfe, 0x80}};
    pc_interface_id(mac, made.bytes + 8);
    pc_drop_claims(host, UDPFWD_PC_NO_ADDRESS);
    host->link_local = made;
    host->link_local_ready = 1;
    host->link_local_checked = 0; /* with its first use: pc_send */
}

void pc_interface_id(const uint8_t *mac, uint8_t *id) {
    const uint8_t made[8] = {mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]};
    memcpy(id, made, sizeof made);
}

/* --- identity --- */

int pc_check_identity(const udpfwd_pc_identity *identity) {
    int is_text =
        memchr(identity->name, 0, sizeof identity->name) != NULL && memchr(identity->domain, 0, sizeof identity->domain) != NULL;
    for (int i = 0; i < UDPFWD_PC_DNS_SERVERS; i++) {
        int family = identity->dns[i].family;
        if (family != 0 && family != 4 && family != 6)
            return -EINVAL;
    }
    int is_host = (identity->mac[0] & 1) == 0;
    return is_text && is_host && identity->mtu >= UDPFWD_PC_MIN_MTU && identity->mtu <= UDPFWD_PC_MAX_MTU ? 0 : -EINVAL;
}

void pc_set_identity(pc_host *host, const udpfwd_pc_identity *identity) {
    int same_mac = memcmp(host->identity.mac, identity->mac, ETHERNET_ADDRESS_BYTES) == 0;
    int had_ipv6 = pc_has_ipv6(host);
    host->identity = *identity;
    if (!same_mac) {
        pc_forget_neighbours(host, 4);
        pc_forget_neighbours(host, 6);
    }
    if (!same_mac || had_ipv6 != pc_has_ipv6(host))
        make_link_local(host);
}

void pc_begin(pc_host *host, pc_shared *shared, const udpfwd_pc_identity *identity, uint64_t seed, uint64_t now_ns) {
    host->shared = shared;
    host->now_ns = now_ns;
    host->identity = *identity;
    host->random = seeded_source(seed, 0);
    host->ipv4_id = (uint16_t)pc_random(host, 1u << 16);
    host->ipv6_id = (uint32_t)pc_random(host, UINT32_MAX);
    host->used_port = (uint16_t)pc_random(host, 1u << 14);
    make_link_local(host);
}

void pc_end(pc_host *host) {
    pc_drop_jobs(host);
    pc_drop_traffic(host);
    pc_drop_connections(host);
    pc_drop_reassemblies(host);
    pc_drop_claims(host, -1);
    pc_forget_lease(host);
    pc_forget_neighbours(host, 4);
    pc_forget_neighbours(host, 6);
    pc_free_queue(host, &host->out);
    pc_free_queue(host, &host->to_self);
}

/* What a router said holds for a time. No timer looks at it: whoever uses the address does. */
static void drop_expired(pc_host *host) {
    if (host->ipv6_origin != UDPFWD_PC_AUTOMATIC)
        return;
    if (host->now_ns >= host->valid_until_ns)
        pc_clear_address(host, 6);
    else if (host->now_ns >= host->router_until_ns)
        host->ipv6_gateway = (pc_address){0};
}

/* --- in --- */

static void accept_frame(pc_host *host, const unsigned char *frame, size_t size) {
    if (size < PC_ETHERNET_BYTES) {
        pc_malformed(host);
        return;
    }
    int is_own = memcmp(frame, host->identity.mac, ETHERNET_ADDRESS_BYTES) == 0;
    if (!is_own && !(frame[0] & 1)) {
        pc_unwanted(host);
        return;
    }
    const unsigned char *payload = frame + PC_ETHERNET_BYTES, *sender = frame + ETHERNET_ADDRESS_BYTES;
    size_t left = size - PC_ETHERNET_BYTES;
    const pc_carrier carrier = {.mac = sender, .to_group = !is_own};
    switch (get16(frame + 2 * ETHERNET_ADDRESS_BYTES)) {
    case ETHERTYPE_IPV4:
        pc_ipv4_input(host, payload, left, &carrier);
        break;
    case ETHERTYPE_ARP:
        pc_arp_input(host, payload, left);
        break;
    case ETHERTYPE_IPV6:
        if (pc_has_ipv6(host)) {
            pc_ipv6_input(host, payload, left, &carrier);
            break;
        } /* fall through */
    default:
        pc_unwanted(host);
    }
}

void pc_input(pc_host *host, const unsigned char *frame, size_t size, uint64_t now_ns) {
    pc_set_time(host, now_ns);
    drop_expired(host);
    accept_frame(host, frame, size);
}

void pc_deliver(pc_host *host, const pc_packet *packet) {
    int is_ipv4 = packet->source.family == 4;
    if (packet->protocol == PROTOCOL_UDP)
        pc_udp_input(host, packet);
    else if (packet->protocol == PROTOCOL_TCP)
        pc_tcp_input(host, packet);
    else if (packet->protocol == PROTOCOL_ICMP && is_ipv4)
        pc_icmp_input(host, packet);
    else if (packet->protocol == PROTOCOL_ICMPV6 && !is_ipv4)
        pc_icmp6_input(host, packet);
    else
        pc_unknown_protocol(host, packet);
}

/* --- time --- */

uint64_t pc_due(const pc_host *host) {
    if (host->to_self.first != NULL)
        return 0;
    uint64_t due = pc_sooner(pc_neighbours_due(host), pc_claims_due(host));
    due = pc_sooner(due, pc_sooner(pc_reassemblies_due(host), pc_connections_due(host)));
    due = pc_sooner(due, pc_sooner(pc_dhcp_due(host), pc_jobs_due(host)));
    return pc_sooner(due, pc_traffic_due(host));
}

void pc_expire(pc_host *host, uint64_t now_ns) {
    pc_set_time(host, now_ns);
    drop_expired(host);
    for (int i = 0; i < TURN_PACKETS_TO_SELF && host->to_self.first != NULL; i++) {
        pc_frame *frame = pc_pop(&host->to_self);
        accept_frame(host, frame->start, frame->size);
        pc_free_frame(host, frame);
    }
    pc_expire_neighbours(host);
    pc_expire_claims(host);
    pc_expire_reassemblies(host);
    pc_expire_connections(host);
    pc_expire_dhcp(host);
    pc_expire_jobs(host);
    pc_expire_traffic(host);
}

static uint32_t seconds_left(uint64_t until_ns, uint64_t now_ns) {
    if (until_ns == PC_NEVER)
        return UINT32_MAX;
    return until_ns <= now_ns ? 0 : (uint32_t)((until_ns - now_ns) / PC_SECOND_NS);
}

void pc_read_state(const pc_host *host, udpfwd_pc_state *state, uint64_t now_ns) {
    *state = (udpfwd_pc_state){
        .identity = host->identity,
        .ipv4 = host->ipv4,
        .ipv4_gateway = host->ipv4_gateway,
        .link_local = host->link_local,
        .ipv6 = host->ipv6,
        .ipv6_gateway = host->ipv6_gateway,
        .ipv4_prefix = host->ipv4_prefix,
        .ipv6_prefix = host->ipv6_prefix,
        .ipv4_origin = host->ipv4_origin,
        .ipv6_origin = host->ipv6_origin,
        .link_local_ready = host->link_local_ready,
        .timers = pc_due(host) != PC_NEVER,
        .counters = host->counters,
    };
    if (host->ipv6_origin == UDPFWD_PC_AUTOMATIC) {
        state->valid_left_seconds = seconds_left(host->valid_until_ns, now_ns);
        state->preferred_left_seconds = seconds_left(host->preferred_until_ns, now_ns);
    }
    const uint8_t *mac = host->ipv6_gateway.family == 0 ? NULL : pc_known_mac(host, &host->ipv6_gateway);
    if (mac != NULL)
        memcpy(state->gateway_mac, mac, ETHERNET_ADDRESS_BYTES);
    pc_read_lease(host, state, now_ns);
    for (const pc_job *job = host->jobs; job != NULL; job = job->next)
        state->jobs++;
}
