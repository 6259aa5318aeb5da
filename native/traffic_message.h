/* The data of a flow's datagrams, as traffic.h says: traffic_message.c. */
#ifndef GNS3TRIO_TRAFFIC_MESSAGE_H
#define GNS3TRIO_TRAFFIC_MESSAGE_H

#include "traffic.h"

#include <stddef.h>

enum {
    TRAFFIC_DATA = 1,
    TRAFFIC_RETURNED, /* the same, sent back */
    TRAFFIC_END,      /* that was all: the sequence number is how many were sent */
    TRAFFIC_REPORT,   /* what arrived, in answer to an end */
};
/* Where the receiver has no place for the flow. */
enum { TRAFFIC_NO_SLOT = 0xffff };
/* Packets, bytes, duplicated, reordered, span; samples, and seven latencies. */
enum { TRAFFIC_REPORT_NUMBERS = 13, TRAFFIC_REPORT_BYTES = UDPFWD_TRAFFIC_MIN_BYTES + 8 * TRAFFIC_REPORT_NUMBERS };

typedef struct {
    uint8_t type, echo;
    uint16_t slot;
    uint64_t flow, clock, sequence, sent_ns;
} traffic_message;

/* Whether the data are of a flow, and what they say. */
int read_traffic(const unsigned char *data, size_t size, traffic_message *message);
/* Into UDPFWD_TRAFFIC_MIN_BYTES. */
void write_traffic(unsigned char *data, const traffic_message *message);
/* What follows in a report. Reading returns whether it is there and makes sense. */
int read_report(const unsigned char *data, size_t size, udpfwd_traffic_arrivals *arrived);
void write_report(unsigned char *data, const udpfwd_traffic_arrivals *arrived);

#endif
