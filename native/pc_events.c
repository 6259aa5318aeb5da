/* Events of PCs: a list that workers add to and one reader empties, with a lock of its own that is held for a few instructions. */
#define _GNU_SOURCE
#include "pc_events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

struct pc_told {
    pc_told *next;
    pc_teller *teller;
    udpfwd_pc_event event;
    unsigned char data[];
};

int pc_open_shared(pc_shared *shared) {
    pthread_mutex_init(&shared->lock, NULL);
    shared->last = &shared->first;
    shared->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (shared->fd < 0)
        return -errno;
    return getrandom(&shared->clock_id, sizeof shared->clock_id, 0) < 0 ? -errno : 0;
}

pc_teller *pc_new_teller(pc_shared *shared) {
    pc_teller *teller = calloc(1, sizeof *teller);
    if (teller != NULL)
        do
            teller->number = __atomic_add_fetch(&shared->jobs, 1, __ATOMIC_RELAXED) & 0x7fffffff;
        while (teller->number == 0);
    return teller;
}

static void let_go(pc_teller *teller) {
    if (teller->ended && teller->waiting == 0)
        free(teller);
}

void pc_end_teller(pc_shared *shared, pc_teller *teller) {
    pthread_mutex_lock(&shared->lock);
    teller->ended = 1;
    let_go(teller);
    pthread_mutex_unlock(&shared->lock);
}

/* Whether one more may wait. */
static int has_room(const pc_shared *shared, const pc_teller *teller) {
    uint32_t most = shared->event_bytes < PC_MAX_EVENT_BYTES ? PC_MAX_WAITING_EVENTS : PC_LEAST_WAITING_EVENTS;
    return teller->waiting < most;
}

void pc_tell(pc_shared *shared, pc_teller *teller, const udpfwd_pc_event *event, const void *data, size_t size) {
    if (size > UDPFWD_PC_MAX_MESSAGE_BYTES)
        size = UDPFWD_PC_MAX_MESSAGE_BYTES;
    pc_told *told = malloc(sizeof *told + size);
    pthread_mutex_lock(&shared->lock);
    if (told == NULL || (!has_room(shared, teller) && event->kind != UDPFWD_PC_FINISHED)) {
        teller->lost++;
        pthread_mutex_unlock(&shared->lock);
        free(told);
        return;
    }
    told->next = NULL;
    told->teller = teller;
    told->event = *event;
    told->event.job = teller->number;
    told->event.lost = teller->lost;
    told->event.data_bytes = (uint16_t)size;
    if (size > 0)
        memcpy(told->data, data, size);
    int was_empty = shared->first == NULL;
    *shared->last = told;
    shared->last = &told->next;
    teller->waiting++;
    shared->event_bytes += sizeof *told + size;
    pthread_mutex_unlock(&shared->lock);
    if (was_empty) { /* the reader empties the list after each signal */
        uint64_t one = 1;
        ssize_t written = write(shared->fd, &one, sizeof one);
        (void)written;
    }
}

int pc_take_event(pc_shared *shared, udpfwd_pc_event *event, void *data, size_t room) {
    pthread_mutex_lock(&shared->lock);
    pc_told *told = shared->first;
    if (told == NULL) {
        pthread_mutex_unlock(&shared->lock);
        return 0;
    }
    shared->first = told->next;
    if (shared->first == NULL)
        shared->last = &shared->first;
    told->teller->waiting--;
    shared->event_bytes -= sizeof *told + told->event.data_bytes;
    let_go(told->teller);
    pthread_mutex_unlock(&shared->lock);
    *event = told->event;
    if (event->data_bytes > room)
        event->data_bytes = (uint16_t)room;
    if (event->data_bytes > 0)
        memcpy(data, told->data, event->data_bytes);
    free(told);
    return 1;
}

void pc_close_shared(pc_shared *shared) {
    udpfwd_pc_event event;
    while (pc_take_event(shared, &event, NULL, 0) > 0)
        ;
    if (shared->fd >= 0)
        close(shared->fd);
    pthread_mutex_destroy(&shared->lock);
}
