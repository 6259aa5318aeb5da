/* Sources: descriptors that a worker watches, and the functions that it calls when one is readable: worker.c.
 *
 * A source is embedded in the object to which it belongs, which must stop the watch before it is freed. Sources are ports, a worker's own
 * descriptors, and objects that receive the frames of many ports from one descriptor.
 */
#ifndef GNS3TRIO_SOURCE_H
#define GNS3TRIO_SOURCE_H

#include <unistd.h>

typedef struct worker worker;
typedef struct source source;

struct source {
    int fd;                               /* -1: it has no descriptor, and is never watched */
    void (*serve)(worker *w, source *s); /* worker only: processes what waits, but at most a turn's work */
};

/* In a change: the worker, parked or not, watches it from now on. Does nothing for a source without a descriptor. */
int watch(worker *w, source *s);
/* Worker only, or while it is parked. Does nothing if it is not watched. */
void unwatch(worker *w, const source *s);

static inline void close_if_open(int fd) {
    if (fd >= 0)
        close(fd);
}

#endif
