/* Hubs and switches: bridges.c. joints.c makes them, has ports join them, and frees them. */
#ifndef GNS3TRIO_BRIDGES_H
#define GNS3TRIO_BRIDGES_H

#include "frames.h"

typedef struct mac_table mac_table;

/* Its ports have one worker. */
struct bridge {
    int id;
    int kind;
    int count, room;
    unsigned visit; /* the walk over joined ports that saw its ports last */
    port **ports;
    mac_table *macs; /* of a switch */
};

/* Freed with free; NULL without memory. */
mac_table *new_mac_table(void);
/* The worker of the bridge is parked: forgets the addresses of a port, or all when it is NULL. */
void forget_macs(mac_table *table, const port *p);
/* Likewise: writes at most max of those that are not too old; returns how many there are. */
int list_macs(const mac_table *table, udpfwd_mac *macs, int max);
/* Worker only: frames that came in at a port of the bridge. */
void bridge_frames(worker *w, bridge *b, port *from, const struct iovec *frames, int n, const path *way);

#endif
