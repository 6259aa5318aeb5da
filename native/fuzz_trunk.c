/* libFuzzer target: what comes in at the UDP port of a trunk, from its peer and from others, with any size of segments.
 *
 * The input is a script: each step is a byte that says what happens, and the bytes that it needs. Besides what the sanitizers see, every
 * datagram must be accounted for, and nothing that is forged may change the state of the peer.
 */
#define _GNU_SOURCE
#include "trunk_parts.h"
#include "trunk_round.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition)                                                                                              \
    do {                                                                                                             \
        if (!(condition))                                                                                            \
            abort();                                                                                                 \
    } while (0)

enum { LINKS = 6, MAX_STEPS = 48, PEER_PORT = 9, BEGIN_PORT = 40000, MOST_PORT = 60000 };

typedef struct {
    const uint8_t *bytes;
    size_t left;
} script;

static uint8_t next_byte(script *s) {
    if (s->left == 0)
        return 0;
    s->left--;
    return *s->bytes++;
}

typedef struct {
    udpfwd *core;
    worker *w;
    int links[LINKS];
} bed;

static void open_bed(bed *b) {
    MUST(udpfwd_open(1, 1000000, &b->core) == 0);
    int opened = -1;
    for (int udp_port = BEGIN_PORT; opened < 0 && udp_port < MOST_PORT; udp_port++)
        opened = udpfwd_trunk_open(b->core, INADDR_LOOPBACK, (uint16_t)udp_port);
    int peer = udpfwd_peer_open(b->core, INADDR_LOOPBACK, PEER_PORT), bridge = udpfwd_bridge_open(b->core, UDPFWD_SWITCH);
    MUST(opened == 0 && peer == 0 && bridge >= 0);
    for (int i = 0; i < LINKS; i++) {
        MUST((b->links[i] = udpfwd_trunk_link(b->core, peer, (unsigned)i + 1, (unsigned)i + 1)) >= 0);
        MUST(udpfwd_bridge_join(b->core, bridge, b->links[i], i % 2 ? UDPFWD_DOT1Q : UDPFWD_ACCESS, 1, 0) == 0);
    }
    b->w = &b->core->workers[0];
}

/* Its bytes lie at the end of a piece of memory of their size, so that a byte too far is seen. */
static void take(bed *b, script *s, size_t size, uint32_t address, size_t segment) {
    unsigned char *bytes = malloc(size ? size : 1);
    MUST(bytes != NULL);
    memset(bytes, 0, size);
    memcpy(bytes, s->bytes, size < s->left ? size : s->left);
    b->w->now_ns = b->w->wall_ns = 0;
    b->w->round_copies = 0;
    take_datagram(b->w, b->core->trunk, address, bytes, size, segment);
    free(bytes);
    size_t known = size < s->left ? size : s->left;
    s->bytes += known;
    s->left -= known;
}

/* A datagram with a header, and a frame of which the script says something. */
static void take_valid(bed *b, script *s) {
    unsigned char bytes[VXLAN_BYTES + 64] = {0};
    put_vxlan(bytes, next_byte(s) % (LINKS + 2));
    for (int i = 0; i < 20; i++)
        bytes[VXLAN_BYTES + i] = next_byte(s);
    take_datagram(b->w, b->core->trunk, INADDR_LOOPBACK, bytes, VXLAN_BYTES + next_byte(s) % 65, 0);
}

static void take_message_like(bed *b, script *s) {
    unsigned char bytes[MESSAGE_BYTES + 20];
    trunk_message message = {1 + next_byte(s) % 2, PEER_PORT, next_byte(s), next_byte(s)};
    put_message(bytes, sizeof bytes, &message);
    bytes[next_byte(s) % sizeof bytes] ^= next_byte(s);
    take_datagram(b->w, b->core->trunk, INADDR_LOOPBACK, bytes, sizeof bytes, next_byte(s));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    script s = {data, size};
    bed b;
    open_bed(&b);
    for (int step = 0; step < MAX_STEPS && s.left > 0; step++) {
        switch (next_byte(&s) % 6) {
        case 0:
            take_valid(&b, &s);
            break;
        case 1:
            take_message_like(&b, &s);
            break;
        case 2:
            end_trunk_round(b.w);
            break;
        case 3: {
            source *inbox = &b.core->trunk->work[0].inbox.source;
            inbox->serve(b.w, inbox);
            break;
        }
        default: {
            size_t bytes = (size_t)next_byte(&s) * 4, segment = next_byte(&s);
            take(&b, &s, bytes, INADDR_LOOPBACK + (next_byte(&s) == 0), segment);
        }
        }
    }
    const probe *p = &b.core->trunk->peers[0]->probe;
    MUST(p->state == UDPFWD_PEER_WAITING && p->changes == 0);
    udpfwd_close(b.core);
    return 0;
}
