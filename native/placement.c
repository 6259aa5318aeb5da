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

/* A walk over the ports that frames from one may reach, or that reach it, in short steps. */
typedef struct {
    port **ports; /* that were found */
    int count, room;
    int done;       /* so many of these have shown their neighbours */
    int member;     /* so many members of the bridge of the next one were looked at */
    unsigned mark;  /* of this walk, at the ports that it found */
    unsigned other; /* of the walk that it must not meet; 0 without one */
} walk;

/* The results of a step, beside 0 and a negative errno. */
enum { IS_COMPLETE = 1, HAS_MET };

/* So many members of a bridge are looked at in a step. */
#define STEP_MEMBERS 16

static int visit(walk *way, port *p) {
    if (p == NULL || p->visit == way->mark)
        return 0;
    if (way->other != 0 && p->visit == way->other)
        return HAS_MET;
    if (way->count == way->room) {
        int room = way->room ? way->room * 2 : 16;
        port **ports = realloc(way->ports, sizeof *ports * (size_t)room);
        if (ports == NULL)
            return -ENOMEM;
        way->ports = ports;
        way->room = room;
    }
    p->visit = way->mark;
    way->ports[way->count++] = p;
    return 0;
}

static int begin_walk(udpfwd *core, walk *way, port *from) {
    way->mark = ++core->visits;
    return visit(way, from);
}

static int step_over_bridge(walk *way, bridge *b) {
    if (way->member == 0 && b->visit == way->mark) /* another of its ports has shown them */
        way->member = b->count;
    b->visit = way->mark;
    for (int last = way->member + STEP_MEMBERS; way->member < b->count && way->member < last; way->member++) {
        int result = visit(way, b->ports[way->member]);
        if (result != 0)
            return result;
    }
    return 0;
}

static int step(walk *way) {
    if (way->done == way->count)
        return IS_COMPLETE;
    const port *p = way->ports[way->done];
    port *neighbours[] = {p->peer, p->splice, p->probe, p->sink, p->sink_of};
    for (size_t i = 0; way->member == 0 && i < sizeof neighbours / sizeof *neighbours; i++) {
        int result = visit(way, neighbours[i]);
        if (result != 0)
            return result;
    }
    if (p->bridge != NULL) {
        int result = step_over_bridge(way, p->bridge);
        if (result != 0 || way->member < p->bridge->count)
            return result; /* the rest in later steps */
    }
    way->member = 0;
    way->done++;
    return 0;
}

/* The walk that is known to have found the smaller set: the second of equal ones. NULL while neither is known. */
static walk *smaller_of(walk ways[2], const int is_complete[2]) {
    if (is_complete[0] && is_complete[1])
        return ways[0].count < ways[1].count ? &ways[0] : &ways[1];
    for (int i = 0; i < 2; i++)
        if (is_complete[i] && ways[1 - i].count > ways[i].count)
            return &ways[i];
    return NULL;
}

/* Walks from both ports in turns until the smaller of the two sets is known, however large the other one is. HAS_MET: they are one. */
static int find_smaller(udpfwd *core, port *first, port *second, walk ways[2], walk **smaller) {
    int is_complete[2] = {0, 0}, result = begin_walk(core, &ways[0], first);
    if (result == 0) {
        ways[1].other = ways[0].mark;
        result = begin_walk(core, &ways[1], second);
        ways[0].other = ways[1].mark;
    }
    while (result == 0 && (*smaller = smaller_of(ways, is_complete)) == NULL)
        for (int i = 0; i < 2 && result == 0; i++)
            if (!is_complete[i] && (result = step(&ways[i])) == IS_COMPLETE) {
                is_complete[i] = 1;
                result = 0;
            }
    return result;
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
    walk ways[2] = {{0}, {0}}, *smaller = NULL;
    int result = find_smaller(core, first, second, ways, &smaller);
    if (result == 0)
        result = move_ports(smaller, smaller == ways ? second->worker : first->worker);
    free(ways[0].ports);
    free(ways[1].ports);
    return result;
}

void separate(udpfwd *core, port *first, port *second) {
    if (first == NULL || second == NULL || first == second)
        return;
    worker *now = first->worker, *least = least_busy(core);
    if (now->ports - least->ports < 2) /* nothing can be gained, as with one worker */
        return;
    park(core, now);
    park(core, least);
    walk ways[2] = {{0}, {0}}, *smaller = NULL;
    if (find_smaller(core, first, second, ways, &smaller) == 0 && least->ports + smaller->count < now->ports)
        move_ports(smaller, least); /* where they are is good, too */
    free(ways[0].ports);
    free(ways[1].ports);
}

int worker_of_port(udpfwd *core, int port_id) {
    pthread_mutex_lock(&core->lock);
    const port *p = find_port(core, port_id);
    int result = p == NULL ? -ENOENT : (int)(p->worker - core->workers);
    pthread_mutex_unlock(&core->lock);
    return result;
}
