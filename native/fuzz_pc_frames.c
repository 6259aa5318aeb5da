/* libFuzzer target: frames of any content come to a PC that has jobs of any kind, in any order, while time passes.
 *
 * The input is a script: each step is a byte that says what happens, and the bytes that it needs. Besides what the sanitizers see,
 * memory is bounded and given back, what leaves fits the link, and nothing is due for ever.
 */
#define _GNU_SOURCE
#include "fuzz_pc.h"

enum { MAX_STEPS = 100 };

static void give_frame(fuzz_bed *b, script *s, int is_fixed) {
    static const int types[] = {0x0800, 0x0806, 0x86dd, 0x8100};
    int type = types[next_byte(s) % 4];
    size_t size;
    unsigned char *packet = next_bytes(s, next_byte(s), &size);
    if (is_fixed)
        fix_checksums(packet, size);
    give_packet(b, type, packet, size);
    free(packet);
}

static pc_address next_address(script *s) {
    switch (next_byte(s) % 6) {
    case 0:
        return FUZZ_PEER;
    case 1:
        return FUZZ_IPV4;
    case 2:
        return ipv4_address((uint32_t)next_u16(s) << 16 | next_u16(s));
    case 3:
        return (pc_address){.family = 6, .bytes = {0xfe, 0x80, [8] = 2, 0x50, 0x79, 0xff, 0xfe, 0x66, 0x68, next_byte(s)}};
    case 4:
        return (pc_address){.family = 6, .bytes = {0x20, 1, [15] = next_byte(s)}};
    default:
        return (pc_address){.family = next_byte(s)};
    }
}

static void start(fuzz_bed *b, script *s) {
    udpfwd_pc_request request = {
        .kind = next_byte(s) % (UDPFWD_PC_JOB_KINDS + 1),
        .target = next_address(s),
        .gateway = next_address(s),
        .prefix = next_byte(s),
        .protocol = (const uint8_t[]){1, 6, 17, 58}[next_byte(s) % 4],
        .ttl = next_byte(s),
        .dont_fragment = next_byte(s) & 1,
        .tcp_flags = next_byte(s),
        .family = (const uint8_t[]){0, 4, 6, 5}[next_byte(s) % 4],
        .source_port = next_u16(s),
        .destination_port = next_u16(s),
        .count = 1 + next_byte(s) % 8,
        .data_bytes = next_u16(s),
        .interval_us = next_u16(s),
        .timeout_us = next_u16(s) * 16u,
        .attempts = next_byte(s) % 12,
    };
    for (int i = 0; i < 8; i++)
        request.name[i] = (char)next_byte(s);
    pc_start(&b->host, &request, b->now_ns);
}

static void change(fuzz_bed *b, script *s) {
    udpfwd_pc_identity identity = b->host.identity;
    pc_address address = next_address(s), gateway = next_address(s);
    switch (next_byte(s) % 5) {
    case 0:
        identity.mac[5] ^= next_byte(s) & 3;
        identity.mtu = (uint16_t)(UDPFWD_PC_MIN_MTU + next_u16(s) % 2000);
        MUST(pc_check_identity(&identity) == 0);
        pc_set_identity(&b->host, &identity);
        break;
    case 1:
        pc_clear_address(&b->host, 4);
        break;
    case 2:
        pc_clear_address(&b->host, 6);
        break;
    case 3:
        pc_forget_neighbours(&b->host, next_byte(s) & 1 ? 4 : 6);
        break;
    default:
        if (gateway.family != address.family)
            gateway = (pc_address){0};
        if (can_be_host(&address) && (address.family == 4 || address.family == 6))
            pc_use_address(&b->host, &address, 1 + next_byte(s) % (address.family == 4 ? 32 : 128), &gateway, UDPFWD_PC_MANUAL);
    }
}

static void read_out(fuzz_bed *b) {
    udpfwd_pc_state state;
    udpfwd_pc_neighbour entries[UDPFWD_PC_MAX_NEIGHBOURS];
    pc_read_state(&b->host, &state, b->now_ns);
    MUST(state.jobs <= UDPFWD_PC_MAX_JOBS);
    MUST(pc_list_neighbours(&b->host, 4, b->now_ns, entries, UDPFWD_PC_MAX_NEIGHBOURS) <= UDPFWD_PC_MAX_NEIGHBOURS);
    MUST(pc_list_neighbours(&b->host, 6, b->now_ns, entries, UDPFWD_PC_MAX_NEIGHBOURS) <= UDPFWD_PC_MAX_NEIGHBOURS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    script s = {data, size};
    fuzz_bed b;
    open_host(&b);
    for (int step = 0; step < MAX_STEPS && s.left > 0; step++) {
        switch (next_byte(&s) % 8) {
        case 0:
            start(&b, &s);
            break;
        case 1:
            if (b.host.jobs != NULL)
                pc_stop(&b.host, b.host.jobs->teller->number);
            break;
        case 2:
            change(&b, &s);
            break;
        case 3:
            let_pass(&b, next_u16(&s) * 1000000ull);
            break;
        case 4:
            read_out(&b);
            break;
        default:
            give_frame(&b, &s, next_byte(&s) & 1);
        }
    }
    close_host(&b);
    return 0;
}
