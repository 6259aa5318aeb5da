/* Memory of frames that filters hold: held_memory.c, for held_frames.c alone. The worker whose queue it is, or while that is parked. */
#ifndef GNS3TRIO_HELD_MEMORY_H
#define GNS3TRIO_HELD_MEMORY_H

#include "held_frames.h"

/* Memory for a frame that a port holds; NULL when the port, or the core, has no more. 'from' is what it is given back by. */
void *take_memory(hold_queue *q, port *p, chunk **current, size_t bytes, chunk **from);
void give_memory(hold_queue *q, port *p, chunk *from);
void free_spare_chunks(hold_queue *q);

#endif
