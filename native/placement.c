/* Which worker serves a port: ports that are joined, directly or through others, have one, and the workers have about as many each.
 *
 * Everything here happens in a change. Workers park before their ports move.
 */
#define _GNU_SOURCE
#include "placement.h"
#include "bridges.h"
#include "changes.h"
#include "flows.h"
#include "statistics.h"

#include <errno.h>
#include <stdlib.h>

static worker *least_busy(udpfwd *core) {
    worker *least = &core->workers[0];
    for (int i = 1; i < core->worker_count; i++)
        if (core->workers[i].ports < least->ports)
            least = &core->workers[i];
    return least;
}

int place_port(udpfwd *core, port *p, worker *w) {
    p->worker = w != NULL ? w : least_busy(core); /* which serves it as soon as it is watched */
    int result = watch(p->worker, &p->source);
    p->worker->ports += result == 0;
    return result;
}

typedef struct {
    port **ports;
    int count;
    unsigned visit;
} walk;

static void visit(walk *way, port *p) {
    if (p != NULL && p->visit != way->visit) {
        p->visit = way->visit;
        way->ports[way->count++] = p;
    }
}

/* All ports that frames from one may reach, or that reach it; NULL when there is no memory. */
static int find_joined(udpfwd *core, port *from, walk *way) {
    way->ports = malloc(sizeof(port *) * (size_t)core->port_slots);
    if (way->ports == NULL)
        return -ENOMEM;
    way->count = 0;
    way->visit = ++core->visits;
    visit(way, from);
    for (int i = 0; i < way->count; i++) {
        const port *p = way->ports[i];
        visit(way, p->peer);
        visit(way, p->splice);
        visit(way, p->probe);
        visit(way, p->sink);
        visit(way, p->sink_of);
        if (p->bridge != NULL && p->bridge->visit != way->visit) {
            p->bridge->visit = way->visit;
            for (int member = 0; member < p->bridge->count; member++)
                visit(way, p->bridge->ports[member]);
        }
    }
    return 0;
}

static int move_port(port *p, worker *to) {
    int result = watch(to, &p->source);
    if (result < 0)
        return result;
    unwatch(p->worker, &p->source);
    worker *from = p->worker;
    end_flows(p); /* which are their worker's */
    from->ports--;
    p->worker = to;
    to->ports++;
    if (p->kind->moved != NULL)
        p->kind->moved(p, from);
    return 0;
}

/* All of them, or none and a negative errno. */
static int move_ports(const walk *way, worker *to) {
    worker *from = way->ports[0]->worker;
    int moved = 0, result = 0;
    while (moved < way->count && result == 0) {
        result = move_port(way->ports[moved], to);
        moved += result == 0;
    }
    while (result < 0 && moved-- > 0) /* the kernel refused: as before; going back needs nothing that was not there */
        move_port(way->ports[moved], from);
    move_held(from);
    tell_noted(from); /* of ports, too, that it has no longer */
    tell_noted(to);
    return result;
}

int bring_together(udpfwd *core, port *first, port *second) {
    if (first->worker == second->worker)
        return 0;
    park(core, first->worker);
    park(core, second->worker);
    walk one = {0}, other = {0};
    int result = find_joined(core, first, &one);
    if (result == 0)
        result = find_joined(core, second, &other);
    if (result == 0)
        result = one.count < other.count ? move_ports(&one, second->worker) : move_ports(&other, first->worker);
    free(one.ports);
    free(other.ports);
    return result;
}

void spread(udpfwd *core, port *p) {
    worker *least = least_busy(core);
    if (p == NULL || p->worker->ports - least->ports < 2) /* nothing can be gained, as with one worker */
        return;
    walk way = {0};
    park(core, p->worker);
    park(core, least);
    if (find_joined(core, p, &way) == 0 && least->ports + way.count < p->worker->ports)
        move_ports(&way, least); /* where they are is good, too */
    free(way.ports);
}

int worker_of_port(udpfwd *core, int port_id) {
    pthread_mutex_lock(&core->lock);
    const port *p = find_port(core, port_id);
    int result = p == NULL ? -ENOENT : (int)(p->worker - core->workers);
    pthread_mutex_unlock(&core->lock);
    return result;
}
