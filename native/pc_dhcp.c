/* The DHCP client: its states are those of RFC 2131, figure 5. It goes on without a job, to keep its lease. */
#define _GNU_SOURCE
#include "pc_dhcp.h"
#include "pc_claims.h"
#include "pc_neighbours.h"
#include "pc_udp.h"

#include <errno.h>

enum { SELECTING, REQUESTING, CHECKING, PAUSED, BOUND, RENEWING, REBINDING };
enum { MOST_ATTEMPTS = 10, LEAST_TIMEOUT_US = 1000, MOST_TIMEOUT_US = 60000000, MOST_DECLINES = 3 };

#define BACKGROUND_TIMEOUT_NS (4 * PC_SECOND_NS) /* RFC 2131, 4.1: doubled each time, up to the next */
#define MOST_PAUSE_NS (64 * PC_SECOND_NS)
#define LEAST_RENEWAL_PAUSE_NS (60 * PC_SECOND_NS) /* 4.4.5 */
#define RESTART_PAUSE_NS (10 * PC_SECOND_NS)       /* 3.1, 5 */
/* A server may tell times so short that every answer would be followed by the next request. */
#define LEAST_PAUSE_NS PC_SECOND_NS
#define CHECK_PROBES 2
#define CHECK_INTERVAL_NS (PC_SECOND_NS / 5)

struct pc_dhcp {
    int state, declines;
    uint32_t transaction;
    uint32_t attempts; /* that are left; 0: without end */
    uint64_t pause_ns, due_ns;
    uint64_t begun_ns;   /* asking for a lease */
    uint64_t asked_ns;   /* what was granted: the lease counts from here */
    uint64_t leased_ns;  /* the same, of the lease that is in use */
    pc_dhcp_reply offer; /* or what was granted */
};

typedef struct {
    pc_job job;
    int has_asked;
} dhcp_job;

/* The job that has asked. What is under way before a job asks, or while a release waits, is not its own, nor is its answer. */
static pc_job *job_of(const pc_host *host) {
    pc_job *job = pc_job_of(host, &pc_dhcp_kind);
    return job != NULL && ((dhcp_job *)job)->has_asked ? job : NULL;
}

static pc_job *waiting_release_of(const pc_host *host) {
    pc_job *job = pc_job_of(host, &pc_dhcp_kind);
    return job != NULL && job->request.kind == UDPFWD_PC_DHCP_RELEASE ? job : NULL;
}

static void finish(pc_host *host, int reason) {
    pc_job *job = job_of(host);
    if (job != NULL)
        pc_finish(host, job, reason);
}

static void tell_message(pc_host *host, int kind, int type, const pc_address *address, const void *message, size_t size) {
    pc_job *job = job_of(host);
    if (job != NULL)
        pc_job_tell(host, job, (udpfwd_pc_event){.kind = kind, .code = (uint8_t)type, .address = *address}, message, size);
}

void pc_forget_lease(pc_host *host) {
    pc_drop_claims(host, UDPFWD_PC_DHCP);
    pc_give(host, host->dhcp, sizeof *host->dhcp);
    host->dhcp = NULL;
}

void pc_end_dhcp(pc_host *host) {
    pc_job *job = pc_job_of(host, &pc_dhcp_kind);
    if (job != NULL)
        pc_finish(host, job, UDPFWD_PC_REPLACED);
    pc_forget_lease(host);
}

/* --- out --- */

static uint64_t lease_end_ns(const pc_dhcp *dhcp, uint32_t seconds) {
    return seconds == UINT32_MAX ? PC_NEVER : dhcp->leased_ns + seconds * PC_SECOND_NS;
}

