/* Looking a name up: each server is asked in turn, so often as the job says, for the addresses of one family, then of the other. */
#define _GNU_SOURCE
#include "pc_dns.h"
#include "pc_jobs.h"
#include "pc_udp.h"

#include <errno.h>

enum { MOST_ATTEMPTS = 10, MOST_TIMEOUT_US = 60000000, LEAST_TIMEOUT_US = 1000, MOST_ADDRESSES = 16 };

typedef struct {
    pc_job job; /* first */
    uint16_t source_port, query_bytes;
    uint8_t asks_ipv6, is_bare, has_failed, is_begun;
    uint32_t tries; /* of this question */
    uint32_t found; /* addresses so far */
    pc_address server;
    unsigned char query[DNS_MAX_QUERY_BYTES];
} resolution;

static int check(const udpfwd_pc_request *request) {
    unsigned char query[DNS_MAX_QUERY_BYTES];
    if (memchr(request->name, 0, sizeof request->name) == NULL || pc_write_dns(query, 0, request->name, "", DNS_A) == 0)
        return -EINVAL;
    int is_family = request->family == 0 || request->family == 4 || request->family == 6;
    int is_asked = request->attempts >= 1 && request->attempts <= MOST_ATTEMPTS;
    int is_timed = request->timeout_us >= LEAST_TIMEOUT_US && request->timeout_us <= MOST_TIMEOUT_US;
    return is_family && is_asked && is_timed ? 0 : -EINVAL;
}

static int count_servers(const pc_host *host) {
    int count = 0;
    for (int i = 0; i < UDPFWD_PC_DNS_SERVERS; i++)
        count += host->identity.dns[i].family != 0;
    return count;
}

static const pc_address *server_at(const pc_host *host, uint32_t number) {
    for (int i = 0; i < UDPFWD_PC_DNS_SERVERS; i++)
        if (host->identity.dns[i].family != 0 && number-- == 0)
            return &host->identity.dns[i];
    return NULL;
}

/* Whether the name is asked for below the PC's domain first. */
static int has_domain(const pc_host *host, const resolution *r) {
    return strchr(r->job.request.name, '.') == NULL && host->identity.domain[0] != 0;
}

static void end_question(pc_host *host, resolution *r);

/* Asks the next server; or that was all. */
static void ask(pc_host *host, resolution *r) {
    uint32_t servers = (uint32_t)count_servers(host);
    if (servers == 0) {
        pc_finish(host, &r->job, UDPFWD_PC_NO_SERVER);
        return;
    }
    if (r->tries >= servers * r->job.request.attempts) {
        pc_finish(host, &r->job, r->found > 0 ? UDPFWD_PC_DONE : r->has_failed ? UDPFWD_PC_SERVER_FAILED : UDPFWD_PC_NO_ANSWER);
        return;
    }
    const char *domain = !r->is_bare && has_domain(host, r) ? host->identity.domain : "";
    uint16_t id = (uint16_t)pc_random(host, 1u << 16);
    r->query_bytes = (uint16_t)pc_write_dns(r->query, id, r->job.request.name, domain, r->asks_ipv6 ? DNS_AAAA : DNS_A);
    if (r->query_bytes == 0) { /* too long with the domain */
        end_question(host, r);
        return;
    }
    r->server = *server_at(host, r->tries++ % servers);
    r->source_port = pc_free_port(host);
    r->job.due_ns = host->now_ns + r->job.request.timeout_us * 1000ull;
    pc_frame *frame = pc_new_frame(host, UDP_HEADER_BYTES, r->query_bytes);
    if (frame == NULL)
        return; /* it is asked again */
    memcpy(frame->start, r->query, r->query_bytes);
    pc_udp_remember_port(host, r->source_port);
    r->job.sent++;
    const pc_route route = {.destination = r->server};
    pc_udp_send(host, &route, r->source_port, DNS_PORT, frame);
}

/* There is an answer, whatever it is: the next question. */
static void end_question(pc_host *host, resolution *r) {
    r->tries = 0;
    if (r->found == 0 && !r->is_bare && has_domain(host, r)) {
        r->is_bare = 1;
        ask(host, r);
    } else if (r->job.request.family == 0 && !r->asks_ipv6) {
        r->asks_ipv6 = 1;
        r->is_bare = 0;
        ask(host, r);
    } else {
        pc_finish(host, &r->job, r->found > 0 ? UDPFWD_PC_DONE : UDPFWD_PC_NO_SUCH_NAME);
    }
}

static void expire(pc_host *host, pc_job *job) {
    resolution *r = (resolution *)job;
    if (!r->is_begun)
        r->asks_ipv6 = job->request.family == 6;
    r->is_begun = 1;
    ask(host, r);
}

static int udp(pc_host *host, pc_job *job, const pc_datagram *datagram) {
    resolution *r = (resolution *)job;
    if (r->query_bytes == 0 || datagram->source_port != DNS_PORT || datagram->destination_port != r->source_port ||
        !same_address(&datagram->packet->source, &r->server))
        return 0;
    pc_address found[MOST_ADDRESSES];
    int n = pc_read_dns(datagram->data, datagram->size, r->query, r->query_bytes, found, MOST_ADDRESSES);
    if (n == DNS_IS_NONE) {
        pc_malformed(host);
        return 1;
    }
    if (n == DNS_FAILED) {
        r->has_failed = 1;
        ask(host, r);
        return 1;
    }
    for (int i = 0; i < n; i++)
        pc_job_tell(host, job, (udpfwd_pc_event){.kind = UDPFWD_PC_RESOLVED, .address = found[i]}, NULL, 0);
    r->found += n > 0 ? (uint32_t)n : 0;
    end_question(host, r);
    return 1;
}

const pc_job_kind pc_resolve_kind = {.bytes = sizeof(resolution), .check = check, .expire = expire, .udp = udp};
