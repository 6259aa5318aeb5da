/* interfaces.c, which frames.c calls. Worker only. */
#ifndef GNS3TRIO_INTERFACES_H
#define GNS3TRIO_INTERFACES_H

#include "frames.h"

/* One turn of a port on a TAP device or packet socket. */
void serve_interface(worker *w, port *from);
/* Sends frames at a TAP device or packet socket; those that it does not take are dropped and counted. */
void write_to_interface(worker *w, port *to, const struct iovec *frames, int n);

#endif
