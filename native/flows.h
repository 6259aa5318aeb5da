/* Links that the kernel serves by itself: flows.c. A flow is freed when it ends. */
#ifndef GNS3TRIO_FLOWS_H
#define GNS3TRIO_FLOWS_H

#include "worker.h"

/* Worker only: has the kernel serve what comes in at a port, if nothing on its way does more than pass it on. While frames are in its
 * socket it waits, but not for ever. */
void offload_from(worker *w, port *from);
/* Worker only: ports may have changed: the next look shall see what can be offloaded. */
void expect_flows(worker *w);
/* What the timer of looks does. */
void look_at_flows(worker *w, timer *look);
/* The port's worker is parked, before the port changes: what passes it comes to its worker again. */
void end_flows(port *p);
/* Adds to a copy of a port's counters what the kernel moved. */
void add_offloaded(udpfwd_counters *to, const port *p);

#endif
