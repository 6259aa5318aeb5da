/* How the filters of a port are made and replaced: filter_control.c. */
#ifndef GNS3TRIO_FILTER_CONTROL_H
#define GNS3TRIO_FILTER_CONTROL_H

#include "filter_chain.h"
#include "port.h"

/* Any thread, no core: the chains of both directions, by RX and TX. -EINVAL with a message in error, and no chain is left then. */
int make_chains(const udpfwd_filter *filters, int count, uint64_t seed, filter_chain **chains, char *error, int error_size);
void free_chains(filter_chain *const *chains);
/* In a change, the worker is parked, or knows nothing of the port yet: the chains are the port's from now on. */
void replace_filters(port *p, filter_chain *const *chains);

#endif
