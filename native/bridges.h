/* Hubs and switches: bridges.c. joints.c creates them, adds ports, and frees them. */
#ifndef GNS3TRIO_BRIDGES_H
#define GNS3TRIO_BRIDGES_H

#include "frames.h"

typedef struct mac_table mac_table;

/* What hubs and switches do differently. */
typedef struct {
    int learns; /* it has a table of addresses, and its ports have VLANs */
    /* Worker only: frames that came in at a port of the bridge. */
    void (*move_frames)(worker *w, bridge *b, port *from, const struct iovec *frames, int n, const path *way);
} bridge_kind;

/* All its ports have the same worker. */
struct bridge {
    int id;
    const bridge_kind *kind;
    int count, room;
    int tagged;     /* of its ports, those where frames get or lose a tag */
    unsigned visit; /* the last walk over connected ports that visited it */
    port **ports;
    mac_table *macs; /* NULL if it learns none */
};

/* Returns NULL if there is no memory. */
mac_table *new_mac_table(void);
/* NULL: does nothing. */
void free_mac_table(mac_table *table);
/* The worker of the bridge is parked: deletes the addresses of a port, or all addresses if it is NULL. */
void forget_macs(mac_table *table, const port *p);
/* Likewise: writes at most max of the addresses that have not expired; returns their total number. */
int list_macs(const mac_table *table, udpfwd_mac *macs, int max);
/* The kind of a constant of udpfwd.h (UDPFWD_HUB, UDPFWD_SWITCH); NULL if there is none. */
const bridge_kind *find_bridge_kind(int constant);

#endif