static void send_message(pc_host *host, int type) {
    pc_dhcp *dhcp = host->dhcp;
    int has_lease = dhcp->state >= BOUND, to_server = type == DHCP_RELEASE || (type == DHCP_REQUEST && dhcp->state == RENEWING);
    int names_server = type == DHCP_DECLINE || type == DHCP_RELEASE || (type == DHCP_REQUEST && !has_lease);
    uint64_t seconds = (host->now_ns - dhcp->begun_ns) / PC_SECOND_NS;
    const pc_dhcp_query query = {
        .type = type,
        .transaction = dhcp->transaction,
        .client = has_lease ? dhcp->offer.address : 0,
        .wanted = type == DHCP_DECLINE || (type == DHCP_REQUEST && !has_lease) ? dhcp->offer.address : 0,
        .server = names_server ? dhcp->offer.server : 0,
        .seconds = seconds > UINT16_MAX ? UINT16_MAX : (uint16_t)seconds,
    };
    unsigned char message[DHCP_MAX_MESSAGE_BYTES];
    size_t size = pc_write_dhcp(message, &host->identity, &query);
    pc_frame *frame = pc_new_frame(host, UDP_HEADER_BYTES, size);
    if (frame == NULL)
        return;
    memcpy(frame->start, message, size);
    const pc_route route = {
        .source = ipv4_address(has_lease ? dhcp->offer.address : 0),
        .destination = ipv4_address(to_server ? dhcp->offer.server : UINT32_MAX),
    };
    pc_job *job = job_of(host);
    if (job != NULL)
        job->sent++;
    tell_message(host, UDPFWD_PC_DHCP_SENT, type, &route.destination, message, size);
    pc_udp_send(host, &route, DHCP_CLIENT_PORT, DHCP_SERVER_PORT, frame);
}

/* Sends in the state that there is, and waits: one of the jobs so long as it says, another as the RFC says. */
static void ask(pc_host *host) {
    pc_dhcp *dhcp = host->dhcp;
    dhcp->due_ns = host->now_ns + dhcp->pause_ns;
    if (dhcp->pause_ns < MOST_PAUSE_NS)
        dhcp->pause_ns *= 2;
    dhcp->asked_ns = host->now_ns;
    send_message(host, dhcp->state == SELECTING ? DHCP_DISCOVER : DHCP_REQUEST);
}

static void enter(pc_host *host, int state) {
    const pc_job *job = job_of(host);
    host->dhcp->state = state;
    host->dhcp->attempts = job != NULL ? job->request.attempts : 0;
    host->dhcp->pause_ns = job != NULL ? job->request.timeout_us * 1000ull : BACKGROUND_TIMEOUT_NS;
}

static void begin_asking(pc_host *host, int state) {
    enter(host, state);
    host->dhcp->transaction = (uint32_t)pc_random(host, UINT32_MAX) + 1;
    host->dhcp->begun_ns = host->now_ns;
    ask(host);
}

/* --- the lease --- */

static int prefix_of(uint32_t mask) {
    int bits = mask == 0 ? 0 : __builtin_popcount(mask);
    int is_mask = bits > 0 && mask == (uint32_t)(UINT64_C(0xffffffff) << (32 - bits));
    return is_mask ? bits : 24; /* the server told none that is one */
}

static void bound(pc_host *host) {
    pc_dhcp *dhcp = host->dhcp;
    dhcp->state = BOUND;
    dhcp->declines = 0;
    dhcp->leased_ns = dhcp->asked_ns;
    dhcp->due_ns = lease_end_ns(dhcp, dhcp->offer.renew_seconds);
    if (dhcp->due_ns < host->now_ns + LEAST_PAUSE_NS)
        dhcp->due_ns = host->now_ns + LEAST_PAUSE_NS;
    pc_address dns[UDPFWD_PC_TOLD_DNS_SERVERS];
    int servers = 0;
    for (int i = 0; i < UDPFWD_PC_TOLD_DNS_SERVERS; i++) {
        const pc_address server = ipv4_address(dhcp->offer.dns[i]);
        if (can_be_host(&server))
            dns[servers++] = server;
    }
    pc_use_dns(host, 4, dns, servers);
    if (dhcp->offer.domain[0] != 0)
        memcpy(host->identity.domain, dhcp->offer.domain, sizeof host->identity.domain);
    pc_job *job = job_of(host);
    if (job != NULL)
        pc_job_tell(host, job, (udpfwd_pc_event){.kind = UDPFWD_PC_ADDRESS_READY, .address = host->ipv4}, NULL, 0);
    finish(host, UDPFWD_PC_DONE);
}

