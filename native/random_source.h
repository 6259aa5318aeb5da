/* Repeatable random numbers: xoshiro256**, seeded by splitmix64 (Blackman and Vigna, prng.di.unimi.it, public domain). */
#ifndef GNS3TRIO_RANDOM_SOURCE_H
#define GNS3TRIO_RANDOM_SOURCE_H

#include <stdint.h>

typedef struct {
    uint64_t state[4];
} random_source;

/* Returns the next number of a source: draw_random, or a function of a test. */
typedef uint64_t (*draw_function)(random_source *source);

static inline uint64_t splitmix(uint64_t *state) {
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* A source that is independent of those with another seed, or with this seed and another number. */
static inline random_source seeded_source(uint64_t seed, uint64_t number) {
    random_source source;
    uint64_t state = seed;
    state = splitmix(&state) + number;
    state = splitmix(&state);
    for (int i = 0; i < 4; i++)
        source.state[i] = splitmix(&state);
    return source;
}

static inline uint64_t rotate_left(uint64_t x, int by) {
    return x << by | x >> (64 - by);
}

static inline uint64_t draw_random(random_source *source) {
    uint64_t *s = source->state, result = rotate_left(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

/* Maps a 64-bit number to one below a limit. */
static inline uint64_t scaled_below(uint64_t number, uint64_t limit) {
    return (uint64_t)((unsigned __int128)number * limit >> 64);
}

#endif
