/* The forwarding core: the contract between C and Python.
 *
 * Ports carry Ethernet frames, one UDP datagram each, or none where both ends of a link are here. Ports are joined in three ways:
 *  - a patch joins two: what comes in at one leaves at the other;
 *  - a bridge joins many: a hub sends to all the others, a switch learns where addresses are and keeps VLANs apart;
 *  - a splice joins two ports that are ends of one link: what would leave at one comes in at the other, without a socket between.
 * A port may have filters, which drop, change or hold frames, and captures, which see what the filters let through.
 *
 * Ownership
 *  1. udpfwd_open gives a core; its caller ends it with udpfwd_close, after every udpfwd_run has returned.
 *  2. The core starts no threads. Each of its workers is a thread lent to it by calling udpfwd_run.
 *  3. A port duplicates the descriptor that it is opened with; the caller's stays the caller's. The socket itself is shared: while
 *     the port is open it is connected to the remote, and nobody else may read or write it. Closing the port disconnects it;
 *     it stays bound if it was bound to a port by its number (a number that the kernel chose is lost, udp(7)).
 *  4. Ids of ports and bridges are small, not negative, and used again after they were closed.
 *  5. Closing a port takes it out of its patch, bridge, splice and probe, and loses the frames that its filters hold; its
 *     captures see nothing more. When a call that closes or separates returns, no other frame is on its way.
 *  6. A capture is its opener's until udpfwd_capture_close, also when its port is gone. One thread at a time reads it.
 *
 * Every function returns 0 or more, or a negative errno. 'Any thread' functions may be called while workers run; they wait
 * until the workers that serve the ports in question are between two batches, and return when the change is in force. The other
 * workers go on meanwhile. Counters never go back while a port is open.
 */
#ifndef GNS3TRIO_UDPFWD_H
#define GNS3TRIO_UDPFWD_H

#include <stdint.h>

/* >>> read by cffi: declarations only */

#define UDPFWD_MAX_WORKERS 64
#define UDPFWD_MAX_FRAME_BYTES 10240 /* jumbo frame (9216), VLAN tags and some; larger ones are dropped as oversize */
#define UDPFWD_BATCH_FRAMES 64       /* one port's turn: it cannot starve the others for longer */
#define UDPFWD_MAX_HOPS 64           /* splices, or bridges, on one frame's way; more of them are a loop */
#define UDPFWD_MAX_FILTERS 128       /* of one port */
#define UDPFWD_MAX_EXPRESSION_BYTES 1024 /* libpcap's time grows with the square: up to 0.4 s for these, 8 s for 4096 */
#define UDPFWD_MAX_INSTRUCTIONS 1024 /* of a compiled expression: what every frame may have to go through */
#define UDPFWD_MAX_HELD_FRAMES 131072 /* by the filters of one port and direction; the next ones are dropped as queue */
/* Memory of frames that are held; what does not fit is dropped as queue. A port may have a second of a gigabit link, the core a
 * quarter of a small server's memory: delays must not take it from the nodes. */
#define UDPFWD_MAX_PORT_HELD_BYTES 134217728
#define UDPFWD_MAX_HELD_BYTES 536870912
#define UDPFWD_MAX_MACS 16384        /* in the table of one switch; the oldest of those that collide gives way */
#define UDPFWD_MAC_AGE_SECONDS 300   /* after which an address that sent nothing is forgotten */

/* Why a frame was dropped, at the port where it happened. */
typedef enum {
    UDPFWD_DROP_EMPTY,     /* had no bytes */
    UDPFWD_DROP_OVERSIZE,  /* was larger than allowed when it came in or was to leave */
    UDPFWD_DROP_UNLINKED,  /* came in at a port without a connection, or was to leave where nothing is connected */
    UDPFWD_DROP_QUEUE,     /* the socket's buffer, or the queue of held frames, was full */
    UDPFWD_DROP_ERROR,     /* could not be sent: the kernel reported an error (no route, interface down, ...) */
    UDPFWD_DROP_LOOP,      /* passed too many splices or bridges, or came to a bridge a second time */
    UDPFWD_DROP_FILTER,    /* a filter dropped it: loss, frequency or expression */
    UDPFWD_DROP_RATE,      /* the queue of a rate limit was full */
    UDPFWD_DROP_SUSPENDED, /* the port is suspended */
    UDPFWD_DROP_RUNT,      /* came to a switch or an interface of the host without a complete Ethernet header */
    UDPFWD_DROP_LOCAL,     /* a bridge had no other port for it */
    UDPFWD_DROP_REASONS    /* the number of reasons */
} udpfwd_drop;

