/* A traffic generator and its sink: one trial between two UDP sockets, each frame one datagram. The two may be on different hosts.
 *
 * A frame of a trial: destination 02:00:00:00:00:02, source 02:00:00:00:00:01 (locally administered), ethertype 0x88B5 (IEEE 802
 * local experimental), the magic, trial id, sequence number and time of sending (CLOCK_MONOTONIC, ns), all big-endian, then zeros.
 */
#ifndef GNS3TRIO_TRIAL_H
#define GNS3TRIO_TRIAL_H

#include <stdint.h>

#define UDPFWD_TRIAL_MAGIC "g3trial1"
/* What every frame begins with: the addresses, the ethertype, the magic. */
#define UDPFWD_TRIAL_BEGIN "\2\0\0\0\0\2" "\2\0\0\0\0\1" "\x88\xb5" UDPFWD_TRIAL_MAGIC

/* >>> read by cffi: declarations only */

#define UDPFWD_TRIAL_ETHERTYPE 0x88B5
#define UDPFWD_TRIAL_MIN_BYTES 42
#define UDPFWD_TRIAL_MAX_BYTES 9216

/* Latencies are counted in buckets: of 1 ns below 1024, then 1024 for each power of two, so within 0.1 %. */
#define UDPFWD_TRIAL_SUB_BUCKETS 1024
#define UDPFWD_TRIAL_BUCKETS 32768 /* up to 2^41 ns, which is half an hour */

typedef struct {
    uint32_t frame_bytes;       /* without checksum */
    uint32_t trial_id;          /* frames of others are not counted */
    uint64_t frames_per_second; /* 0: as fast as the window allows */
    uint64_t frames;            /* stop after so many; 0: when the time is over */
    uint64_t duration_ns;
    uint64_t drain_ns; /* how long to wait for frames after the last was sent; in a window longer ones are lost */
    uint32_t window;   /* frames unanswered at most; 0: no limit */
    uint32_t reserved;
    int64_t clock_offset_ns; /* what this clock is ahead of that of a sender elsewhere */
} udpfwd_trial_options;

typedef struct {
    uint64_t sent;
    uint64_t received;   /* each frame once */
    uint64_t duplicated; /* came again */
    uint64_t reordered;  /* came behind a later one (RFC 4737) */
    uint64_t foreign;    /* datagrams that are of no trial */
    uint64_t elapsed_ns; /* from the first to the last that was sent */
    uint64_t first_rx_ns, last_rx_ns; /* after the first was sent */
    uint64_t latency_min_ns, latency_max_ns, latency_sum_ns;
    uint64_t latency[32768];
} udpfwd_trial_result;

/* Any thread: runs a trial from tx_fd, which is connected, to rx_fd. Both may be one socket. Ends early with -ECANCELED
 * when stop_fd becomes readable; the result holds then what there was. Or returns another negative errno of the sockets.
 *
 * With an rx_fd of -1, it only sends, and ends with the last frame. With a tx_fd of -1, it only receives, for duration_ns at most;
 * another thread may read the result's received meanwhile. Neither has a window. */
int udpfwd_trial(int tx_fd, int rx_fd, int stop_fd, const udpfwd_trial_options *options, udpfwd_trial_result *result);

/* <<< */

#endif
