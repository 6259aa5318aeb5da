/* TCP (RFC 9293) of a PC, as much of it as an echo server needs: pc_tcp.c, with segments in pc_segments.c. */
#ifndef GNS3TRIO_PC_TCP_H
#define GNS3TRIO_PC_TCP_H

#include "pc_jobs.h"

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16 };
enum { TCP_HEADER_BYTES = 20, TCP_MSS_BYTES = 4, TCP_DEFAULT_MSS = 536 };

struct pc_segment {
    const pc_packet *packet;
    uint16_t source_port, destination_port, window, mss;
    uint32_t sequence, acknowledged;
    int flags;
    int is_damaged; /* the checksum is wrong: only a ping may look at it (pc_tcp_ping.c) */
    const unsigned char *data;
    size_t size;
};

/* What is sent: from here to there. */
typedef struct {
    pc_route route;
    uint16_t source_port, destination_port, window, mss; /* mss: told when it is not 0 */
    uint32_t sequence, acknowledged;
    int flags;
} pc_segment_out;

/* 0 when the packet is none. */
int pc_read_segment(const pc_packet *packet, pc_segment *segment);
/* With what a frame has, which is taken; NULL: nothing. As pc_send. */
int pc_send_segment(pc_host *host, const pc_segment_out *out, pc_frame *data);
/* The answer to a segment that belongs to nothing (RFC 9293, 3.10.7.1). */
void pc_reset(pc_host *host, const pc_segment *segment);
/* The largest segment that fits into a packet of the link. */
uint16_t pc_link_mss(const pc_host *host, int family);

void pc_tcp_input(pc_host *host, const pc_packet *packet);
void pc_drop_connections(pc_host *host);
uint64_t pc_connections_due(const pc_host *host);
void pc_expire_connections(pc_host *host);

#endif
