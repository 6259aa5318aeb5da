/* SLAAC (RFC 4862): an IPv6 address from a router's advertisement. A job asks for one; later advertisements keep what it got up to
 * date. */
#define _GNU_SOURCE
#include "pc_claims.h"
#include "pc_ip.h"
#include "pc_jobs.h"
#include "pc_nd.h"
#include "pc_neighbours.h"

#include <errno.h>

enum { ADVERTISEMENT_BYTES = 16, PREFIX_OPTION_BYTES = 32, IS_AUTONOMOUS = 0x40, PREFIX_BITS = 64 };
enum { MOST_ATTEMPTS = 10, LEAST_TIMEOUT_US = 1000, MOST_TIMEOUT_US = 60000000 };

typedef struct {
    pc_job job; /* first */
    uint32_t tries;
    pc_address claimed; /* family 0: nothing yet */
} configuration;

static uint64_t until(const pc_host *host, uint32_t seconds) {
    return seconds == UINT32_MAX ? PC_NEVER : host->now_ns + seconds * PC_SECOND_NS;
}

/* What an advertisement says that we use. */
typedef struct {
    pc_address address; /* family 0: none can be made of it */
    uint32_t valid, preferred, router;
} advertisement;

static advertisement read_advertisement(const pc_host *host, const pc_packet *packet) {
    const unsigned char *options = packet->data + ADVERTISEMENT_BYTES, *option = NULL;
    size_t size = packet->data_bytes - ADVERTISEMENT_BYTES;
    advertisement found = {.router = get16(packet->data + 6)};
    while ((option = pc_nd_option(options, size, OPTION_PREFIX, option)) != NULL) {
        if (8u * option[1] != PREFIX_OPTION_BYTES || option[2] != PREFIX_BITS || !(option[3] & IS_AUTONOMOUS))
            continue;
        pc_address prefix = read_address(option + 16, 6);
        uint32_t valid = get32(option + 4), preferred = get32(option + 8);
        if (is_link_local(&prefix) || !can_be_host(&prefix) || preferred > valid || valid == 0)
            continue;
        pc_interface_id(host->identity.mac, prefix.bytes + 8);
        found.address = prefix;
        found.valid = valid;
        found.preferred = preferred;
        break;
    }
    return found;
}

static void use_dns(pc_host *host, const pc_packet *packet) {
    const unsigned char *options = packet->data + ADVERTISEMENT_BYTES;
    const unsigned char *option = pc_nd_option(options, packet->data_bytes - ADVERTISEMENT_BYTES, OPTION_DNS, NULL);
    if (option == NULL || option[1] < 3)
        return;
    pc_address dns[UDPFWD_PC_TOLD_DNS_SERVERS];
    int servers = 0;
    for (; servers < UDPFWD_PC_TOLD_DNS_SERVERS && 8 + IPV6_BYTES * (servers + 1) <= 8 * option[1]; servers++)
        dns[servers] = read_address(option + 8 + IPV6_BYTES * servers, 6);
    pc_use_dns(host, 6, dns, servers);
}

static void use_times(pc_host *host, const advertisement *found) {
    host->valid_until_ns = until(host, found->valid);
    host->preferred_until_ns = until(host, found->preferred);
}

static void begin_claim(pc_host *host, configuration *c, const pc_packet *packet, const advertisement *found) {
    pc_claim_options claim = {
        .address = found->address,
        .prefix = PREFIX_BITS,
        .origin = UDPFWD_PC_AUTOMATIC,
        .probes = 1,
        .interval_ns = PC_SECOND_NS, /* RFC 4862, 5.1 */
        .done = pc_jobs_claimed,
    };
    if (found->router != 0)
        claim.gateway = packet->source;
    c->claimed = found->address;
    c->job.due_ns = PC_NEVER; /* the claim ends it */
    use_times(host, found);
    host->router_until_ns = until(host, found->router);
    use_dns(host, packet);
    if (!pc_claim_address(host, &claim))
        pc_finish(host, &c->job, UDPFWD_PC_NO_MEMORY);
}

