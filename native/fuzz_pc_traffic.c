/* libFuzzer target: datagrams of flows, of any content, come to a PC that sends, counts and listens, while flows begin and end and time
 * passes. Some have the ids of flows that there are, or are what the PC has sent itself, changed.
 */
#define _GNU_SOURCE
#include "fuzz_pc.h"
#include "pc_traffic.h"
#include "traffic_message.h"

enum { MAX_STEPS = 60, MOST_FLOWS = 6, MOST_PACKET = 400 };

typedef struct {
    uint64_t id;
    uint16_t slot;
    uint8_t is_sender;
} flow;

typedef struct {
    fuzz_bed bed;
    flow flows[MOST_FLOWS];
    int count;
    unsigned char last[MOST_PACKET]; /* what it has sent last, from IP's header on */
    size_t last_size;
} traffic_bed;

static void look_at_output(traffic_bed *b) {
    const pc_frame *frame = b->bed.host.out.first;
    if (frame != NULL && frame->size < PC_ETHERNET_BYTES + MOST_PACKET) {
        b->last_size = frame->size - PC_ETHERNET_BYTES;
        memcpy(b->last, frame->start + PC_ETHERNET_BYTES, b->last_size);
    }
    drop_output(&b->bed);
}

static void start(traffic_bed *b, script *s) {
    uint8_t what = next_byte(s);
    const udpfwd_traffic_flow wanted = {
        .receiver = -1,
        .target = what & 1 ? FUZZ_PEER : what & 2 ? FUZZ_IPV4 : (pc_address){.family = 4, .bytes = {10, 0, 0, next_byte(s)}},
        .port = (uint16_t)(what & 4 ? UDPFWD_TRAFFIC_PORT : next_u16(s)),
        .echo = what >> 3 & 1,
        .data_bytes = what & 16 ? next_u16(s) : UDPFWD_TRAFFIC_MIN_BYTES + next_byte(s),
        .burst = next_byte(s) % 32u,
        .interval_ps = (1 + next_u16(s)) * 20000000ull * (what & 48 ? 100 : 1), /* large ones are not fast: an input takes no minute */
        .delay_ns = next_byte(s) * 10000000ull,
        .duration_ns = next_u16(s) * 10000ull,
        .packets = next_byte(s),
    };
    if (pc_check_flow(&wanted) < 0 || b->count == MOST_FLOWS)
        return;
    flow made = {.id = pc_flow_id(&b->bed.host), .is_sender = what >> 6 & 1};
    int slot = made.is_sender ? pc_add_sender(&b->bed.host, made.id, &wanted, what & 128 ? 0 : TRAFFIC_NO_SLOT)
                              : pc_add_sink(&b->bed.host, made.id, &wanted);
    if (slot >= 0) {
        made.slot = (uint16_t)slot;
        b->flows[b->count++] = made;
    }
}

static void stop(traffic_bed *b, script *s) {
    if (b->count == 0)
        return;
    int i = next_byte(s) % b->count;
    const flow gone = b->flows[i];
    b->flows[i] = b->flows[--b->count];
    (gone.is_sender ? pc_drop_sender : pc_drop_sink)(&b->bed.host, gone.slot, gone.id);
}

/* A datagram with a header that is nearly right. */
static void give_datagram(traffic_bed *b, script *s) {
    unsigned char data[8 + TRAFFIC_REPORT_BYTES] = {0};
    uint8_t what = next_byte(s);
    const flow *known = b->count > 0 ? &b->flows[what % b->count] : NULL;
    traffic_message message = {
        .type = next_byte(s) % 6,
        .echo = what >> 3 & 1,
        .slot = known != NULL && what & 16 ? known->slot : next_byte(s),
        .flow = known != NULL && what & 32 ? known->id : next_byte(s),
        .clock = what & 64 ? b->bed.shared.clock_id : next_byte(s),
        .sequence = what & 128 ? (uint64_t)next_u16(s) << 24 : next_u16(s),
        .sent_ns = b->bed.now_ns - next_u16(s),
    };
    put16(data, next_byte(s) & 1 ? UDPFWD_TRAFFIC_PORT : 5000);
    put16(data + 2, next_byte(s) & 1 ? UDPFWD_TRAFFIC_PORT : TRAFFIC_FIRST_PORT + next_byte(s) % MOST_FLOWS);
    put16(data + 4, sizeof data);
    write_traffic(data + 8, &message);
    for (size_t i = 0; i < 8; i++)
        data[8 + UDPFWD_TRAFFIC_MIN_BYTES + 13 * i] = next_byte(s);
    size_t size = sizeof data - next_byte(s) % (sizeof data - 20);
    give_ipv4(&b->bed, PROTOCOL_UDP, 64, 1, 0, data, size);
}

