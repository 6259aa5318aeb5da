/* The baseline: the plainest correct one-hop UDP forwarder. One thread; per frame one recv and one send.
 *
 * plain FRAMES_PER_EVENT SENDER RECEIVER [SENDER RECEIVER ...]
 *
 * For each link it binds two sockets, one connected to the UDP port SENDER and one to RECEIVER, writes the line
 * "ports NEAR FAR [NEAR FAR ...]", and forwards both ways until its standard input ends. FRAMES_PER_EVENT: how many frames are read
 * from a socket that epoll names before the next one gets its turn.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <sys/epoll.h>

#include "tool.h"

#define EVENTS_PER_WAIT 64

typedef struct {
    int fd;
    int peer_fd;
} side;

static side sides[2 * MAX_LINKS];

int main(int count, char **arguments) {
    int frames_per_event = count > 1 ? atoi(arguments[1]) : 0, open_sides = count - 2;
    if (frames_per_event < 1 || open_sides < 2 || open_sides % 2 || open_sides > 2 * MAX_LINKS) {
        fprintf(stderr, "usage: plain FRAMES_PER_EVENT SENDER RECEIVER [SENDER RECEIVER ...]\n");
        return 2;
    }
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event end = {.events = EPOLLIN, .data.ptr = NULL};
    if (epoll_fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, STDIN_FILENO, &end) < 0)
        die("epoll");
    printf("ports");
    for (int i = 0; i < open_sides; i++) {
        int udp_port;
        sides[i].fd = open_socket(&udp_port);
        connect_socket(sides[i].fd, atoi(arguments[2 + i]));
        printf(" %d", udp_port);
    }
    for (int i = 0; i < open_sides; i++) {
        sides[i].peer_fd = sides[i ^ 1].fd;
        struct epoll_event interest = {.events = EPOLLIN, .data.ptr = &sides[i]};
        if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, sides[i].fd, &interest) < 0)
            die("epoll_ctl");
    }
    printf("\n");
    fflush(stdout);

    struct epoll_event events[EVENTS_PER_WAIT];
    unsigned char frame[MAX_FRAME_BYTES];
    for (;;) {
        int ready = epoll_wait(epoll_fd, events, EVENTS_PER_WAIT, -1);
        if (ready < 0 && errno != EINTR)
            die("epoll_wait");
        for (int i = 0; i < ready; i++) {
            const side *from = events[i].data.ptr;
            if (from == NULL)
                return 0; /* standard input ended */
            for (int frames = 0; frames < frames_per_event; frames++) {
                ssize_t size = recv(from->fd, frame, sizeof frame, MSG_DONTWAIT);
                if (size < 0)
                    break;
                send(from->peer_fd, frame, (size_t)size, MSG_DONTWAIT); /* a frame that cannot be sent is lost */
            }
        }
    }
}
