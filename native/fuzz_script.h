/* The input of a fuzz target, read as a script of what it does. */
#ifndef GNS3TRIO_FUZZ_SCRIPT_H
#define GNS3TRIO_FUZZ_SCRIPT_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    const uint8_t *bytes;
    size_t left;
} script;

/* The next byte; 0 at the end. */
static inline uint8_t next_byte(script *s) {
    if (s->left == 0)
        return 0;
    s->left--;
    return *s->bytes++;
}

#endif
