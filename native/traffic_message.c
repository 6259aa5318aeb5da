/* Reading and writing the data of a flow's datagrams. */
#include "traffic_message.h"
#include "pc_bytes.h"

enum { AT_TYPE = 8, AT_ECHO = 9, AT_SLOT = 10, AT_ZERO = 12, AT_FLOW = 16, AT_CLOCK = 24, AT_SEQUENCE = 32, AT_SENT = 40 };
/* More datagrams than that no flow can have sent: a sequence number beyond is of nobody. */
#define MOST_PACKETS ((uint64_t)UDPFWD_TRAFFIC_MAX_RATE * UDPFWD_TRAFFIC_MAX_SECONDS)
#define MOST_NS (UINT64_MAX / 4)

static uint64_t get64(const unsigned char *bytes) {
    return (uint64_t)get32(bytes) << 32 | get32(bytes + 4);
}

static void put64(unsigned char *bytes, uint64_t value) {
    put32(bytes, (uint32_t)(value >> 32));
    put32(bytes + 4, (uint32_t)value);
}

int read_traffic(const unsigned char *data, size_t size, traffic_message *message) {
    if (size < UDPFWD_TRAFFIC_MIN_BYTES || memcmp(data, UDPFWD_TRAFFIC_MAGIC, AT_TYPE) != 0)
        return 0;
    *message = (traffic_message){
        .type = data[AT_TYPE],
        .echo = data[AT_ECHO],
        .slot = get16(data + AT_SLOT),
        .flow = get64(data + AT_FLOW),
        .clock = get64(data + AT_CLOCK),
        .sequence = get64(data + AT_SEQUENCE),
        .sent_ns = get64(data + AT_SENT),
    };
    int is_known = message->type >= TRAFFIC_DATA && message->type <= TRAFFIC_REPORT && message->echo <= 1 && get32(data + AT_ZERO) == 0;
    return is_known && message->sequence <= MOST_PACKETS && message->sent_ns <= MOST_NS;
}

void write_traffic(unsigned char *data, const traffic_message *message) {
    memcpy(data, UDPFWD_TRAFFIC_MAGIC, AT_TYPE);
    data[AT_TYPE] = message->type;
    data[AT_ECHO] = message->echo;
    put16(data + AT_SLOT, message->slot);
    put32(data + AT_ZERO, 0);
    put64(data + AT_FLOW, message->flow);
    put64(data + AT_CLOCK, message->clock);
    put64(data + AT_SEQUENCE, message->sequence);
    put64(data + AT_SENT, message->sent_ns);
}

int read_report(const unsigned char *data, size_t size, udpfwd_traffic_arrivals *arrived) {
    if (size < TRAFFIC_REPORT_BYTES)
        return 0;
    uint64_t numbers[TRAFFIC_REPORT_NUMBERS];
    for (int i = 0; i < TRAFFIC_REPORT_NUMBERS; i++) {
        numbers[i] = get64(data + UDPFWD_TRAFFIC_MIN_BYTES + 8 * i);
        if (numbers[i] > MOST_NS)
            return 0;
    }
    *arrived = (udpfwd_traffic_arrivals){
        numbers[0],
        numbers[1],
        numbers[2],
        numbers[3],
        numbers[4],
        {numbers[5], numbers[6], numbers[7], numbers[8], numbers[9], numbers[10], numbers[11], numbers[12]},
    };
    return arrived->packets <= MOST_PACKETS && arrived->latency.samples <= arrived->packets;
}

void write_report(unsigned char *data, const udpfwd_traffic_arrivals *arrived) {
    const udpfwd_traffic_latency *latency = &arrived->latency;
    const uint64_t numbers[TRAFFIC_REPORT_NUMBERS] = {
        arrived->packets, arrived->bytes,   arrived->duplicated, arrived->reordered, arrived->span_ns, latency->samples,  latency->min_ns,
        latency->mean_ns, latency->max_ns, latency->p50_ns,     latency->p90_ns,    latency->p99_ns,  latency->p99_9_ns,
    };
    for (int i = 0; i < TRAFFIC_REPORT_NUMBERS; i++)
        put64(data + UDPFWD_TRAFFIC_MIN_BYTES + 8 * i, numbers[i]);
}
