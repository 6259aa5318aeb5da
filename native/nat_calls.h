/* The system calls of libslirp that open and use sockets. They are defined here, and the dynamic linker prefers the program's own
 * functions to those of the C library. So each destination is checked where it is used, whatever way a frame took to it.
 */
#ifndef GNS3TRIO_NAT_CALLS_H
#define GNS3TRIO_NAT_CALLS_H

#include "nat_network.h"

#include <netinet/in.h>

#define NAT_GUEST_SOCKETS 256
#define NAT_SOCKETS 1024 /* descriptors of the process */
#define NAT_NOBODY 256   /* no guest: such a socket is not counted */

/* What the code below libslirp's functions may do now; set it before such a function is called. */
typedef struct {
    unsigned guest;    /* whose sockets are opened: its number, or NAT_NOBODY */
    uint32_t target;   /* where its packet went before libslirp translated it; 0: no packet */
    int may_listen;    /* it opens a forwarded port */
} nat_context;
extern nat_context nat_now;

void nat_calls_init(const nat_network *network, int is_host_reachable);

/* Where the packets for the network's name server go; 0: nowhere. */
void nat_set_resolver(uint32_t address);

/* How many sockets are open for a guest. */
unsigned nat_sockets(unsigned guest);

/* Whether a packet for `target` may go to this address by descriptor fd: 0, or the errno that says why not. */
int nat_check(int fd, const struct sockaddr *address, socklen_t bytes, uint32_t target);

#endif
