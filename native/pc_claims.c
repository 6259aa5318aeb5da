/* Claims of addresses: probes, then the address, then an announcement. */
#define _GNU_SOURCE
#include "pc_claims.h"
#include "pc_arp.h"
#include "pc_ip.h"
#include "pc_nd.h"

#define ANNOUNCE_TIMES 2 /* RFC 5227, 2.3 */
#define ANNOUNCE_INTERVAL_NS (2 * PC_SECOND_NS)

struct pc_claim {
    pc_claim *next;
    pc_claim_options options;
    int probes_left, announcements_left;
    int is_used; /* only announcements are left */
    uint64_t due_ns;
};

static void remove_claim(pc_host *host, pc_claim *claim) {
    pc_claim **at = &host->claims;
    while (*at != claim)
        at = &(*at)->next;
    *at = claim->next;
    pc_give(host, claim, sizeof *claim);
}

void pc_drop_claim_of(pc_host *host, int origin, int family) {
    for (pc_claim *claim = host->claims, *next; claim != NULL; claim = next) {
        next = claim->next;
        if ((origin < 0 || claim->options.origin == origin) && (family < 0 || claim->options.address.family == family))
            remove_claim(host, claim);
    }
}

void pc_drop_claims(pc_host *host, int origin) {
    pc_drop_claim_of(host, origin, -1);
}

static pc_claim *new_claim(pc_host *host, const pc_claim_options *options, uint64_t first_ns) {
    pc_drop_claim_of(host, options->origin, options->address.family);
    pc_claim *claim = pc_take(host, sizeof *claim);
    if (claim == NULL)
        return NULL;
    *claim = (pc_claim){.next = host->claims, .options = *options, .probes_left = options->probes, .due_ns = first_ns};
    return host->claims = claim;
}

int pc_claim_address(pc_host *host, const pc_claim_options *options) {
    return new_claim(host, options, host->now_ns) != NULL;
}

static void link_local_done(pc_host *host, const pc_address *address, const uint8_t *taken_by) {
    (void)address;
    if (taken_by != NULL)
        host->link_local_ready = 0;
}

void pc_claim_link_local(pc_host *host, uint64_t first_ns) {
    const pc_claim_options options = {.address = host->link_local, .probes = 1, .interval_ns = PC_SECOND_NS, .done = link_local_done};
    new_claim(host, &options, first_ns); /* without memory it is used unchecked */
}

int pc_is_claimed(const pc_host *host, const pc_address *address) {
    for (const pc_claim *claim = host->claims; claim != NULL; claim = claim->next)
        if (!claim->is_used && same_address(&claim->options.address, address))
            return 1;
    return 0;
}

int pc_is_group_of_claim(const pc_host *host, const pc_address *group) {
    for (const pc_claim *claim = host->claims; claim != NULL; claim = claim->next)
        if (pc_is_group_of(group, &claim->options.address))
            return 1;
    return 0;
}

void pc_contest(pc_host *host, const pc_address *address, const uint8_t *mac) {
    for (pc_claim *claim = host->claims; claim != NULL; claim = claim->next) {
        if (claim->is_used || !same_address(&claim->options.address, address))
            continue;
        pc_claim_options ended = claim->options;
        remove_claim(host, claim);
        if (ended.done != NULL)
            ended.done(host, &ended.address, mac);
        return;
    }
}

uint64_t pc_claims_due(const pc_host *host) {
    uint64_t due = PC_NEVER;
    for (const pc_claim *claim = host->claims; claim != NULL; claim = claim->next)
        due = pc_sooner(due, claim->due_ns);
    return due;
}

static void probe(pc_host *host, pc_claim *claim) {
    claim->probes_left--;
    claim->due_ns = host->now_ns + claim->options.interval_ns;
    if (claim->options.address.family == 4)
        pc_arp_probe(host, &claim->options.address);
    else
        pc_nd_probe(host, &claim->options.address);
}

/* Returns whether the claim is over. */
static int announce(pc_host *host, pc_claim *claim) {
    if (claim->options.address.family == 6 || !same_address(&claim->options.address, &host->ipv4))
        return 1;
    pc_arp_announce(host, &claim->options.address);
    claim->due_ns = host->now_ns + ANNOUNCE_INTERVAL_NS;
    return --claim->announcements_left == 0;
}

static void use(pc_host *host, pc_claim *claim) {
    const pc_claim_options ended = claim->options;
    claim->is_used = 1;
    claim->announcements_left = ANNOUNCE_TIMES;
    if (ended.origin != UDPFWD_PC_NO_ADDRESS)
        pc_use_address(host, &ended.address, ended.prefix, &ended.gateway, ended.origin);
    if (announce(host, claim))
        remove_claim(host, claim);
    if (ended.done != NULL)
        ended.done(host, &ended.address, NULL);
}

void pc_expire_claims(pc_host *host) {
    for (pc_claim *claim = host->claims, *next; claim != NULL; claim = next) {
        next = claim->next;
        if (claim->due_ns > host->now_ns)
            continue;
        if (claim->probes_left > 0) {
            probe(host, claim);
        } else if (claim->is_used) {
            if (announce(host, claim))
                remove_claim(host, claim);
        } else {
            use(host, claim);
            return; /* whoever was told may have changed the list */
        }
    }
}
