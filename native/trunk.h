/* Trunks: the links between this host and others over one UDP port. The second part of the contract between C and Python.
 *
 * The core has at most one trunk, which is a UDP port of this host. Its peers are the trunks of other hosts. A link of a trunk is a port of
 * the core: each frame that leaves at it goes to its peer with a VXLAN header (RFC 7348), whose VNI tells the peer to which of its ports
 * the frame belongs. The VNIs of a direction belong to its receiver, so that no two senders can choose the same one.
 *
 * Ownership
 *  1. udpfwd_trunk_open and udpfwd_trunk_close are calls of one owner. Closing ends the peers and the ports of their links.
 *  2. Ids of peers are small, not negative, and used again. A peer is its opener's until udpfwd_peer_close, and has no links then.
 *  3. Ports of links are closed by udpfwd_port_close, like all others.
 *
 * Results are as in udpfwd.h.
 */
#ifndef GNS3TRIO_TRUNK_H
#define GNS3TRIO_TRUNK_H

#include "udpfwd.h"

/* >>> read by cffi: declarations only */

/* The lowest bits of a VNI choose the lane of its frames. Lanes have sockets of their own, and are spread over the workers. */
#define UDPFWD_TRUNK_LANES 4
/* The lowest 16 bits of a VNI are the place of its link in the table of the trunk. Place 0 is that of the keepalives (VNI 0). The other 8
 * bits are as they like: frames for an earlier link of the same place have other ones, and are dropped. */
#define UDPFWD_TRUNK_PLACES 65536
#define UDPFWD_MAX_VNI 16777215
#define UDPFWD_MAX_PEERS 256

/* Why datagrams, or frames of them, were dropped before they came to a port. */
typedef enum {
    UDPFWD_TRUNK_DROP_HEADER, /* they have no header of VXLAN, or none that says its VNI is valid */
    UDPFWD_TRUNK_DROP_VNI,    /* no link has the VNI */
    UDPFWD_TRUNK_DROP_PEER,   /* the address that they came from is not that of the link's peer, or a keepalive's is of no peer */
    UDPFWD_TRUNK_DROP_LANE,   /* they came together with frames of another lane */
    UDPFWD_TRUNK_DROP_QUEUE,  /* the buffer of the trunk's socket was full */
    UDPFWD_TRUNK_DROP_PROBE,  /* keepalives that nobody asked for, or too many, or in no form that is known */
    UDPFWD_TRUNK_DROP_REASONS
} udpfwd_trunk_drop;

typedef struct {
    uint64_t drops[UDPFWD_TRUNK_DROP_REASONS];
    uint64_t handed_over; /* frames that came in at another worker than that of their port */
    uint64_t datagrams;   /* that came in: with segmentation offload many frames are one */
    uint64_t messages;    /* that left, likewise */
} udpfwd_trunk_counters;

#define UDPFWD_PEER_WAITING 0 /* it did not answer yet */
#define UDPFWD_PEER_UP 1
#define UDPFWD_PEER_DOWN 2 /* it does not answer any more, or never did */

typedef struct {
    uint32_t address; /* in host byte order */
    uint16_t udp_port;
    int32_t state;
    int32_t error;           /* the errno of the last keepalive that could not be sent, 0 if the last one could */
    uint32_t round_trip_us;  /* smoothed; 0: not known */
    uint32_t loss;           /* keepalives without an answer, of the last ones, in millionths */
    uint32_t mtu;            /* bytes of the largest IP packet that comes through whole; 0: not known yet */
    uint32_t interface_mtu;  /* that of this host's interface towards the peer */
    uint32_t changes;        /* how often state or MTU changed */
    int32_t links;
    uint64_t tx_frames, tx_bytes, rx_frames, rx_bytes; /* of all links, without headers */
    uint64_t fragmented; /* of the frames that left, those that were larger than the MTU, so that IP splits them */
} udpfwd_peer;

/* Any thread: opens the trunk of the core at a UDP port of an IPv4 address of this host (in host byte order). -EADDRINUSE, also if
 * another process of the same user shares the port; -EALREADY if it is open. */
int udpfwd_trunk_open(udpfwd *core, uint32_t address, uint16_t udp_port);
/* Any thread: ends it, with its peers and links. It may be closed already. */
int udpfwd_trunk_close(udpfwd *core);
/* Any thread: -ENOENT if it is not open. */
int udpfwd_trunk_read(udpfwd *core, udpfwd_trunk_counters *counters);
/* An eventfd, the trunk's own: readable when the state or the MTU of a peer changed since it was read last. */
int udpfwd_trunk_fd(udpfwd *core);
/* Any thread: a peer, to which keepalives are sent from now on. Returns its id. -EEXIST if there is one with this address. */
int udpfwd_peer_open(udpfwd *core, uint32_t address, uint16_t udp_port);
/* Any thread: -EBUSY if it has links. */
int udpfwd_peer_close(udpfwd *core, int peer_id);
/* Any thread. */
int udpfwd_peer_read(udpfwd *core, int peer_id, udpfwd_peer *peer);
/* Any thread: the port of a link to a peer. Frames leave with vni_out, and those that come in have vni_in. -EBUSY if another link has
 * the place of vni_in, -EINVAL if one of them is none. Returns the id of the port. */
int udpfwd_trunk_link(udpfwd *core, int peer_id, uint32_t vni_out, uint32_t vni_in);

/* <<< */

#endif
