/* Changes while frames flow: changes.c. Any thread except the workers.
 *
 *     begin_change(core);
 *     port *p = change_port(core, id);
 *     ...
 *     return end_change_of(core, p, result);
 *
 * Changes are made one at a time: between begin_change and end_change no other thread changes ports, connections or the assignment of
 * workers. Data of a worker is changed only while that worker is parked between two batches; the other workers continue. A new port is
 * not connected, so no worker needs to be parked for it.
 */
#ifndef GNS3TRIO_CHANGES_H
#define GNS3TRIO_CHANGES_H

#include "worker.h"

/* Takes the core's lock; waits for all changes that have begun before. */
void begin_change(udpfwd *core);
/* Resumes the parked workers, releases the lock, and returns the given result. */
int end_change(udpfwd *core, int result);
/* Likewise for a change of a port or bridge: returns -ENOENT if there is none (NULL). */
int end_change_of(udpfwd *core, const void *changed, int result);
/* The port with this id, ready for a change: its worker is parked, and the kernel no longer serves it (flows.h). NULL if there is none. */
port *change_port(udpfwd *core, int id);
/* Waits until a worker is parked; it stays parked until end_change. Other threads may take a snapshot meanwhile. */
void park(udpfwd *core, worker *w);

#endif
