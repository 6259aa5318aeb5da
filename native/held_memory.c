/* Memory of frames that filters hold: chunks, each filled from the front, and given back when nothing in it is held any more.
 *
 * A delay of 20 ms holds more frames than a cache does. They lie close together, and leave in the order in which they came, so the
 * processor fetches them ahead; with memory from malloc for each frame a delay cost half as much again.
 *
 * Frames share a chunk with those that leave before and after them only: frames of one port and direction that keep their order. So no
 * chunk waits for a frame of another link, and those of a port go when it ends. A port's first chunk is small, the next ones are larger.
 */
#define _GNU_SOURCE
#include "held_memory.h"

#include <stdlib.h>

#define FIRST_CHUNK_BYTES 2048u
#define CHUNK_BYTES 65536u
#define MAX_SPARE_BYTES (32u << 20) /* of one worker: memory that went to the system and came back would cost page faults */

struct chunk {
    chunk *next;     /* while it is spare */
    chunk **current; /* of those that it belongs to, the one that is being filled */
    uint32_t size;
    uint32_t used;
    uint32_t frames; /* that are held */
    _Alignas(8) unsigned char bytes[];
};

_Static_assert(sizeof(chunk) + sizeof(held_frame) + UDPFWD_MAX_FRAME_BYTES + UDPFWD_MAX_HOPS * 8 < CHUNK_BYTES, "any frame has room");

static void free_chunk(hold_queue *q, chunk *c) {
    __atomic_sub_fetch(q->core_bytes, c->size, __ATOMIC_RELAXED);
    free(c);
}

void free_spare_chunks(hold_queue *q) {
    for (chunk *spare; (spare = q->spare) != NULL;) {
        q->spare = spare->next;
        free_chunk(q, spare);
    }
    q->spare_bytes = 0;
}

static chunk *try_chunk(hold_queue *q, uint32_t size) {
    chunk *made = NULL;
    if (__atomic_add_fetch(q->core_bytes, size, __ATOMIC_RELAXED) <= UDPFWD_MAX_HELD_BYTES)
        made = malloc(size);
    if (made == NULL)
        __atomic_sub_fetch(q->core_bytes, size, __ATOMIC_RELAXED);
    return made;
}

static chunk *new_chunk(hold_queue *q, uint32_t size) {
    if (size == CHUNK_BYTES && q->spare != NULL) {
        chunk *spare = q->spare; /* the one that was read last, which the cache may have still */
        q->spare = spare->next;
        q->spare_bytes -= CHUNK_BYTES;
        return spare;
    }
    chunk *made = try_chunk(q, size);
    if (made == NULL && q->spare != NULL) { /* there may be memory for chunks of other sizes */
        free_spare_chunks(q);
        made = try_chunk(q, size);
    }
    if (made != NULL)
        made->size = size;
    return made;
}

void *take_memory(hold_queue *q, port *p, chunk **current, size_t bytes, chunk **from) {
    uint32_t room = (uint32_t)(bytes + 7) & ~7u;
    chunk *c = *current;
    if (c == NULL || c->used + room > c->size - sizeof *c) {
        uint32_t size = c == NULL ? FIRST_CHUNK_BYTES : c->size < CHUNK_BYTES ? c->size * 2 : CHUNK_BYTES;
        while (size < sizeof *c + room)
            size *= 2;
        if (p->held_bytes + size > UDPFWD_MAX_PORT_HELD_BYTES || (c = new_chunk(q, size)) == NULL)
            return NULL;
        c->current = current;
        c->used = c->frames = 0;
        p->held_bytes += size;
        *current = c; /* the one before goes with its last frame */
    }
    void *taken = c->bytes + c->used;
    c->used += room;
    c->frames++;
    *from = c;
    return taken;
}

void give_memory(hold_queue *q, port *p, chunk *from) {
    if (--from->frames > 0)
        return;
    if (*from->current == from)
        *from->current = NULL;
    p->held_bytes -= from->size;
    if (from->size < CHUNK_BYTES || q->spare_bytes >= MAX_SPARE_BYTES) {
        free_chunk(q, from);
    } else {
        from->next = q->spare;
        q->spare = from;
        q->spare_bytes += CHUNK_BYTES;
    }
}
