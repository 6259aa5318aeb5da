/* What a PC has of its flows: the tables of pc_traffic.c, for those that send (pc_traffic_send.c) and receive (pc_traffic_receive.c). */
#ifndef GNS3TRIO_PC_FLOWS_H
#define GNS3TRIO_PC_FLOWS_H

#include "pc_traffic.h"
#include "traffic_tally.h"

/* A flow that the host sends. */
typedef struct {
    udpfwd_traffic_flow flow;
    uint64_t id, due_ns;
    int place; /* in the heap */
    uint16_t slot, sink_slot;
    uint8_t state, reason, counting, questions;
    uint32_t unreachable;
    pc_address next_hop;
    uint8_t mac[ETHERNET_ADDRESS_BYTES]; /* of the next hop, known until mac_until_ns */
    uint64_t mac_until_ns;
    uint64_t begun_ns;    /* when the first one was due */
    uint64_t schedule_ns; /* the same, but for delays */
    uint64_t sent, unsent, first_ns, last_ns;
    udpfwd_traffic_arrivals reported;
    traffic_tally *returned; /* NULL while nothing was, and nothing is expected */
} pc_sender;

/* A flow that it counts. */
typedef struct {
    uint64_t id, most; /* sequence numbers from this on are nobody's */
    traffic_tally tally;
} pc_sink;

/* A flow that it counts because it listens. */
typedef struct pc_heard pc_heard;
struct pc_heard {
    pc_heard *next;
    uint64_t id, sent, heard_ns;
    pc_address source;
    uint16_t source_port;
    uint8_t is_over;
    traffic_tally tally;
};

struct pc_traffic {
    pc_sender **senders, **heap; /* both with room for sender_room; the heap has those that there are */
    pc_sink **sinks;
    int sender_room, sender_count, sink_room, sink_count;
    uint64_t pause_until_ns; /* nothing is sent before */
    int listens, heard_count;
    pc_heard *heard;
};

/* Memory of flows, which is bounded for all hosts together, apart from that of frames. Zeroed; NULL when there is no more. */
void *pc_take_traffic(pc_host *host, size_t bytes);
void pc_give_traffic(pc_host *host, void *memory, size_t bytes);
/* The flow of a slot, if it is the one with that id; NULL otherwise. */
pc_sender *pc_find_sender(const pc_host *host, uint16_t slot, uint64_t id);
pc_sink *pc_find_sink(const pc_host *host, uint16_t slot, uint64_t id);
/* PC_NEVER: it waits for something else than the time. */
void pc_set_flow_due(pc_traffic *traffic, pc_sender *sender, uint64_t due_ns);
/* It sends nothing more (udpfwd_pc_reason); its results stay. */
void pc_finish_flow(pc_host *host, pc_sender *sender, int reason);
/* A place for a flow that is heard for the first time; NULL when there is none. */
pc_heard *pc_hear(pc_host *host, const pc_datagram *datagram, uint64_t id);

#endif
