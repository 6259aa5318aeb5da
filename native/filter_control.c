/* The calls that change the filters of a port, and suspend it. */
#define _GNU_SOURCE
#include "filter_control.h"
#include "changes.h"
#include "held_frames.h"
#include "refuse.h"

int make_chains(const udpfwd_filter *filters, int count, uint64_t seed, filter_chain **chains, char *error, int error_size) {
    int result = count < 0 || count > UDPFWD_MAX_FILTERS ? refuse(error, error_size, "too many filters") : 0;
    for (int direction = 0; direction < DIRECTIONS; direction++) {
        chains[direction] = NULL;
        if (result == 0)
            result = make_chain(filters, count, 1 << direction, seed, &chains[direction], error, error_size);
    }
    if (result < 0)
        free_chains(chains);
    return result;
}

void free_chains(filter_chain *const *chains) {
    for (int direction = 0; direction < DIRECTIONS; direction++)
        free_chain(chains[direction]);
}

void replace_filters(port *p, filter_chain *const *chains) {
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
    filter_chain *chains[DIRECTIONS];
    int result = make_chains(filters, count, seed, chains, error, error_size);
    if (result < 0)
        return result;
    begin_change(core);
    port *p = change_port(core, port_id);
    if (p == NULL)
        free_chains(chains);
    else
        replace_filters(p, chains);
    if (p != NULL && suspended != UDPFWD_AS_BEFORE)
        p->suspended = suspended;
    return end_change_of(core, p, 0);
}

int udpfwd_port_suspend(udpfwd *core, int port_id, int suspended) {
    begin_change(core);
    port *p = change_port(core, port_id);
    if (p != NULL)
        p->suspended = suspended != 0;
    return end_change_of(core, p, 0);
}