void pc_slaac_advertisement(pc_host *host, const pc_packet *packet) {
    int is_from_link = packet->ttl == ND_HOP_LIMIT && is_link_local(&packet->source);
    if (!is_from_link || packet->data_bytes < ADVERTISEMENT_BYTES || packet->data[1] != 0 ||
        !pc_nd_options_fit(packet->data + ADVERTISEMENT_BYTES, packet->data_bytes - ADVERTISEMENT_BYTES)) {
        pc_malformed(host);
        return;
    }
    const advertisement found = read_advertisement(host, packet);
    configuration *c = (configuration *)pc_job_of(host, &pc_slaac_kind);
    const unsigned char *option =
        pc_nd_option(packet->data + ADVERTISEMENT_BYTES, packet->data_bytes - ADVERTISEMENT_BYTES, OPTION_SOURCE_MAC, NULL);
    const uint8_t *mac = option != NULL ? option + 2 : packet->mac;
    int is_waited_for = c != NULL && c->claimed.family == 0;
    int is_known = host->ipv6_origin == UDPFWD_PC_AUTOMATIC && same_address(&found.address, &host->ipv6);
    if (!is_waited_for && !is_known) {
        pc_unwanted(host);
        return;
    }
    pc_learn(host, &packet->source, mac, 1);
    if (is_waited_for) {
        udpfwd_pc_event event = {.kind = UDPFWD_PC_ROUTER, .address = packet->source};
        memcpy(event.mac, mac, sizeof event.mac);
        pc_job_tell(host, &c->job, event, packet->data, packet->data_bytes);
        if (found.address.family != 0)
            begin_claim(host, c, packet, &found);
        return;
    }
    uint64_t kept_ns = host->valid_until_ns;
    use_times(host, &found);
    /* Nobody may end an address with a word (RFC 4862, 5.5.3 e). */
    uint64_t least_ns = host->now_ns + 7200 * PC_SECOND_NS;
    if (host->valid_until_ns < least_ns && host->valid_until_ns < kept_ns)
        host->valid_until_ns = pc_sooner(kept_ns, least_ns);
    if (found.router != 0) {
        host->ipv6_gateway = packet->source;
        host->router_until_ns = until(host, found.router);
    } else if (same_address(&host->ipv6_gateway, &packet->source)) { /* who is no router says so of itself alone */
        host->ipv6_gateway = (pc_address){0};
    }
}

/* --- the job --- */

static int check(const udpfwd_pc_request *request) {
    int is_asked = request->attempts >= 1 && request->attempts <= MOST_ATTEMPTS;
    return is_asked && request->timeout_us >= LEAST_TIMEOUT_US && request->timeout_us <= MOST_TIMEOUT_US ? 0 : -EINVAL;
}

static void expire(pc_host *host, pc_job *job) {
    configuration *c = (configuration *)job;
    if (!pc_has_ipv6(host)) {
        pc_finish(host, job, UDPFWD_PC_NO_SOURCE);
    } else if (c->tries++ == job->request.attempts) {
        pc_finish(host, job, UDPFWD_PC_NO_ANSWER);
    } else {
        job->sent++;
        job->due_ns = host->now_ns + job->request.timeout_us * 1000ull;
        pc_nd_ask_router(host);
    }
}

static void claimed(pc_host *host, pc_job *job, const pc_address *address, const uint8_t *taken_by) {
    configuration *c = (configuration *)job;
    if (same_address(address, &c->claimed))
        pc_finish_claim(host, job, address, taken_by);
}

static void end(pc_host *host, pc_job *job) {
    if (pc_is_claimed(host, &((configuration *)job)->claimed))
        pc_drop_claims(host, UDPFWD_PC_AUTOMATIC);
}

const pc_job_kind pc_slaac_kind = {
    .bytes = sizeof(configuration), .is_single = 1, .check = check, .expire = expire, .end = end, .claimed = claimed};
