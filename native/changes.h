/* How anything is changed while frames flow: changes.c. Any thread but the workers.
 *
 *     begin_change(core);
 *     port *p = change_port(core, id);
 *     ...
 *     return end_change(core, p == NULL ? -ENOENT : result);
 *
 * Changes are made one at a time: from begin_change to end_change no other changes who there is, who is joined to whom, or who serves
 * whom. What a worker uses is changed only while that worker is parked between two batches; the other workers go on. A new
 * port is joined to nothing, so no worker has to be parked for it.
 */
#ifndef GNS3TRIO_CHANGES_H
#define GNS3TRIO_CHANGES_H

#include "worker.h"

/* Takes the core's lock, after all changes that were begun before. */
void begin_change(udpfwd *core);
/* Lets the parked workers go on, gives the lock back, and returns the result that it is given. */
int end_change(udpfwd *core, int result);
/* The port of an id, which may be changed: its worker is parked, and what passes the port comes to the worker. NULL where there is none. */
port *change_port(udpfwd *core, int id);
/* Returns when a worker is parked, which it stays until end_change. Others may take a snapshot meanwhile. */
void park(udpfwd *core, worker *w);

#endif
