/* The forwarding core: its beginning and end. udpfwd.h is the contract; each other file has a header with what others
 * may use of it.
 *
 * All ports that are joined, directly or through others, belong to one worker, so the frame path takes no lock. A change is made
 * by the thread that asks for it, while the workers that it concerns are parked between two batches.
 */
#define _GNU_SOURCE
#include "flows.h"
#include "joints.h"
#include "trunk_round.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* --- signals --- */

int udpfwd_stats_fd(const udpfwd *core) {
    return core->stats_fd;
}

int udpfwd_captures_fd(const udpfwd *core) {
    return core->captures_fd;
}

int udpfwd_captures_full_fd(const udpfwd *core) {
    return core->captures_full_fd;
}

/* --- the core --- */

static int prepare(udpfwd *core, int workers) {
    core->stats_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    core->captures_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    core->captures_full_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (core->stats_fd < 0 || core->captures_fd < 0 || core->captures_full_fd < 0)
        return -errno;
    core->workers = calloc((size_t)workers, sizeof *core->workers);
    if (core->workers == NULL)
        return -ENOMEM;
    for (int i = 0; i < workers; i++) {
        worker *w = &core->workers[core->worker_count++];
        int result = prepare_worker(core, w);
        if (result < 0)
            return result;
    }
    return 0;
}

int udpfwd_open(int workers, uint32_t stats_interval_us, udpfwd **opened) {
    if (stats_interval_us == 0 || workers < 1 || workers > UDPFWD_MAX_WORKERS)
        return -EINVAL;
    udpfwd *core = calloc(1, sizeof *core);
    if (core == NULL)
        return -ENOMEM;
    core->stats_interval_ns = stats_interval_us * 1000ull;
    pthread_mutex_init(&core->lock, NULL);
    pthread_cond_init(&core->changed, NULL);
    core->stats_fd = core->captures_fd = core->captures_full_fd = -1;
    int result = pc_open_shared(&core->pcs);
    if (result == 0)
        result = prepare(core, workers);
    if (result < 0) {
        udpfwd_close(core);
        return result;
    }
    *opened = core;
    return 0;
}

void udpfwd_close(udpfwd *core) {
    for (int id = 0; id < core->port_slots; id++)
        if (core->ports[id] != NULL)
            end_port(core, core->ports[id]);
    close_trunk(core);
    close_bridges(core);
    pc_close_shared(&core->pcs);
    detach_offload(&core->kernel);
    for (int i = 0; i < core->worker_count; i++)
        close_worker(&core->workers[i]);
    close_if_open(core->stats_fd);
    close_if_open(core->captures_fd);
    close_if_open(core->captures_full_fd);
    pthread_cond_destroy(&core->changed);
    pthread_mutex_destroy(&core->lock);
    free(core->ports);
    free(core->changed_ports);
    free(core->workers);
    free(core);
}