/* It begins again, but not at once: the server may do the same again. */
static void pause_asking(pc_host *host) {
    host->dhcp->state = PAUSED;
    host->dhcp->due_ns = host->now_ns + RESTART_PAUSE_NS;
}

static void claimed(pc_host *host, const pc_address *address, const uint8_t *taken_by) {
    if (taken_by == NULL) {
        bound(host);
        return;
    }
    udpfwd_pc_event event = {.kind = UDPFWD_PC_ADDRESS_TAKEN, .address = *address};
    memcpy(event.mac, taken_by, sizeof event.mac);
    pc_job *job = job_of(host);
    if (job != NULL)
        pc_job_tell(host, job, event, NULL, 0);
    send_message(host, DHCP_DECLINE);
    pause_asking(host);
    if (++host->dhcp->declines == MOST_DECLINES) {
        pc_forget_lease(host);
        finish(host, UDPFWD_PC_IN_USE);
    }
}

/* What a server leaves out, or says so that it makes no sense, is as 4.4.5 says. */
static void complete_times(pc_dhcp_reply *reply) {
    uint32_t lease = reply->lease_seconds == 0 ? 3600 : reply->lease_seconds;
    uint32_t renew = reply->renew_seconds, rebind = reply->rebind_seconds;
    if (rebind == 0 || rebind >= lease)
        rebind = lease == UINT32_MAX ? lease : (uint32_t)(lease * 7ull / 8);
    if (renew == 0 || renew >= rebind)
        renew = lease == UINT32_MAX ? lease : lease / 2;
    reply->lease_seconds = lease;
    reply->renew_seconds = renew;
    reply->rebind_seconds = rebind;
}

static void granted(pc_host *host, const pc_dhcp_reply *reply) {
    pc_dhcp *dhcp = host->dhcp;
    uint32_t server = dhcp->offer.server;
    dhcp->offer = *reply;
    if (dhcp->offer.server == 0)
        dhcp->offer.server = server;
    complete_times(&dhcp->offer);
    const pc_address address = ipv4_address(reply->address);
    pc_claim_options claim = {
        .address = address,
        .prefix = prefix_of(reply->mask),
        .origin = UDPFWD_PC_DHCP,
        .probes = CHECK_PROBES,
        .interval_ns = CHECK_INTERVAL_NS,
        .done = claimed,
    };
    const pc_address gateway = ipv4_address(reply->gateway);
    if (can_be_host(&gateway))
        claim.gateway = gateway;
    if (dhcp->state >= BOUND && same_address(&address, &host->ipv4)) {
        pc_use_address(host, &address, claim.prefix, &claim.gateway, UDPFWD_PC_DHCP);
        bound(host);
        return;
    }
    dhcp->state = CHECKING;
    dhcp->due_ns = PC_NEVER; /* the claim ends it */
    if (!pc_claim_address(host, &claim)) {
        pc_forget_lease(host);
        finish(host, UDPFWD_PC_NO_MEMORY);
    }
}

/* The address is not the host's any more; the client goes on. */
static void lose_address(pc_host *host) {
    pc_dhcp *kept = host->dhcp;
    host->dhcp = NULL; /* which the address would take with it */
    pc_clear_address(host, 4);
    host->dhcp = kept;
}

/* Who has a job is told; otherwise it begins again (RFC 2131, 4.4.5). */
static void refused(pc_host *host) {
    int had_lease = host->dhcp->state >= BOUND;
    if (had_lease)
        lose_address(host);
    pc_job *job = job_of(host) != NULL ? job_of(host) : waiting_release_of(host);
    if (job != NULL) {
        pc_forget_lease(host);
        pc_finish(host, job, UDPFWD_PC_SERVER_FAILED);
    } else if (had_lease) {
        begin_asking(host, SELECTING);
    } else {
        pause_asking(host);
    }
}

