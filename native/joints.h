/* Who is joined to whom: joints.c. In a change, the workers of the ports are parked. */
#ifndef GNS3TRIO_JOINTS_H
#define GNS3TRIO_JOINTS_H

#include "worker.h"

/* In a change: as udpfwd_splice. Ports of one worker that nothing can reach yet need no parking. */
int splice_ports(udpfwd *core, port *first, port *second);
/* Takes a port out of everything that it is joined to. */
void isolate_port(port *p);
void close_bridges(udpfwd *core);

#endif
