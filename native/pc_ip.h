/* IPv4 (RFC 791) and IPv6 (RFC 8200) of a PC: pc_ipv4.c, pc_ipv6.c. */
#ifndef GNS3TRIO_PC_IP_H
#define GNS3TRIO_PC_IP_H

#include "pc_host.h"

enum { IPV4_HEADER_BYTES = 20, IPV6_HEADER_BYTES = 40, FRAGMENT_HEADER_BYTES = 8, IP_MAX_BYTES = 65535 };
enum { NEXT_HOP_BY_HOP = 0, NEXT_ROUTING = 43, NEXT_FRAGMENT = 44, NEXT_NONE = 59, NEXT_DESTINATION = 60 };

static inline int pc_ethertype(int family) {
    return family == 4 ? 0x0800 : 0x86dd;
}

/* What the frame says in which a packet came. */
typedef struct {
    const unsigned char *mac; /* of who sent it */
    int to_group;             /* it went to more than this host */
} pc_carrier;

void pc_ipv4_input(pc_host *host, const unsigned char *bytes, size_t size, const pc_carrier *carrier);
void pc_ipv6_input(pc_host *host, const unsigned char *bytes, size_t size, const pc_carrier *carrier);
/* Whether an IPv4 address is that of all hosts of the link. */
int pc_is_broadcast(const pc_host *host, const pc_address *address);
/* Put headers in front of what a frame has, cut it into fragments where it is larger than mtu, and hand all to 'leave', in order.
 * 0, or a udpfwd_pc_reason; the frame is taken. */
typedef void (*pc_leave)(pc_host *host, const pc_address *hop, pc_frame *packet);
int pc_ipv4_send(pc_host *host, const pc_route *route, pc_frame *frame, size_t mtu, const pc_address *hop, pc_leave leave);
int pc_ipv6_send(pc_host *host, const pc_route *route, pc_frame *frame, size_t mtu, const pc_address *hop, pc_leave leave);
/* ff02::1:ff.., where solicitations for an address go (RFC 4291, 2.7.1). */
pc_address pc_solicited_node(const pc_address *address);
/* Whether a group is the one for solicitations of an address. */
int pc_is_group_of(const pc_address *group, const pc_address *address);
/* What a MAC address becomes in an IPv6 address: 8 bytes. */
void pc_interface_id(const uint8_t *mac, uint8_t *id);

#endif
