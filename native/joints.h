/* Connections between ports: joints.c. Called in a change, with the workers of the ports parked. */
#ifndef GNS3TRIO_JOINTS_H
#define GNS3TRIO_JOINTS_H

#include "worker.h"

/* In a change: as udpfwd_splice. Unconnected ports of the same worker need no parking. */
int splice_ports(udpfwd *core, port *first, port *second);
/* Removes all connections of a port. */
void isolate_port(port *p);
void close_bridges(udpfwd *core);

#endif
