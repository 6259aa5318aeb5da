/* Changes: one at a time, each while the workers are parked that serve what it touches. */
#define _GNU_SOURCE
#include "changes.h"
#include "flows.h"

#include <errno.h>

void begin_change(udpfwd *core) {
    pthread_mutex_lock(&core->lock);
    while (core->changing)
        pthread_cond_wait(&core->changed, &core->lock);
    core->changing = 1;
    core->stops = 0;
}

int end_change(udpfwd *core, int result) {
    for (int i = 0; i < core->worker_count; i++)
        __atomic_store_n(&core->workers[i].must_park, 0, __ATOMIC_RELAXED);
    core->parks += (uint64_t)core->stops;
    core->changing = 0;
    pthread_cond_broadcast(&core->changed);
    pthread_mutex_unlock(&core->lock);
    return result;
}

int end_change_of(udpfwd *core, const void *changed, int result) {
    return end_change(core, changed == NULL ? -ENOENT : result);
}

void park(udpfwd *core, worker *w) {
    if (w->must_park)
        return;
    __atomic_store_n(&w->must_park, 1, __ATOMIC_RELAXED);
    core->stops |= w->running;
    wake(w);
    while (w->running && !w->is_parked)
        pthread_cond_wait(&core->changed, &core->lock);
}

port *change_port(udpfwd *core, int id) {
    port *p = find_port(core, id);
    if (p != NULL) {
        park(core, p->worker);
        end_flows(p);
    }
    return p;
}

uint64_t udpfwd_parks(udpfwd *core) {
    pthread_mutex_lock(&core->lock);
    uint64_t parks = core->parks;
    pthread_mutex_unlock(&core->lock);
    return parks;
}
