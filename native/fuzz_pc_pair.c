/* libFuzzer target: two PCs on a wire, and somebody who hears everything and sends frames in both names. Whatever the two answer to
 * each other comes to its end.
 *
 * TCP segments have numbers near those that were heard, so that both have connections, which may disagree.
 */
#define _GNU_SOURCE
#include "fuzz_pc.h"
#include "pc_tcp.h"

enum { HOSTS = 2, MAX_STEPS = 40, MOST_FRAMES = 4 * (int)PC_MOST_ANSWERS + 1024 };

typedef struct {
    pc_shared shared;
    pc_host hosts[HOSTS];
    uint64_t now_ns;
    uint32_t numbers[HOSTS][2]; /* sequence and acknowledgement that each sent last */
} pair;

static const uint8_t MACS[HOSTS + 1][6] = {{0, 0x50, 0x79, 0x66, 0x68, 1}, {0, 0x50, 0x79, 0x66, 0x68, 2}, {255, 255, 255, 255, 255, 255}};

static pc_address ipv4_of_host(int number) {
    return ipv4_address(0x0a000001u + (uint32_t)number);
}

static void open_pair(pair *p) {
    *p = (pair){.now_ns = 1000 * PC_SECOND_NS};
    MUST(pc_open_shared(&p->shared) == 0);
    for (int i = 0; i < HOSTS; i++) {
        udpfwd_pc_identity identity = {.mtu = 1500};
        const pc_address own = ipv4_of_host(i), other = ipv4_of_host(!i), none = {0};
        memcpy(identity.mac, MACS[i], sizeof MACS[i]);
        pc_begin(&p->hosts[i], &p->shared, &identity, (uint64_t)i, p->now_ns);
        pc_use_address(&p->hosts[i], &own, 24, &none, UDPFWD_PC_MANUAL);
        pc_learn(&p->hosts[i], &other, MACS[!i], 1);
    }
}

static void close_pair(pair *p) {
    for (int i = 0; i < HOSTS; i++) {
        pc_end(&p->hosts[i]);
        MUST(p->hosts[i].memory == 0);
    }
    MUST(p->shared.memory == 0);
    pc_close_shared(&p->shared);
}

static void hear(pair *p, int from, const pc_frame *frame) {
    const unsigned char *ip = frame->start + PC_ETHERNET_BYTES;
    if (frame->size >= PC_ETHERNET_BYTES + 40 && get16(frame->start + 12) == 0x0800 && ip[9] == PROTOCOL_TCP) {
        p->numbers[from][0] = get32(ip + 24);
        p->numbers[from][1] = get32(ip + 28);
    }
}

/* Frames of each come to the other one, unless they are lost, until there are none: at one moment, on a wire that takes no time. */
static void pass_frames(pair *p, int is_lost) {
    int passed = 0, more = 1;
    while (more) {
        more = 0;
        for (int i = 0; i < HOSTS; i++) {
            for (pc_frame *frame; (frame = pc_pop(&p->hosts[i].out)) != NULL; more = 1) {
                MUST(++passed <= MOST_FRAMES);
                hear(p, i, frame);
                if (!is_lost)
                    pc_input(&p->hosts[!i], frame->start, frame->size, p->now_ns);
                pc_free_frame(&p->hosts[i], frame);
            }
        }
    }
}

static void let_time_pass(pair *p, uint64_t ns) {
    p->now_ns += ns;
    for (int i = 0; i < HOSTS; i++)
        for (int k = 0; k < MOST_EXPIRIES && pc_due(&p->hosts[i]) <= p->now_ns; k++) {
            MUST(k < MOST_EXPIRIES - 1);
            pc_expire(&p->hosts[i], p->now_ns);
            pass_frames(p, 0);
        }
}

/* A packet to one of them, as if the other had sent it, or to all. */
static void give_packet_of(pair *p, int to, int to_all, int ethertype, const unsigned char *packet, size_t size) {
    unsigned char *frame = malloc(PC_ETHERNET_BYTES + size);
    MUST(frame != NULL);
    memcpy(frame, MACS[to_all ? HOSTS : to], 6);
    memcpy(frame + 6, MACS[!to], 6);
    put16(frame + 12, (uint32_t)ethertype);
    memcpy(frame + PC_ETHERNET_BYTES, packet, size);
    for (int i = 0; i < HOSTS; i++)
        if (i == to || to_all)
            pc_input(&p->hosts[i], frame, PC_ETHERNET_BYTES + size, p->now_ns);
    free(frame);
}