typedef struct udpfwd udpfwd;

typedef struct {
    int32_t port_id;
    uint32_t rx_held; /* frames that filters hold at this moment */
    uint32_t tx_held;
    uint32_t offloaded; /* directions whose frames the kernel moves at this moment (udpfwd_offload) */
    uint64_t rx_frames; /* came in and went on */
    uint64_t rx_bytes;
    uint64_t tx_frames; /* handed to the kernel, or to the spliced port */
    uint64_t tx_bytes;
    uint64_t refused; /* notices that nobody listens at the remote (ICMP port unreachable); their frames count as sent */
    uint64_t rx_duplicated; /* extra frames that a filter made */
    uint64_t tx_duplicated;
    uint64_t rx_drops[UDPFWD_DROP_REASONS]; /* of frames that came in */
    uint64_t tx_drops[UDPFWD_DROP_REASONS]; /* of frames that should have left */
} udpfwd_counters;

/* A core without ports. stats_interval_us: the least time between two signals of one worker to udpfwd_stats_fd, not 0. */
int udpfwd_open(int workers, uint32_t stats_interval_us, udpfwd **core);
/* Frees everything but open captures. No worker may run, and nobody may be in a call. */
void udpfwd_close(udpfwd *core);

/* Worker 0, 1, ...: forwards frames until udpfwd_stop. Runs under SCHED_BATCH, and restores the thread's policy at the end. */
int udpfwd_run(udpfwd *core, int worker);
/* Any thread: makes every udpfwd_run return. */
void udpfwd_stop(udpfwd *core);

/* Any thread: from now on the kernel serves what it can by itself: frames between two UDP ports whose remotes are on 127.0.0.1, when
 * no port on their way has filters, captures or a sink, or is suspended or bridged. They are counted as always. What changes a port
 * is in force when its call returns, and has its frames come to the workers; after two seconds at most they are left to the kernel
 * again, and then the first of them may overtake one that comes at that moment, or those that wait where a worker has fallen behind.
 * -EPERM without CAP_BPF and CAP_NET_ADMIN, -EOPNOTSUPP before Linux 6.6. */
int udpfwd_offload(udpfwd *core);

/* An eventfd, the core's own: readable when counters changed since it was read last. */
int udpfwd_stats_fd(const udpfwd *core);
/* Any thread: writes the counters of at most max ports, in the order of their ids; returns how many there are. */
int udpfwd_snapshot(udpfwd *core, udpfwd_counters *counters, int max);
/* Any thread: writes the counters of at most max ports that were opened, or whose counters changed and were signalled, since this call
 * told of them last. Those of a port that was closed are all 0. Returns how many it wrote; when these are max, more may be left. */
int udpfwd_changed(udpfwd *core, udpfwd_counters *counters, int max);
/* Any thread: writes the counters of one port. */
int udpfwd_port_counters(udpfwd *core, int port_id, udpfwd_counters *counters);

/* Any thread: for how many changes workers had to stop so far. */
uint64_t udpfwd_parks(udpfwd *core);

/* Any thread: a port on a bound IPv4 UDP socket. Address and UDP port of the remote in host byte order. Returns the id. */
int udpfwd_port_open(udpfwd *core, int fd, uint32_t remote_address, uint16_t remote_port);
/* The two kinds of descriptors that reach a network of the host. */
#define UDPFWD_TAP 1      /* a TAP device (tun(4), IFF_TAP, IFF_NO_PI and IFF_VNET_HDR): what the host sends comes in */
#define UDPFWD_ETHERNET 2 /* a packet socket (packet(7), SOCK_RAW), bound to an interface, with PACKET_AUXDATA and PACKET_VNET_HDR */

/* Any thread: a port on such a descriptor, which is duplicated as that of udpfwd_port_open, and has no remote. When the device
 * goes away, the port stays open and passes nothing. Of a TAP device, the core sets which work the kernel leaves to it (TUNSETOFFLOAD), so
 * that large TCP segments pass as one frame from one TAP device to another; counters and captures have the frames that a wire would
 * carry. -EINVAL for a TAP device without IFF_VNET_HDR. */
