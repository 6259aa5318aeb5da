/* Jobs: the list of those that run, and who gets what came. */
#define _GNU_SOURCE
#include "pc_jobs.h"

#include <errno.h>

static const pc_job_kind *const KINDS[UDPFWD_PC_JOB_KINDS] = {
    [UDPFWD_PC_PING] = &pc_ping_kind,
    [UDPFWD_PC_TRACE] = &pc_trace_kind,
    [UDPFWD_PC_TAKE_ADDRESS] = &pc_take_address_kind,
    [UDPFWD_PC_DHCP_DISCOVER] = &pc_dhcp_kind,
    [UDPFWD_PC_DHCP_RENEW] = &pc_dhcp_kind,
    [UDPFWD_PC_DHCP_RELEASE] = &pc_dhcp_kind,
    [UDPFWD_PC_AUTOCONFIGURE] = &pc_slaac_kind,
    [UDPFWD_PC_RESOLVE] = &pc_resolve_kind,
};

/* The ports that the system's programs take by themselves (RFC 6335, 6). */
enum { FIRST_FREE_PORT = 49152, FREE_PORTS = 16384 };

static void end_job(pc_host *host, pc_job *job) {
    pc_job **at = &host->jobs;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    if (job->kind->end != NULL)
        job->kind->end(host, job);
    pc_end_teller(host->shared, job->teller);
    pc_give(host, job, job->kind->bytes);
}

void pc_job_tell(pc_host *host, pc_job *job, udpfwd_pc_event event, const void *data, size_t size) {
    event.port_id = host->id;
    pc_tell(host->shared, job->teller, &event, data, size);
}

void pc_finish(pc_host *host, pc_job *job, int reason) {
    const udpfwd_pc_event event = {.kind = UDPFWD_PC_FINISHED, .code = (uint8_t)reason, .sequence = job->sent};
    pc_job_tell(host, job, event, NULL, 0);
    end_job(host, job);
}

void pc_drop_jobs(pc_host *host) {
    while (host->jobs != NULL)
        end_job(host, host->jobs);
}

pc_job *pc_job_of(const pc_host *host, const pc_job_kind *kind) {
    for (pc_job *job = host->jobs; job != NULL; job = job->next)
        if (job->kind == kind)
            return job;
    return NULL;
}

static int count_jobs(const pc_host *host) {
    int count = 0;
    for (const pc_job *job = host->jobs; job != NULL; job = job->next)
        count++;
    return count;
}

int pc_start(pc_host *host, const udpfwd_pc_request *request, uint64_t now_ns) {
    if (request->kind < 0 || request->kind >= UDPFWD_PC_JOB_KINDS)
        return -EINVAL;
    const pc_job_kind *kind = KINDS[request->kind];
    int result = kind->check(request);
    if (result < 0)
        return result;
    pc_set_time(host, now_ns);
    pc_job *before = kind->is_single ? pc_job_of(host, kind) : NULL;
    if (before != NULL && before->request.target.family == request->target.family)
        pc_finish(host, before, UDPFWD_PC_REPLACED);
    if (count_jobs(host) >= UDPFWD_PC_MAX_JOBS)
        return -EBUSY;
    pc_job *job = pc_take(host, kind->bytes);
    if (job == NULL)
        return -ENOMEM;
    job->teller = pc_new_teller(host->shared);
    if (job->teller == NULL) {
        pc_give(host, job, kind->bytes);
        return -ENOMEM;
    }
    job->kind = kind;
    job->due_ns = host->now_ns;
    job->request = *request;
    job->next = host->jobs;
    host->jobs = job;
    return job->teller->number;
}

int pc_stop(pc_host *host, int number) {
    for (pc_job *job = host->jobs; job != NULL; job = job->next)
        if (job->teller->number == number) {
            end_job(host, job);
            return 0;
        }
    return -ENOENT;
}

void pc_finish_claim(pc_host *host, pc_job *job, const pc_address *address, const uint8_t *taken_by) {
    udpfwd_pc_event event = {.kind = taken_by == NULL ? UDPFWD_PC_ADDRESS_READY : UDPFWD_PC_ADDRESS_TAKEN, .address = *address};
    if (taken_by != NULL)
        memcpy(event.mac, taken_by, sizeof event.mac);
    pc_job_tell(host, job, event, NULL, 0);
    pc_finish(host, job, taken_by == NULL ? UDPFWD_PC_DONE : UDPFWD_PC_IN_USE);
}

uint64_t pc_jobs_due(const pc_host *host) {
    uint64_t due = PC_NEVER;
    for (const pc_job *job = host->jobs; job != NULL; job = job->next)
        due = pc_sooner(due, job->due_ns);
    return due;
}

void pc_expire_jobs(pc_host *host) {
    for (pc_job *job = host->jobs, *next; job != NULL; job = next) {
        next = job->next; /* a job ends itself alone */
        if (job->due_ns > host->now_ns)
            continue;
        job->due_ns = PC_NEVER;
        job->kind->expire(host, job);
    }
}

uint16_t pc_free_port(pc_host *host) {
    host->used_port = (uint16_t)((host->used_port + 1) % FREE_PORTS); /* as many as that are never in use at once */
    return (uint16_t)(FIRST_FREE_PORT + host->used_port);
}

/* --- what came --- */

int pc_jobs_echo(pc_host *host, const pc_packet *packet) {
    for (pc_job *job = host->jobs, *next; job != NULL; job = next) {
        next = job->next;
        if (job->kind->echo != NULL && job->kind->echo(host, job, packet))
            return 1;
    }
    return 0;
}

int pc_jobs_udp(pc_host *host, const pc_datagram *datagram) {
    for (pc_job *job = host->jobs, *next; job != NULL; job = next) {
        next = job->next;
        if (job->kind->udp != NULL && job->kind->udp(host, job, datagram))
            return 1;
    }
    return 0;
}

int pc_jobs_tcp(pc_host *host, const pc_segment *segment) {
    for (pc_job *job = host->jobs, *next; job != NULL; job = next) {
        next = job->next;
        if (job->kind->tcp != NULL && job->kind->tcp(host, job, segment))
            return 1;
    }
    return 0;
}

int pc_jobs_error(pc_host *host, const pc_packet *packet, const pc_quote *quote) {
    for (pc_job *job = host->jobs, *next; job != NULL; job = next) {
        next = job->next;
        if (job->kind->error != NULL && job->kind->error(host, job, packet, quote))
            return 1;
    }
    return 0;
}

void pc_jobs_neighbour(pc_host *host, const pc_address *address, int found) {
    for (pc_job *job = host->jobs, *next; job != NULL; job = next) {
        next = job->next;
        if (job->kind->neighbour != NULL)
            job->kind->neighbour(host, job, address, found);
    }
}

void pc_jobs_claimed(pc_host *host, const pc_address *address, const uint8_t *taken_by) {
    for (pc_job *job = host->jobs, *next; job != NULL; job = next) {
        next = job->next;
        if (job->kind->claimed != NULL)
            job->kind->claimed(host, job, address, taken_by);
    }
}
