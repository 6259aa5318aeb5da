/* Captures, which copy the frames that pass a port: capture.c. A capture belongs to its opener (udpfwd.h). */
#ifndef GNS3TRIO_CAPTURE_H
#define GNS3TRIO_CAPTURE_H

#include "frames.h"

/* Worker only: frames pass a port that has captures. */
void capture_frames(worker *w, port *p, int direction, const struct iovec *frames, int n);
/* The port's worker is parked: the captures of the port get no more frames. */
void detach_captures(port *p);

#endif
