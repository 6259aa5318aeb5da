/* libFuzzer target: fragments of a few datagrams, in any order. What is delivered is what one sender sent: pieces that lie are
 * refused. */
#define _GNU_SOURCE
#include "fuzz_pc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    script s = {data, size};
    fuzz_bed b;
    open_host(&b);
    while (s.left > 0) {
        uint8_t what = next_byte(&s);
        if (what == 255) {
            let_pass(&b, next_u16(&s) * 1000000ull);
            continue;
        }
        uint32_t id = what & 7, more = what & 8 ? 0x2000 : 0, offset = what & 16 ? next_u16(&s) & 0x1fff : next_byte(&s) & 0x1f;
        unsigned char piece[256] = {8};
        size_t bytes = what & 32 ? next_byte(&s) : 8u * (1 + next_byte(&s) % 8);
        memset(piece + 1, (int)offset, sizeof piece - 1);
        give_ipv4(&b, what & 64 ? 1 : 17, 64, id, offset | more, piece, bytes);
        MUST(b.host.memory < 1u << 17);
    }
    let_pass(&b, 60 * PC_SECOND_NS);
    MUST(b.host.reassemblies == NULL);
    close_host(&b);
    return 0;
}
