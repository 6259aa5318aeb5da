/* Creating and replacing the filters of a port: filter_control.c. */
#ifndef GNS3TRIO_FILTER_CONTROL_H
#define GNS3TRIO_FILTER_CONTROL_H

#include "filter_chain.h"
#include "port.h"

/* Any thread, without a core: creates the chains of both directions, indexed by RX and TX. -EINVAL with a message in error and no chains. */
int make_chains(const udpfwd_filter *filters, int count, uint64_t seed, filter_chain **chains, char *error, int error_size);
void free_chains(filter_chain *const *chains);
/* In a change; the worker is parked, or does not serve the port yet: the port takes over the chains. */
void replace_filters(port *p, filter_chain *const *chains);

#endif
