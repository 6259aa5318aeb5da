/* Flows: directions of links that the kernel serves by itself: flows.c. A flow is freed when it ends. */
#ifndef GNS3TRIO_FLOWS_H
#define GNS3TRIO_FLOWS_H

#include "worker.h"

/* Worker only: lets the kernel serve the frames that come in at a port, if all ports on their path only pass them on. Waits until the
 * socket is empty, but not for ever. */
void offload_from(worker *w, port *from);
/* Worker only: ports may have changed, so the next look must check which can be offloaded. */
void expect_flows(worker *w);
/* Expiry function of the timer for looks. */
void look_at_flows(worker *w, timer *look);
/* The port's worker is parked, before a change of the port: ends its flows, so that its frames come to the worker again. */
void end_flows(port *p);
/* Adds the frames that the kernel moved to a copy of a port's counters. */
void add_offloaded(udpfwd_counters *to, const port *p);

#endif
