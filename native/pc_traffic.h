/* Generated traffic at a PC: the flows that it sends, and those that it counts: pc_traffic.c. What is sent and told is in traffic.h.
 *
 * A PC has memory for this only while it has a flow to send, one to count, or listens. Each flow has a slot in a table. The slot of a
 * sender is its source port, too, and the receiver's is in each datagram, so that finding a flow takes no time; its id, which is
 * random, tells that it is the right one.
 */
#ifndef GNS3TRIO_PC_TRAFFIC_H
#define GNS3TRIO_PC_TRAFFIC_H

#include "pc_jobs.h"
#include "traffic.h"

/* Source ports of flows: below those that jobs take by themselves. */
enum { TRAFFIC_FIRST_PORT = 49152 - UDPFWD_TRAFFIC_MAX_PC_FLOWS };

/* 0 or -EINVAL: whether a flow makes sense at all. */
int pc_check_flow(const udpfwd_traffic_flow *flow);
/* A random id for a flow that this host sends. */
uint64_t pc_flow_id(pc_host *host);
/* Begins to count a flow, which goes on until pc_drop_sink; its slot, or -ENOBUFS, -ENOMEM. */
int pc_add_sink(pc_host *host, uint64_t id, const udpfwd_traffic_flow *flow);
/* Begins to send a flow; its slot, or -ENOBUFS, -ENOMEM, -EINVAL for a group. sink_slot: TRAFFIC_NO_SLOT for a receiver elsewhere. */
int pc_add_sender(pc_host *host, uint64_t id, const udpfwd_traffic_flow *flow, uint16_t sink_slot);
/* There is none: fine. */
void pc_drop_sink(pc_host *host, uint16_t slot, uint64_t id);
void pc_drop_sender(pc_host *host, uint16_t slot, uint64_t id);
/* What became of a flow; returns 0 when there is none, and changes nothing then. */
int pc_read_sender(const pc_host *host, uint16_t slot, uint64_t id, udpfwd_traffic_result *result);
int pc_read_sink(const pc_host *host, uint16_t slot, uint64_t id, udpfwd_traffic_result *result);
/* 0, -EBUSY, -ENOMEM. */
int pc_listen(pc_host *host);
void pc_end_listening(pc_host *host);
int pc_list_heard(const pc_host *host, udpfwd_traffic_heard_flow *flows, int max);
void pc_drop_traffic(pc_host *host);

/* A datagram came; whether it was of a flow, and is done with. */
int pc_traffic_input(pc_host *host, const pc_datagram *datagram);
/* Likewise an ICMP error. */
int pc_traffic_error(pc_host *host, const pc_packet *packet, const pc_quote *quote);
/* A neighbour that was asked for answered, or does not. */
void pc_traffic_neighbour(pc_host *host, const pc_address *address, int found);
uint64_t pc_traffic_due(const pc_host *host);
void pc_expire_traffic(pc_host *host);

#endif
