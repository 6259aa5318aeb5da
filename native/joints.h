/* Who is joined to whom: joints.c. Workers are parked. */
#ifndef GNS3TRIO_JOINTS_H
#define GNS3TRIO_JOINTS_H

#include "worker.h"

/* Takes a port out of everything that it is joined to. */
void isolate_port(port *p);
void close_bridges(udpfwd *core);

#endif
