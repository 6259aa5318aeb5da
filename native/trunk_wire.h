/* The header of VXLAN (RFC 7348, section 5), and the message of our keepalives: bytes only, no core.
 *
 * A keepalive is a frame with VNI 0, which no link has: an Ethernet header with a local experimental type (IEEE 802, 0x88b5), and the fields
 * of trunk_message, in network byte order. A request is padded to the size whose way is probed; its answer is not.
 */
#ifndef GNS3TRIO_TRUNK_WIRE_H
#define GNS3TRIO_TRUNK_WIRE_H

#include <stddef.h>
#include <stdint.h>

#define VXLAN_BYTES 8
#define IP_UDP_BYTES 28 /* of the headers outside of that of VXLAN */
#define MESSAGE_BYTES (VXLAN_BYTES + 14 + 24)
/* The largest payload of a UDP datagram (RFC 768, RFC 791). */
#define MAX_DATAGRAM_BYTES 65507

enum { MESSAGE_REQUEST = 1, MESSAGE_ANSWER = 2 };

typedef struct {
    int kind;
    uint16_t udp_port; /* of the sender's trunk */
    uint64_t token;    /* the requester's secret, which the answer repeats */
    uint32_t sequence; /* likewise */
} trunk_message;

void put_vxlan(unsigned char *at, uint32_t vni);
/* The VNI, or -EINVAL if the header does not say that it is valid. The reserved fields may be anything. */
int get_vxlan(const unsigned char *at, size_t size);
/* Writes a whole datagram of a size, at least MESSAGE_BYTES. */
void put_message(unsigned char *at, size_t size, const trunk_message *message);
/* -EINVAL if a datagram with VNI 0 is none. */
int get_message(const unsigned char *at, size_t size, trunk_message *message);

#endif
