/* The network behind a user-mode NAT, and the frames that the gateway answers or passes on. No I/O; `now` is in seconds.
 *
 * The network is that of libvirt's bridge, 192.168.122.0/24 with the gateway at .1, so a lab with fixed addresses works with either.
 */
#ifndef GNS3TRIO_NAT_NETWORK_H
#define GNS3TRIO_NAT_NETWORK_H

#include "nat_fragments.h"

#define NAT_NETWORK UINT32_C(0xc0a87a00) /* host byte order, as all addresses here */
#define NAT_MASK UINT32_C(0xffffff00)
#define NAT_GATEWAY (NAT_NETWORK + 1)
#define NAT_SECOND (NAT_NETWORK + 2)
#define NAT_HIDDEN (NAT_NETWORK + 254)
#define NAT_HOSTS 256 /* guests are told apart by the last byte of their address */
#define NAT_FRAME_BYTES 1514

#define MAC_BYTES 6

typedef enum { LEASE_FREE, LEASE_OFFERED, LEASE_GIVEN, LEASE_DECLINED } nat_lease_state;

/* What is known of an address of the network. */
typedef struct {
    unsigned char mac[MAC_BYTES]; /* of the last frame from it; 0 if there was none */
    int64_t seen;                 /* the time of that frame */
    nat_lease_state state;
    unsigned char lease_mac[MAC_BYTES];
    int64_t until; /* the end of the lease */
} nat_host;

/* libslirp wants two addresses, which differ. Guests know the gateway and the name server by one, NAT_GATEWAY, and the host hides behind
 * another one: only what comes in by a forwarded port comes from there. If guests may reach the host, the host is NAT_GATEWAY, and
 * the name server NAT_SECOND. */
typedef struct {
    uint32_t dns, host;
    unsigned char mac[MAC_BYTES]; /* the gateway's, which libslirp derives from the address of the host */
    nat_host hosts[NAT_HOSTS];
    nat_datagram datagrams[NAT_DATAGRAMS];
} nat_network;

typedef enum {
    NAT_DROP,
    NAT_REPLY, /* the gateway itself answers: send the reply */
    NAT_ARP,   /* a guest tells its MAC address: the host is known now */
    NAT_PASS,  /* an IPv4 packet to pass on */
} nat_verdict;

typedef struct {
    nat_verdict verdict;
    unsigned host;   /* NAT_ARP, NAT_PASS: the guest */
    uint32_t target; /* NAT_PASS: the destination */
    const unsigned char *frame; /* NAT_PASS: the frame that was examined, or the one that its fragments were; until the next call */
    size_t bytes;
    size_t reply_bytes;
    unsigned char reply[600];
} nat_result;

void nat_network_init(nat_network *network, int is_host_reachable);

/* Whether an address is never one of another host: this host's own (0/8, 127/8), link-local (169.254/16, where clouds answer
 * whoever runs on a machine of theirs with its credentials), multicast, and those that are nobody's. */
static inline int nat_is_no_destination(uint32_t address) {
    unsigned first = address >> 24;
    return first == 0 || first == 127 || address >> 16 == 0xa9fe || first >= 224;
}

/* Examines a frame from the lab. */
void nat_receive(nat_network *network, const unsigned char *frame, size_t bytes, int64_t now, nat_result *result);

/* Answers a DHCP message (the UDP payload) of `bytes`; `reply` has room for NAT_DHCP_BYTES. Returns the length of the answer, 0 for none;
 * *to is its destination. */
#define NAT_DHCP_BYTES 300
size_t nat_dhcp(nat_network *network, const unsigned char *message, size_t bytes, int64_t now, unsigned char *reply, uint32_t *to);

/* Whoever sends it, an ICMP error of the gateway comes from NAT_GATEWAY. `frame` is one of libslirp's. */
void nat_name_gateway(const nat_network *network, unsigned char *frame, size_t bytes);

/* An ARP reply that tells libslirp the MAC address of a guest. */
#define NAT_ARP_BYTES 42
void nat_tell_mac(const nat_network *network, unsigned host, unsigned char frame[NAT_ARP_BYTES]);

#endif