int udpfwd_interface_open(udpfwd *core, int fd, int kind);
/* Any thread: a port without a descriptor, for one end of a link inside this process: frames pass when it is spliced to the other
 * end, and are dropped as unlinked until then. */
int udpfwd_local_open(udpfwd *core);
/* Any thread: ends the port. */
int udpfwd_port_close(udpfwd *core, int port_id);

/* Any thread: joins two ports; -EBUSY when one of them is patched or bridged already, -EINVAL when they are one port. */
int udpfwd_patch(udpfwd *core, int first_id, int second_id);
/* Any thread: separates what udpfwd_patch joined; naming one end is enough. */
int udpfwd_unpatch(udpfwd *core, int port_id);
/* Any thread: splices two ports, or one to itself: what leaves at it comes in there. -EBUSY when one is spliced already. */
int udpfwd_splice(udpfwd *core, int first_id, int second_id);
/* Any thread: undoes udpfwd_splice; naming one end is enough. */
int udpfwd_unsplice(udpfwd *core, int port_id);

/* --- bridges --- */

#define UDPFWD_HUB 0
#define UDPFWD_SWITCH 1

/* The three kinds of switch ports. */
#define UDPFWD_ACCESS 0 /* everything that comes in belongs to the VLAN, and leaves as it came; a tag is payload */
#define UDPFWD_DOT1Q 1  /* frames carry the tag of their VLAN (IEEE 802.1Q), those of the native VLAN none */
#define UDPFWD_QINQ 2   /* to a provider's customer (IEEE 802.1ad): the VLAN's tag is put outside what the customer sends */

typedef struct {
    uint8_t mac[6];
    uint16_t vlan;
    int32_t port_id;
    uint32_t age_seconds; /* since it sent last */
} udpfwd_mac;

/* Any thread: a bridge without ports; its id. */
int udpfwd_bridge_open(udpfwd *core, int kind);
/* Any thread: ends it; its ports are joined to nothing then. */
int udpfwd_bridge_close(udpfwd *core, int bridge_id);
/* Any thread: adds a port; mode, vlan and ethertype as udpfwd_port_set_vlan. -EBUSY when it is joined already. */
int udpfwd_bridge_join(udpfwd *core, int bridge_id, int port_id, int mode, uint16_t vlan, uint16_t ethertype);
/* Any thread: takes a port out of its bridge. */
int udpfwd_bridge_leave(udpfwd *core, int port_id);
/* Any thread: the kind, VLAN (1..4094) and ethertype of the outer tag (QINQ only) of a switch port; it forgets its addresses. */
int udpfwd_port_set_vlan(udpfwd *core, int port_id, int mode, uint16_t vlan, uint16_t ethertype);
/* Any thread: writes at most max entries of a switch's table that are not too old; returns how many there are. */
int udpfwd_switch_macs(udpfwd *core, int bridge_id, udpfwd_mac *macs, int max);
/* Any thread: forgets all addresses. */
int udpfwd_switch_clear(udpfwd *core, int bridge_id);

/* --- filters --- */

/* Directions, seen from the port: they are bits. */
#define UDPFWD_RX 1
#define UDPFWD_TX 2

#define UDPFWD_FILTER_PARAMETERS 3 /* at most */

/* Parameters are numbered from 0. Chances are in millionths: 0 never, 1000000 always. */
typedef enum {
    UDPFWD_FILTER_FREQUENCY, /* drops every n-th (0); 0 none, -1 all */
    UDPFWD_FILTER_LOSS,      /* drops with a chance (0) */
    UDPFWD_FILTER_DELAY,     /* holds for microseconds (0), more or less up to microseconds (1); keeps the order */
    UDPFWD_FILTER_CORRUPT,   /* turns one bit over with a chance (0) */
    UDPFWD_FILTER_BPF,       /* drops what the expression matches (pcap-filter(7)) */
    UDPFWD_FILTER_RATE,      /* bits per second (0), burst in bytes (1), longest queue in bytes (2) */
    UDPFWD_FILTER_DUPLICATE, /* sends twice with a chance (0) */
    UDPFWD_FILTER_REORDER,   /* with a chance (0) holds for microseconds (1), so that later ones overtake */
    UDPFWD_FILTER_TYPES      /* how many there are */
} udpfwd_filter_type;

