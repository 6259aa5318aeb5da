/* What fuzz targets of trains make of their input: frames with the kernel's account of each before them. */
#ifndef GNS3TRIO_FUZZ_TRAINS_H
#define GNS3TRIO_FUZZ_TRAINS_H

#include "fuzz_script.h"
#include "test_trains.h"

enum { MAX_CHANGES = 8, MOST_MESSAGE_BYTES = 65536 };

/* A message of any bytes; its size. */
static inline size_t make_anything(unsigned char *message, script *s) {
    size_t size = (size_t)next_byte(s) << 8 | next_byte(s), known = size < s->left ? size : s->left;
    memset(message, 0, size);
    memcpy(message, s->bytes, known);
    s->bytes += known < 80 ? known : 80; /* what follows is used again as the next frame */
    s->left -= known < 80 ? known : 80;
    return size;
}

/* A train, of which some bytes of the headers are changed. */
static inline size_t make_damaged(unsigned char *message, script *s) {
    shape what = {.is_tcp = next_byte(s) % 4 > 0,
                  .is_ipv4 = next_byte(s) % 2,
                  .tag_bytes = next_byte(s) % 3 * 4u,
                  .options = next_byte(s) % 3 * 8u,
                  .payload = 1 + ((size_t)next_byte(s) << 8 | next_byte(s)) % 60000,
                  .segment = 1 + ((size_t)next_byte(s) << 8 | next_byte(s)) % 12000};
    struct virtio_net_hdr told;
    size_t size = make_train(&what, message + HEADER_BYTES, &told);
    memcpy(message, &told, HEADER_BYTES);
    for (int n = next_byte(s) % MAX_CHANGES; n > 0; n--)
        message[next_byte(s) % (HEADER_BYTES + HEADERS(&what))] ^= next_byte(s);
    return HEADER_BYTES + size - next_byte(s) % 2 * (next_byte(s) % size);
}

static inline size_t make_message(unsigned char *message, script *s) {
    return next_byte(s) % 4 == 0 ? make_anything(message, s) : make_damaged(message, s);
}

#endif
