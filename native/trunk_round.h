/* What the core calls of its trunk, if it has one: trunk.c and trunk_out.c. */
#ifndef GNS3TRIO_TRUNK_ROUND_H
#define GNS3TRIO_TRUNK_ROUND_H

#include "worker.h"

/* Worker only, at the end of a round: sends what waits for more frames of the same lane. Nothing waits while the worker is parked. */
void end_trunk_round(worker *w);
/* Before the core ends: no worker runs, and all ports are closed. */
void close_trunk(udpfwd *core);

#endif
