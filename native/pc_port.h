/* A built-in PC as a port of the core: pc_port.c. The calls of pc.h are pc_calls.c's. */
#ifndef GNS3TRIO_PC_PORT_H
#define GNS3TRIO_PC_PORT_H

#include "pc_host.h"
#include "worker.h"

typedef struct {
    port port; /* first */
    timer timer;
    int late_turns; /* since the host did what is due, while frames waited */
    pc_host host;
} pc_port;

/* In a change: the PC of a port, whose worker is parked, and whose time is now; NULL where there is none. */
pc_port *change_pc(udpfwd *core, int id);
/* In a change, the worker is parked, and the host was asked to do something: its timer is set to when it has something to do. */
void pc_schedule(pc_port *pc);

#endif