typedef struct {
    int32_t type;
    int32_t directions;
    int64_t parameters[UDPFWD_FILTER_PARAMETERS];
    const char *expression; /* BPF only */
} udpfwd_filter;

#define UDPFWD_AS_BEFORE -1

/* Any thread: replaces all filters of a port, and with 'suspended' 0 or 1 what udpfwd_port_suspend sets, in one step. Frames that
 * are held stay, and later ones do not overtake them. When no filter is left that holds frames, the held ones leave at once.
 * Filters act in their order, each direction by itself. The same seed gives the same decisions for the same frames.
 * -EINVAL with a message in error when a filter is invalid; nothing is changed then. */
int udpfwd_port_set_filters(udpfwd *core, int port_id, const udpfwd_filter *filters, int count, uint64_t seed, int suspended,
                            char *error, int error_size);
/* Any thread: a link inside this process, as two calls of udpfwd_local_open, udpfwd_splice, udpfwd_port_set_filters at the first port
 * and udpfwd_port_suspend at both, in one step, and no worker stops for it. ids: of the two ports. */
int udpfwd_link_open(udpfwd *core, const udpfwd_filter *filters, int count, uint64_t seed, int suspended, int32_t *ids, char *error,
                     int error_size);
/* Any thread: a suspended port drops every frame, in both directions. */
int udpfwd_port_suspend(udpfwd *core, int port_id, int suspended);
/* Any thread, no core: -EINVAL with a message when an expression is invalid. This takes libpcap's time; the same expression is
 * known for a while then, and filters and captures that are made with it cost none. */
int udpfwd_check_expression(const char *expression, char *error, int error_size);

/* --- captures --- */

#define UDPFWD_PCAP 0   /* records with microseconds */
#define UDPFWD_PCAPNG 1 /* Enhanced Packet Blocks with nanoseconds; interface 0: left at the port (TX), 1: came in (RX) */

typedef struct udpfwd_capture udpfwd_capture;

typedef struct {
    int32_t format;
    int32_t directions;
    uint32_t snaplen;       /* bytes of a frame that are kept */
    uint32_t ring_bytes;    /* records that wait for their reader; a power of two, at least 65536 */
    const char *expression; /* frames that match are captured; NULL for all */
} udpfwd_capture_options;

typedef struct {
    uint64_t frames;
    uint64_t bytes;   /* of the frames, before they were cut to the snaplen */
    uint64_t dropped; /* frames that found the ring full */
    uint64_t tx_frames; /* of the frames, those that left at the port: interface 0 of pcapng */
    uint64_t tx_dropped;
} udpfwd_capture_counters;

/* Any thread: sees every frame that passes the port from now on. -EINVAL with a message in error. */
int udpfwd_capture_open(udpfwd *core, int port_id, const udpfwd_capture_options *options, udpfwd_capture **capture, char *error,
                        int error_size);
/* Any thread: no record is added any more; those that wait can still be read. */
int udpfwd_capture_stop(udpfwd *core, udpfwd_capture *capture);
/* Frees it. It is stopped, or its core is closed. */
void udpfwd_capture_close(udpfwd_capture *capture);
/* Takes whole records, as many as fit into size bytes; returns their bytes, 0 when none waits. */
int udpfwd_capture_read(udpfwd_capture *capture, void *records, int size);
/* Any thread. */
void udpfwd_capture_count(const udpfwd_capture *capture, udpfwd_capture_counters *counters);
/* An eventfd, the core's own: readable when a capture got records since it was read last. */
int udpfwd_captures_fd(const udpfwd *core);
/* Likewise: readable when the ring of a capture became half full since its reader came last. */
int udpfwd_captures_full_fd(const udpfwd *core);

/* --- probes --- */

/* Any thread: what comes in at source leaves at near, as if near's node had sent it; what comes in at far and is a frame of
 * a trial (trial.h) leaves at sink and not at far's node. All four are different; -EBUSY when one of them has a probe. Of a link
 * to another host, one end is here: the others are -1. */
int udpfwd_probe_attach(udpfwd *core, int source_id, int sink_id, int near_id, int far_id);
/* Any thread: undoes it; ports that are closed already are fine. */
int udpfwd_probe_detach(udpfwd *core, int source_id, int sink_id);

/* <<< */

#endif
