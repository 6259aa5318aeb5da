/* The assignment of ports to workers: placement.c. Called in a change (changes.h); these park the workers whose ports move. */
#ifndef GNS3TRIO_PLACEMENT_H
#define GNS3TRIO_PLACEMENT_H

#include "worker.h"

/* Assigns a new port to a worker, or if that is NULL to the one with the fewest ports. The worker serves it from now on. */
int place_port(udpfwd *core, port *p, worker *w);
/* Before two ports are connected: moves the smaller of the two sets of connected ports to the worker of the larger. It takes time for
 * the ports of the smaller set, however large the other one is. */
int bring_together(udpfwd *core, port *first, port *second);
/* After a connection between the two was removed: if they are two sets now, moves the smaller one to the worker with the fewest ports,
 * if that then has fewer than the present one has now. NULL: does nothing. Like bring_together, it takes time for the smaller set only. */
void separate(udpfwd *core, port *first, port *second);
/* Any thread, for tests: the number of the worker that serves the port now, or -ENOENT. Connected ports have the same one. */
int worker_of_port(udpfwd *core, int port_id);

#endif