int pc_dhcp_input(pc_host *host, const pc_datagram *datagram) {
    if (host->dhcp == NULL || datagram->destination_port != DHCP_CLIENT_PORT || datagram->source_port != DHCP_SERVER_PORT)
        return 0;
    pc_dhcp *dhcp = host->dhcp;
    pc_dhcp_reply reply;
    if (!pc_read_dhcp(datagram->data, datagram->size, host->identity.mac, &reply)) {
        pc_malformed(host);
        return 1;
    }
    int asked = dhcp->state == REQUESTING || dhcp->state == RENEWING || dhcp->state == REBINDING;
    const pc_address address = ipv4_address(reply.address);
    int is_offer = reply.type == DHCP_OFFER && dhcp->state == SELECTING && reply.server != 0;
    /* Of several servers the one that was chosen answers. */
    int is_other = dhcp->state == REQUESTING && reply.server != 0 && reply.server != dhcp->offer.server;
    int is_answer = (reply.type == DHCP_ACK || reply.type == DHCP_NAK) && asked && !is_other;
    if (reply.transaction != dhcp->transaction || !(is_offer || is_answer) || (reply.type != DHCP_NAK && !can_be_host(&address))) {
        pc_unwanted(host);
        return 1;
    }
    tell_message(host, UDPFWD_PC_DHCP_RECEIVED, reply.type, &datagram->packet->source, datagram->data, datagram->size);
    if (is_offer) {
        dhcp->offer = reply;
        enter(host, REQUESTING);
        ask(host);
    } else if (reply.type == DHCP_ACK) {
        granted(host, &reply);
    } else {
        refused(host);
    }
    return 1;
}

/* --- time --- */

/* Nobody has answered, and the job asks no more. */
static void give_up(pc_host *host) {
    pc_dhcp *dhcp = host->dhcp;
    if (dhcp->state < BOUND) {
        pc_forget_lease(host);
    } else { /* it is renewed in the background, in time */
        dhcp->state = BOUND;
        dhcp->due_ns = lease_end_ns(dhcp, dhcp->offer.renew_seconds);
    }
    finish(host, UDPFWD_PC_NO_ANSWER);
}

/* Half of what is left, but not too often. */
static void ask_until(pc_host *host, uint64_t end_ns) {
    pc_dhcp *dhcp = host->dhcp;
    ask(host);
    if (job_of(host) != NULL)
        return;
    uint64_t left = end_ns == PC_NEVER || end_ns <= host->now_ns ? 0 : (end_ns - host->now_ns) / 2;
    dhcp->due_ns = host->now_ns + (left > LEAST_RENEWAL_PAUSE_NS ? left : LEAST_RENEWAL_PAUSE_NS);
    if (dhcp->due_ns > end_ns)
        dhcp->due_ns = end_ns;
}

static void keep_lease(pc_host *host) {
    pc_dhcp *dhcp = host->dhcp;
    uint64_t rebind_ns = lease_end_ns(dhcp, dhcp->offer.rebind_seconds), end_ns = lease_end_ns(dhcp, dhcp->offer.lease_seconds);
    if (host->now_ns >= end_ns) {
        pc_job *release = waiting_release_of(host);
        lose_address(host);
        if (release == NULL) {
            begin_asking(host, SELECTING);
        } else {
            pc_forget_lease(host);
            pc_finish(host, release, UDPFWD_PC_NO_SERVER);
        }
        return;
    }
    if (dhcp->state == BOUND) {
        enter(host, RENEWING);
        dhcp->transaction = (uint32_t)pc_random(host, UINT32_MAX) + 1;
        dhcp->begun_ns = host->now_ns;
    }
    if (host->now_ns >= rebind_ns)
        dhcp->state = REBINDING;
    ask_until(host, dhcp->state == RENEWING ? rebind_ns : end_ns);
}

uint64_t pc_dhcp_due(const pc_host *host) {
    return host->dhcp == NULL ? PC_NEVER : host->dhcp->due_ns;
}

void pc_expire_dhcp(pc_host *host) {
    pc_dhcp *dhcp = host->dhcp;
    if (dhcp == NULL || dhcp->due_ns > host->now_ns)
        return;
    if (dhcp->state == PAUSED)
        begin_asking(host, SELECTING);
    else if (job_of(host) != NULL && dhcp->attempts > 0 && --dhcp->attempts == 0)
        give_up(host);
    else if (dhcp->state >= BOUND)
        keep_lease(host);
    else
        ask(host);
}

