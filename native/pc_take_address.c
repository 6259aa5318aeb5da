/* Addresses that are set by hand: jobs that claim one. */
#define _GNU_SOURCE
#include "pc_claims.h"
#include "pc_jobs.h"

#include <errno.h>

enum { MOST_ATTEMPTS = 10, MOST_TIMEOUT_US = 60000000 };

static int check(const udpfwd_pc_request *request) {
    int family = request->target.family, bits = family == 4 ? 32 : 128;
    int gateway_fits = request->gateway.family == 0 || (request->gateway.family == family && can_be_host(&request->gateway));
    int is_address = can_be_host(&request->target) && request->prefix >= 1 && request->prefix <= bits;
    return is_address && gateway_fits && request->attempts <= MOST_ATTEMPTS && request->timeout_us <= MOST_TIMEOUT_US ? 0 : -EINVAL;
}

static void expire(pc_host *host, pc_job *job) {
    const udpfwd_pc_request *request = &job->request;
    if (request->target.family == 6 && !pc_has_ipv6(host)) {
        pc_finish(host, job, UDPFWD_PC_NO_SOURCE);
        return;
    }
    const pc_claim_options options = {
        .address = request->target,
        .gateway = request->gateway,
        .prefix = request->prefix,
        .origin = UDPFWD_PC_MANUAL,
        .probes = (int)request->attempts,
        .interval_ns = request->timeout_us * 1000ull,
        .done = pc_jobs_claimed,
    };
    job->sent = request->attempts;
    if (!pc_claim_address(host, &options))
        pc_finish(host, job, UDPFWD_PC_NO_MEMORY);
}

static void claimed(pc_host *host, pc_job *job, const pc_address *address, const uint8_t *taken_by) {
    if (same_address(address, &job->request.target))
        pc_finish_claim(host, job, address, taken_by);
}

/* A job that is stopped takes nothing. */
static void end(pc_host *host, pc_job *job) {
    if (pc_is_claimed(host, &job->request.target))
        pc_drop_claim_of(host, UDPFWD_PC_MANUAL, job->request.target.family);
}

const pc_job_kind pc_take_address_kind = {
    .bytes = sizeof(pc_job), .is_single = 1, .check = check, .expire = expire, .end = end, .claimed = claimed};
