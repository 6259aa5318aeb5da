/* The calls that change the filters of a port, and suspend it. */
#define _GNU_SOURCE
#include "changes.h"
#include "filter_chain.h"
#include "held_frames.h"
#include "refuse.h"

/* The port's worker is parked; the chains are the port's from now on. */
static void replace_filters(port *p, filter_chain *const *chains) {
    for (int direction = 0; direction < DIRECTIONS; direction++) {
        filter_chain *before = p->filters[direction], *after = chains[direction];
        if (!can_hold(after))
            release_early(p, direction);
        else if (before != NULL && p->held_in_order[direction] > 0)
            follow_chain(after, before);
        free_chain(before);
        p->filters[direction] = after;
    }
}

int udpfwd_port_set_filters(udpfwd *core, int port_id, const udpfwd_filter *filters, int count, uint64_t seed, int suspended,
                            char *error, int error_size) {
    if (count < 0 || count > UDPFWD_MAX_FILTERS)
        return refuse(error, error_size, "too many filters");
    filter_chain *chains[DIRECTIONS] = {NULL, NULL};
    int result = 0;
    for (int direction = 0; direction < DIRECTIONS && result == 0; direction++)
        result = make_chain(filters, count, 1 << direction, seed, &chains[direction], error, error_size);
    if (result == 0) {
        begin_change(core);
        port *p = change_port(core, port_id);
        if (p != NULL) {
            replace_filters(p, chains);
            if (suspended != UDPFWD_AS_BEFORE)
                p->suspended = suspended;
        }
        result = end_change(core, p == NULL ? -ENOENT : 0);
    }
    if (result < 0)
        for (int direction = 0; direction < DIRECTIONS; direction++)
            free_chain(chains[direction]);
    return result;
}

int udpfwd_port_suspend(udpfwd *core, int port_id, int suspended) {
    begin_change(core);
    port *p = change_port(core, port_id);
    if (p != NULL)
        p->suspended = suspended != 0;
    return end_change(core, p == NULL ? -ENOENT : 0);
}
