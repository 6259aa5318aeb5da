/* Memory of held frames: held_memory.c, used only by held_frames.c. Called by the worker of the queue, or while it is parked. */
#ifndef GNS3TRIO_HELD_MEMORY_H
#define GNS3TRIO_HELD_MEMORY_H

#include "held_frames.h"

/* Memory for a held frame of a port; NULL if the port or the core has reached its limit. 'from' is needed to free it. */
void *take_memory(hold_queue *q, port *p, chunk **current, size_t bytes, chunk **from);
void give_memory(hold_queue *q, port *p, chunk *from);
void free_spare_chunks(hold_queue *q);

#endif
