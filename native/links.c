/* Links inside this process: both ends at once. */
#define _GNU_SOURCE
#include "changes.h"
#include "filter_control.h"
#include "joints.h"

#include <errno.h>

/* In a change: two ports of one worker, spliced. Nothing can reach them, so nobody is parked for them. */
static int open_ends(udpfwd *core, port **ends) {
    port_options options = {.fd = -1};
    for (int i = 0; i < 2; i++) {
        int id = open_port(core, &local_kind, &options);
        if (id < 0) {
            if (i > 0)
                end_port(core, change_port(core, ends[0]->id));
            return id;
        }
        ends[i] = find_port(core, id);
        options.worker = ends[i]->worker;
    }
    return splice_ports(core, ends[0], ends[1]);
}

int udpfwd_link_open(udpfwd *core, const udpfwd_filter *filters, int count, uint64_t seed, int suspended, int32_t *ids, char *error,
                     int error_size) {
    filter_chain *chains[DIRECTIONS];
    port *ends[2];
    int result = make_chains(filters, count, seed, chains, error, error_size);
    if (result < 0)
        return result;
    begin_change(core);
    result = open_ends(core, ends);
    if (result < 0) {
        free_chains(chains);
        return end_change(core, result);
    }
    replace_filters(ends[0], chains);
    for (int i = 0; i < 2; i++) {
        ends[i]->suspended = suspended != 0;
        ids[i] = ends[i]->id;
    }
    return end_change(core, 0);
}
