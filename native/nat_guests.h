/* Two libslirps for each guest, one of them for the name server: the tables of each hold 16 hosts, and so none can use up what belongs to
 * another. */
#ifndef GNS3TRIO_NAT_GUESTS_H
#define GNS3TRIO_NAT_GUESTS_H

#include "nat_network.h"
#include "nat_slirp.h"

/* `send` gets the frames for the lab. */
void nat_guests_init(const slirp_library *library, nat_network *network, void (*send)(const void *frame, size_t bytes));

/* An IPv4 packet, or ARP, from a guest. */
void nat_guest_input(const nat_result *result);

/* Forwards a port of this host to a guest. Returns 0 or an errno. */
int nat_guest_forward(int is_udp, struct in_addr host, int host_port, uint32_t guest, int guest_port);
/* Ends that; connections stay. */
void nat_guest_unforward(int is_udp, struct in_addr host, int host_port, uint32_t guest);

/* Waits until a descriptor of a guest, or fd, or other, is readable, and serves the guests. Returns a bit for each of the two. */
unsigned nat_guests_wait(int fd, int other);

#endif
