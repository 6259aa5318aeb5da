/* The little that the C tests share: sockets on loopback and checks that name their line. */
#ifndef GNS3TRIO_TEST_H
#define GNS3TRIO_TEST_H

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHECK(condition)                                                                                             \
    do {                                                                                                             \
        if (!(condition)) {                                                                                          \
            fprintf(stderr, "%s:%d: failed: %s (errno %d)\n", __FILE__, __LINE__, #condition, errno);                \
            exit(1);                                                                                                 \
        }                                                                                                            \
    } while (0)

#define PATIENCE_MS 10000

static inline void rest(void) {
    const struct timespec a_moment = {.tv_nsec = 1000000};
    nanosleep(&a_moment, NULL);
}

/* Waits until a condition holds, for as long as patience lasts. */
#define WAIT_FOR(condition)                                                                                          \
    do {                                                                                                             \
        int rests = 0;                                                                                               \
        for (; !(condition) && rests < PATIENCE_MS; rests++)                                                         \
            rest();                                                                                                  \
        CHECK(rests < PATIENCE_MS);                                                                                  \
    } while (0)

static inline uint16_t test_port_of(int fd) {
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    CHECK(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    return ntohs(address.sin_port);
}

/* A socket bound to a port by its number: one that the kernel chose would be lost when the core disconnects it. */
static inline int test_socket(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (;;) {
        int chosen = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        address.sin_port = 0;
        CHECK(chosen >= 0 && fd >= 0 && bind(chosen, (struct sockaddr *)&address, sizeof address) == 0);
        address.sin_port = htons(test_port_of(chosen));
        close(chosen);
        if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0)
            return fd;
        CHECK(errno == EADDRINUSE); /* somebody was quicker */
        close(fd);
    }
}

static inline void test_send(int from, int to, const void *data, size_t size) {
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(test_port_of(to)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CHECK(sendto(from, data, size, 0, (struct sockaddr *)&address, sizeof address) == (ssize_t)size);
}

/* Waits for a datagram; returns its size. */
static inline ssize_t test_receive(int fd, void *data, size_t size) {
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    CHECK(poll(&wait, 1, PATIENCE_MS) == 1);
    return recv(fd, data, size, 0);
}

static inline int test_has_data(int fd) {
    struct pollfd look = {.fd = fd, .events = POLLIN};
    return poll(&look, 1, 0) == 1;
}

#endif
