/* Which worker serves a port: placement.c. In a change (changes.h); workers whose ports move are parked by these. */
#ifndef GNS3TRIO_PLACEMENT_H
#define GNS3TRIO_PLACEMENT_H

#include "worker.h"

/* Gives a new port to a worker, or to the one that has the fewest when that is NULL. It serves the port from now on. */
int place_port(udpfwd *core, port *p, worker *w);
/* Before two ports are joined: the smaller of the two sets of joined ports moves to the worker of the larger. */
int bring_together(udpfwd *core, port *first, port *second);
/* After a port was separated from others: it and what is joined to it move to another worker, if that has fewer then than theirs has
 * now. NULL is no port. */
void spread(udpfwd *core, port *p);

#endif
