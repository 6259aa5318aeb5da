/* Memory of frames that filters hold: chunks, each filled from the front, and given back when nothing in it is held any more.
 *
 * A delay of 20 ms holds more frames than a cache does. They lie close together, and leave in the order in which they came, so the
 * processor fetches them ahead; with memory from malloc for each frame a delay cost half as much again.
 * Frames that are held for about the same time share a chunk, or it would wait long for the last of them.
 */
#define _GNU_SOURCE
#include "core.h"

#include <stdlib.h>

#define CHUNK_BYTES 65536u
#define MAX_SPARE_BYTES (32u << 20) /* of one worker: memory that went to the system and came back would cost page faults */

struct chunk {
    chunk *next; /* while it is spare */
    uint32_t used;
    uint32_t frames; /* that are held */
    int lifetime;    /* index in current */
    _Alignas(8) unsigned char bytes[];
};

/* One for each power of two of nanoseconds. */
static int lifetime_of(uint64_t hold_ns) {
    int bits = hold_ns > 0 ? 64 - __builtin_clzll(hold_ns) : 0;
    return bits < LIFETIMES ? bits : LIFETIMES - 1;
}

static chunk *new_chunk(held_memory *m) {
    if (m->spare != NULL) {
        chunk *spare = m->spare; /* the one that was read last, which the cache may have still */
        m->spare = spare->next;
        m->spare_bytes -= CHUNK_BYTES;
        return spare;
    }
    if (__atomic_add_fetch(m->core_bytes, CHUNK_BYTES, __ATOMIC_RELAXED) <= UDPFWD_MAX_HELD_BYTES) {
        chunk *made = malloc(CHUNK_BYTES);
        if (made != NULL)
            return made;
    }
    __atomic_sub_fetch(m->core_bytes, CHUNK_BYTES, __ATOMIC_RELAXED);
    return NULL;
}

static void free_chunk(held_memory *m, chunk *c) {
    __atomic_sub_fetch(m->core_bytes, CHUNK_BYTES, __ATOMIC_RELAXED);
    free(c);
}

void *take_memory(held_memory *m, size_t bytes, uint64_t hold_ns, chunk **from) {
    int lifetime = lifetime_of(hold_ns);
    uint32_t room = (uint32_t)(bytes + 7) & ~7u;
    chunk *c = m->current[lifetime];
    if (c == NULL || c->used + room > CHUNK_BYTES - sizeof *c) {
        c = new_chunk(m);
        if (c == NULL)
            return NULL;
        c->used = c->frames = 0;
        c->lifetime = lifetime;
        m->current[lifetime] = c; /* the one before goes with its last frame */
    }
    void *taken = c->bytes + c->used;
    c->used += room;
    c->frames++;
    *from = c;
    return taken;
}

void give_memory(held_memory *m, chunk *from) {
    if (--from->frames > 0)
        return;
    if (m->current[from->lifetime] == from) {
        from->used = 0;
    } else if (m->spare_bytes >= MAX_SPARE_BYTES) {
        free_chunk(m, from);
    } else {
        from->next = m->spare;
        m->spare = from;
        m->spare_bytes += CHUNK_BYTES;
    }
}

void free_chunks(held_memory *m) {
    for (int lifetime = 0; lifetime < LIFETIMES; lifetime++)
        if (m->current[lifetime] != NULL) {
            free_chunk(m, m->current[lifetime]);
            m->current[lifetime] = NULL;
        }
    for (chunk *spare; (spare = m->spare) != NULL;) {
        m->spare = spare->next;
        free_chunk(m, spare);
    }
    m->spare_bytes = 0;
}
