/* Hubs and switches: bridges.c. joints.c creates them, adds ports, and frees them. */
#ifndef GNS3TRIO_BRIDGES_H
#define GNS3TRIO_BRIDGES_H

#include "frames.h"

typedef struct mac_table mac_table;

/* All its ports have the same worker. */
struct bridge {
    int id;
    int kind;
    int count, room;
    unsigned visit; /* the last walk over connected ports that visited it */
    port **ports;
    mac_table *macs; /* NULL for a hub */
};

/* Returns NULL if there is no memory; freed with free. */
mac_table *new_mac_table(void);
/* The worker of the bridge is parked: deletes the addresses of a port, or all addresses if it is NULL. */
void forget_macs(mac_table *table, const port *p);
/* Likewise: writes at most max of the addresses that have not expired; returns their total number. */
int list_macs(const mac_table *table, udpfwd_mac *macs, int max);
/* Worker only: frames that came in at a port of the bridge. */
void bridge_frames(worker *w, bridge *b, port *from, const struct iovec *frames, int n, const path *way);

#endif
