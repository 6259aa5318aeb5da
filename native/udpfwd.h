/* The forwarding core: the contract between C and Python.
 *
 * Ports carry Ethernet frames, one UDP datagram each. A patch joins two ports: what comes in at one leaves at the other. A
 * splice joins two tunnel ports of this process: what would leave at one comes in at the other, without a socket between.
 *
 * Ownership
 *  1. udpfwd_open gives a core; its caller ends it with udpfwd_close, after udpfwd_run has returned.
 *  2. The core starts no threads. One thread, the worker, is lent to it by calling udpfwd_run.
 *  3. A port duplicates the descriptor that it is opened with; the caller's stays the caller's. The socket itself is shared: while
 *     the port is open it is connected to the remote, and nobody else may read or write it. Closing the port disconnects it;
 *     it stays bound if it was bound to a port by its number (a number that the kernel chose is lost, udp(7)).
 *  4. Port ids are small, not negative, and used again after udpfwd_port_close.
 *  5. Closing a port unpatches and unsplices it. When a call that closes or separates returns, no frame is on its way.
 *
 * Every function returns 0 or more, or a negative errno. 'Any thread' functions may be called while the worker runs; they wait
 * until the worker is between two batches. Counters never go back while a port is open.
 */
#ifndef GNS3TRIO_UDPFWD_H
#define GNS3TRIO_UDPFWD_H

#include <stdint.h>

/* >>> read by cffi: declarations only */

#define UDPFWD_MAX_FRAME_BYTES 10240 /* jumbo frame (9216), VLAN tags and some; larger ones are dropped as oversize */
#define UDPFWD_BATCH_FRAMES 64       /* one port's turn: it cannot starve the others for longer */
#define UDPFWD_MAX_HOPS 8            /* splices on one frame's way; more of them are a loop */

/* Why a frame was dropped, at the port where it happened. */
#define UDPFWD_DROP_EMPTY 0    /* came in without a byte */
#define UDPFWD_DROP_OVERSIZE 1 /* came in, or should have left, larger than allowed */
#define UDPFWD_DROP_UNLINKED 2 /* came in at a port that is joined to nothing */
#define UDPFWD_DROP_QUEUE 3    /* should have left, but the socket's buffer was full */
#define UDPFWD_DROP_ERROR 4    /* should have left, but the kernel refused (no route, ...) */
#define UDPFWD_DROP_LOOP 5     /* passed more than UDPFWD_MAX_HOPS splices */
#define UDPFWD_DROP_REASONS 6

typedef struct udpfwd udpfwd;

typedef struct {
    int32_t port_id;
    int32_t reserved;
    uint64_t rx_frames; /* came in and went on */
    uint64_t rx_bytes;
    uint64_t tx_frames; /* handed to the kernel, or to the spliced port */
    uint64_t tx_bytes;
    uint64_t refused; /* notices that nobody listens at the remote (ICMP port unreachable); their frames count as sent */
    uint64_t drops[6];
} udpfwd_counters;

/* A core without ports. stats_interval_us: the least time between two signals of udpfwd_stats_fd, not 0. */
int udpfwd_open(uint32_t stats_interval_us, udpfwd **core);
/* Frees everything. The worker must have returned, and nobody may be in a call. */
void udpfwd_close(udpfwd *core);

/* The worker: forwards frames until udpfwd_stop. Runs under SCHED_BATCH, and restores the thread's policy at the end. */
int udpfwd_run(udpfwd *core);
/* Any thread: makes udpfwd_run return. */
void udpfwd_stop(udpfwd *core);

/* An eventfd, the core's own: readable when counters changed since it was read last. */
int udpfwd_stats_fd(const udpfwd *core);
/* Any thread: writes the counters of at most max ports, in the order of their ids; returns how many there are. */
int udpfwd_snapshot(udpfwd *core, udpfwd_counters *counters, int max);

/* Any thread: a port on a bound IPv4 UDP socket. Address and UDP port of the remote in host byte order. Returns the id. */
int udpfwd_port_open(udpfwd *core, int fd, uint32_t remote_address, uint16_t remote_port);
/* Any thread: sends to another remote from now on. */
int udpfwd_port_set_remote(udpfwd *core, int port_id, uint32_t remote_address, uint16_t remote_port);
/* Any thread: ends the port. */
int udpfwd_port_close(udpfwd *core, int port_id);

/* Any thread: joins two ports; -EBUSY when one of them is joined already, -EINVAL when they are one port. */
int udpfwd_patch(udpfwd *core, int first_id, int second_id);
/* Any thread: separates what udpfwd_patch joined; naming one end is enough. */
int udpfwd_unpatch(udpfwd *core, int port_id);
/* Any thread: splices two ports; errors as udpfwd_patch. */
int udpfwd_splice(udpfwd *core, int first_id, int second_id);
/* Any thread: undoes udpfwd_splice; naming one end is enough. */
int udpfwd_unsplice(udpfwd *core, int port_id);

/* <<< */

#endif
