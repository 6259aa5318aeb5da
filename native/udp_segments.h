/* Messages that the kernel, or the device, splits into datagrams of one size: UDP_SEGMENT, udp(7). */
#ifndef GNS3TRIO_UDP_SEGMENTS_H
#define GNS3TRIO_UDP_SEGMENTS_H

#include <netinet/in.h>
#include <netinet/udp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

/* One message holds at most this many segments and bytes (UDP_MAX_SEGMENTS of the oldest kernels; IPv4 datagram). */
#define MAX_SEGMENTS 64
#define MAX_MESSAGE_BYTES 65000

/* Has the kernel split a message. 'control' has CMSG_SPACE(sizeof(uint16_t)) bytes. */
static inline void split_message(struct msghdr *header, char *control, size_t segment_bytes) {
    uint16_t size = (uint16_t)segment_bytes;
    header->msg_control = control;
    header->msg_controllen = CMSG_SPACE(sizeof size);
    struct cmsghdr *first = CMSG_FIRSTHDR(header);
    first->cmsg_level = SOL_UDP;
    first->cmsg_type = UDP_SEGMENT;
    first->cmsg_len = CMSG_LEN(sizeof size);
    memcpy(CMSG_DATA(first), &size, sizeof size);
}

#endif
