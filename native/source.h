/* Sources: descriptors that a worker watches, and what it does when one is readable: worker.c.
 *
 * A source is a part of what it belongs to, which stops the watch before it goes. The sources are ports, a worker's own descriptors,
 * and whatever gets the frames of many ports from one descriptor.
 */
#ifndef GNS3TRIO_SOURCE_H
#define GNS3TRIO_SOURCE_H

#include <unistd.h>

typedef struct worker worker;
typedef struct source source;

struct source {
    int fd;                               /* -1: it has none, and is never watched */
    void (*serve)(worker *w, source *s); /* worker only: takes what waits, but no more than a turn's work */
};

/* In a change: the worker serves it from now on, parked or not. A source without a descriptor is fine. */
int watch(worker *w, source *s);
/* Worker only, or while it is parked; not watched is fine. */
void unwatch(worker *w, const source *s);

static inline void close_if_open(int fd) {
    if (fd >= 0)
        close(fd);
}

#endif
