/* segments.c, which interfaces.c and its tests call. No core: these are functions of bytes. */
#ifndef GNS3TRIO_SEGMENTS_H
#define GNS3TRIO_SEGMENTS_H

#include <linux/virtio_net.h>
#include <stddef.h>
#include <stdint.h>

/* Finishes the checksum that the kernel left to the device (VIRTIO_NET_HDR_F_NEEDS_CSUM); -EINVAL when it would lie outside of
 * the frame. */
int finish_checksum(unsigned char *frame, size_t size, const struct virtio_net_hdr *told);

/* A frame that the kernel made of many TCP or UDP ones of a size, or that it left to the device to make many of. */
typedef struct {
    const unsigned char *frame;
    size_t size;
    size_t network, transport, headers; /* where these begin, and where all headers end */
    size_t payload;                     /* of each segment but the last */
    size_t next;                        /* the byte of the frame that the next segment begins with */
    uint32_t number;                    /* of the next segment */
    int is_tcp, is_ipv4;
} frame_train;

/* -EINVAL when it is none of TCP on IPv4 or IPv6 or UDP; -EMSGSIZE when a segment is larger than max bytes. */
int open_train(frame_train *train, const unsigned char *frame, size_t size, const struct virtio_net_hdr *told, size_t max);
/* Writes the next segment with all its headers and checksums; its size, 0 after the last. */
size_t next_segment(frame_train *train, unsigned char *segment);

#endif