/* What it has sent last comes back as it is, or as if the peer had sent it, with a byte changed. */
static void give_last(traffic_bed *b, script *s) {
    if (b->last_size < 28)
        return;
    unsigned char packet[MOST_PACKET];
    memcpy(packet, b->last, b->last_size);
    memcpy(packet + 12, FUZZ_PEER.bytes, 4);
    memcpy(packet + 16, FUZZ_IPV4.bytes, 4);
    if (next_byte(s) & 1) {
        memcpy(packet + 20, b->last + 22, 2);
        memcpy(packet + 22, b->last + 20, 2);
    }
    packet[20 + next_u16(s) % (b->last_size - 20)] ^= next_byte(s);
    fix_checksums(packet, b->last_size);
    give_packet(&b->bed, 0x0800, packet, b->last_size);
}

static void give_error(traffic_bed *b, script *s) {
    unsigned char message[8 + 28] = {3, next_byte(s) % 16};
    message[8] = 0x45;
    message[17] = PROTOCOL_UDP;
    memcpy(message + 20, FUZZ_IPV4.bytes, 4);
    memcpy(message + 24, FUZZ_PEER.bytes, 4);
    put16(message + 28, TRAFFIC_FIRST_PORT + next_byte(s) % MOST_FLOWS);
    put16(message + 30, next_byte(s) & 1 ? UDPFWD_TRAFFIC_PORT : next_u16(s));
    give_ipv4(&b->bed, PROTOCOL_ICMP, 64, 1, 0, message, sizeof message);
}

/* The way is lost, or the host is late. */
static void disturb(traffic_bed *b, script *s) {
    pc_host *host = &b->bed.host;
    const pc_address none = {0}, address = {.family = 4, .bytes = {10, 0, next_byte(s) % 2, next_byte(s)}};
    switch (next_byte(s) % 4) {
    case 0:
        pc_forget_neighbours(host, 4);
        break;
    case 1:
        pc_clear_address(host, 4);
        break;
    case 2:
        if (can_be_host(&address))
            pc_use_address(host, &address, 8 + next_byte(s) % 24, next_byte(s) & 1 ? &FUZZ_PEER : &none, UDPFWD_PC_MANUAL);
        break;
    default:
        b->bed.now_ns += next_u16(s) * 10000ull;
        pc_expire(host, b->bed.now_ns);
        look_at_output(b);
    }
}

static void read_out(traffic_bed *b) {
    udpfwd_traffic_result result = {0};
    for (int i = 0; i < b->count; i++) {
        const flow *each = &b->flows[i];
        MUST((each->is_sender ? pc_read_sender : pc_read_sink)(&b->bed.host, each->slot, each->id, &result));
        MUST(result.arrived.latency.samples <= result.arrived.packets && result.returned.packets <= result.sent);
        MUST(result.arrived.latency.p50_ns <= result.arrived.latency.p99_9_ns || result.counting == UDPFWD_TRAFFIC_REPORTED);
    }
    udpfwd_traffic_heard_flow heard[UDPFWD_TRAFFIC_MAX_HEARD];
    MUST(pc_list_heard(&b->bed.host, heard, UDPFWD_TRAFFIC_MAX_HEARD) <= UDPFWD_TRAFFIC_MAX_HEARD);
    MUST(b->bed.host.traffic_memory < 256 * 1024);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    script s = {data, size};
    traffic_bed b = {0};
    open_host(&b.bed);
    b.bed.shared.clock_id = 0x1122334455667788;
    for (int step = 0; step < MAX_STEPS && s.left > 0; step++) {
        switch (next_byte(&s) % 10) {
        case 0:
        case 1:
            start(&b, &s);
            break;
        case 2:
            stop(&b, &s);
            break;
        case 3:
            if (pc_listen(&b.bed.host) < 0)
                pc_end_listening(&b.bed.host);
            break;
        case 4:
            pc_expire(&b.bed.host, b.bed.now_ns);
            look_at_output(&b);
            let_pass(&b.bed, next_u16(&s) * 10000ull);
            break;
        case 5:
            give_last(&b, &s);
            break;
        case 6:
            give_error(&b, &s);
            break;
        case 7:
            read_out(&b);
            break;
        case 8:
            disturb(&b, &s);
            break;
        default:
            give_datagram(&b, &s);
        }
    }
    read_out(&b);
    close_host(&b.bed);
    return 0;
}