typedef struct {
    int to_all, flags;
    uint16_t source_port, destination_port, window;
    uint32_t sequence, acknowledged, size;
} segment_in;

enum { MOST_DATA = 15 };

static void give_segment(pair *p, int to, const segment_in *in) {
    unsigned char packet[20 + 20 + MOST_DATA] = {0x45}, *segment = packet + 20;
    const pc_address source = ipv4_of_host(!to), destination = ipv4_of_host(to);
    packet[8] = 64;
    packet[9] = PROTOCOL_TCP;
    memcpy(packet + 12, source.bytes, 4);
    memcpy(packet + 16, destination.bytes, 4);
    put16(segment, in->source_port);
    put16(segment + 2, in->destination_port);
    put32(segment + 4, in->sequence);
    put32(segment + 8, in->acknowledged);
    segment[12] = 5 << 4;
    segment[13] = (unsigned char)in->flags;
    put16(segment + 14, in->window);
    fix_checksums(packet, 40 + in->size);
    give_packet_of(p, to, in->to_all, 0x0800, packet, 40 + in->size);
}

static uint16_t port_of(int is_echo) {
    return is_echo ? 7 : 80;
}

static void give_some_segment(pair *p, script *s, int to) {
    uint8_t what = next_byte(s);
    segment_in in = {
        .to_all = what & 4,
        .source_port = port_of(what & 1),
        .destination_port = port_of(what & 2),
        .size = what >> 4,
    };
    in.sequence = p->numbers[to][1] + (uint32_t)(int8_t)next_byte(s);
    in.acknowledged = p->numbers[to][0] + (uint32_t)(int8_t)next_byte(s);
    in.flags = next_byte(s) & 0x1f;
    in.window = next_byte(s) * 64;
    give_segment(p, to, &in);
}

/* A connection with one of them, in the name of the other, which hears nothing of it. */
static void connect_falsely(pair *p, script *s, int to) {
    uint8_t what = next_byte(s);
    segment_in in = {.source_port = port_of(what & 1), .destination_port = port_of(what & 2), .window = 4000, .flags = TCP_SYN};
    in.sequence = next_byte(s);
    give_segment(p, to, &in);
    pass_frames(p, 1);
    in.sequence++;
    in.acknowledged = p->numbers[to][0] + 1;
    in.flags = TCP_ACK;
    give_segment(p, to, &in);
}

static void give_anything(pair *p, script *s, int to, int to_all) {
    static const int types[] = {0x0800, 0x0806, 0x86dd, 0x0800};
    int type = types[next_byte(s) % 4];
    size_t size;
    unsigned char *packet = next_bytes(s, next_byte(s), &size);
    if (type == 0x0800 && size >= 20) { /* between the two, with right checksums */
        const pc_address source = ipv4_of_host(!to), destination = ipv4_of_host(to);
        packet[0] = 0x45;
        memcpy(packet + 12, source.bytes, 4);
        memcpy(packet + 16, destination.bytes, 4);
    }
    fix_checksums(packet, size);
    give_packet_of(p, to, to_all, type, packet, size);
    free(packet);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    script s = {data, size};
    pair p;
    open_pair(&p);
    for (int step = 0; step < MAX_STEPS && s.left > 0; step++) {
        uint8_t what = next_byte(&s);
        int to = what & 1;
        switch (what >> 1 & 3) {
        case 0:
            let_time_pass(&p, (uint64_t)next_u16(&s) * 1000000);
            continue;
        case 1:
            give_anything(&p, &s, to, what & 8);
            break;
        case 2:
            connect_falsely(&p, &s, to);
            break;
        default:
            give_some_segment(&p, &s, to);
        }
        pass_frames(&p, what & 16);
    }
    close_pair(&p);
    return 0;
}
