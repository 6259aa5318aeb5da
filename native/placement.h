/* The assignment of ports to workers: placement.c. Called in a change (changes.h); these park the workers whose ports move. */
#ifndef GNS3TRIO_PLACEMENT_H
#define GNS3TRIO_PLACEMENT_H

#include "worker.h"

/* Assigns a new port to a worker, or if that is NULL to the one with the fewest ports. The worker serves it from now on. */
int place_port(udpfwd *core, port *p, worker *w);
/* Before two ports are connected: moves the smaller of the two sets of connected ports to the worker of the larger. */
int bring_together(udpfwd *core, port *first, port *second);
/* After a port was separated from others: moves its set of connected ports to another worker, if that then has fewer ports than the
 * present one has now. NULL: does nothing. */
void spread(udpfwd *core, port *p);
/* Any thread, for tests: the number of the worker that serves the port now, or -ENOENT. Connected ports have the same one. */
int worker_of_port(udpfwd *core, int port_id);

#endif