void pc_read_lease(const pc_host *host, udpfwd_pc_state *state, uint64_t now_ns) {
    const pc_dhcp *dhcp = host->dhcp;
    if (dhcp == NULL || dhcp->state < BOUND)
        return;
    uint64_t end_ns = lease_end_ns(dhcp, dhcp->offer.lease_seconds);
    state->dhcp_server = ipv4_address(dhcp->offer.server);
    state->lease_seconds = dhcp->offer.lease_seconds;
    state->renew_seconds = dhcp->offer.renew_seconds;
    state->rebind_seconds = dhcp->offer.rebind_seconds;
    state->lease_left_seconds = end_ns == PC_NEVER ? UINT32_MAX : end_ns <= now_ns ? 0 : (uint32_t)((end_ns - now_ns) / PC_SECOND_NS);
}

/* --- jobs --- */

static int check(const udpfwd_pc_request *request) {
    int is_asked = request->attempts >= 1 && request->attempts <= MOST_ATTEMPTS;
    return is_asked && request->timeout_us >= LEAST_TIMEOUT_US && request->timeout_us <= MOST_TIMEOUT_US ? 0 : -EINVAL;
}

static void discover(pc_host *host, pc_job *job) {
    ((dhcp_job *)job)->has_asked = 1;
    if (host->ipv4_origin == UDPFWD_PC_DHCP)
        pc_clear_address(host, 4);
    pc_forget_lease(host);
    host->dhcp = pc_take(host, sizeof *host->dhcp);
    if (host->dhcp == NULL)
        pc_finish(host, job, UDPFWD_PC_NO_MEMORY);
    else
        begin_asking(host, SELECTING);
}

static void release(pc_host *host, pc_job *job) {
    ((dhcp_job *)job)->has_asked = 1;
    send_message(host, DHCP_RELEASE);
    pc_clear_address(host, 4);
    pc_finish(host, job, UDPFWD_PC_DONE);
}

static void expire(pc_host *host, pc_job *job) {
    if (job->request.kind == UDPFWD_PC_DHCP_DISCOVER) {
        discover(host, job);
        return;
    }
    if (host->dhcp == NULL || host->dhcp->state < BOUND) {
        pc_finish(host, job, UDPFWD_PC_NO_SERVER);
    } else if (job->request.kind == UDPFWD_PC_DHCP_RENEW) {
        ((dhcp_job *)job)->has_asked = 1;
        begin_asking(host, RENEWING);
    } else { /* the server's MAC address first: it could not be asked for afterwards */
        const pc_address server = ipv4_address(host->dhcp->offer.server);
        pc_address hop;
        if (pc_next_hop(host, &server, &hop) != 0 || pc_find_mac(host, &hop) != NULL || !pc_ask(host, &hop))
            release(host, job);
    }
}

static void neighbour(pc_host *host, pc_job *job, const pc_address *address, int found) {
    (void)found;
    pc_address hop;
    if (job->request.kind != UDPFWD_PC_DHCP_RELEASE || host->dhcp == NULL || host->dhcp->state < BOUND)
        return;
    const pc_address server = ipv4_address(host->dhcp->offer.server);
    if (pc_next_hop(host, &server, &hop) == 0 && same_address(&hop, address))
        release(host, job);
}

/* Who is stopped while it asks for a lease asks no more; a lease stays. */
static void end(pc_host *host, pc_job *job) {
    (void)job;
    if (host->dhcp != NULL && host->dhcp->state < BOUND)
        pc_forget_lease(host);
    else if (host->dhcp != NULL && host->dhcp->state == RENEWING) {
        host->dhcp->state = BOUND;
        host->dhcp->due_ns = lease_end_ns(host->dhcp, host->dhcp->offer.renew_seconds);
    }
}

const pc_job_kind pc_dhcp_kind = {
    .bytes = sizeof(dhcp_job), .is_single = 1, .check = check, .expire = expire, .end = end, .neighbour = neighbour};
