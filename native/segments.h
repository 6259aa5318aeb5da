/* Checksums and segmentation for trains.c: segments.c. These are functions of bytes, without a core. */
#ifndef GNS3TRIO_SEGMENTS_H
#define GNS3TRIO_SEGMENTS_H

#include <linux/virtio_net.h>
#include <stddef.h>
#include <stdint.h>

/* Completes a checksum that the kernel left to the device (VIRTIO_NET_HDR_F_NEEDS_CSUM); -EINVAL if it would be outside of the
 * frame. */
int finish_checksum(unsigned char *frame, size_t size, const struct virtio_net_hdr *told);

/* A large frame that the kernel merged from TCP or UDP segments, or left to the device to split. */
typedef struct {
    const unsigned char *frame;
    size_t size;
    size_t network, transport, headers; /* where these begin, and where all headers end */
    size_t payload;                     /* of each segment but the last */
    size_t next;                        /* the byte of the frame that the next segment begins with */
    uint32_t number;                    /* of the next segment */
    int is_tcp, is_ipv4;
} frame_train;

/* More segments are refused: a train of the smallest segments that TCP makes has fewer, and each is work. */
#define MOST_TRAIN_SEGMENTS 2048

/* -EINVAL if it is not TCP or UDP on IPv4 or IPv6, or not as told; -EMSGSIZE if a segment is larger than max bytes, or there are too many. */
int open_train(frame_train *train, const unsigned char *frame, size_t size, const struct virtio_net_hdr *told, size_t max);
size_t count_segments(const frame_train *train);
/* Writes the next segment with all headers and checksums; returns its size, 0 after the last. */
size_t next_segment(frame_train *train, unsigned char *segment);
/* Completes the frame of a train of one segment, in place. */
void finish_only_segment(const frame_train *train, unsigned char *frame);

#endif
