/* What the two programs of this benchmark share: loopback UDP sockets and a way to end with a message. */
#ifndef BENCH_TOOL_H
#define BENCH_TOOL_H

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_LINKS 1024
#define MAX_FRAME_BYTES 9216

/* Room for every frame in flight, also when the kernel charges a 64-byte frame with 2 KiB; what our core asks for too. */
#define SOCKET_BUFFER_BYTES (1024 * 1024)

static inline void die(const char *what) {
    fprintf(stderr, "%s: %s\n", what, errno ? strerror(errno) : "unexpected");
    exit(1);
}

/* A UDP socket on a free port of 127.0.0.1, given in *udp_port. */
static inline int open_socket(int *udp_port) {
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof here;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof here) < 0 ||
        getsockname(fd, (struct sockaddr *)&here, &length) < 0)
        die("socket");
    int bytes = SOCKET_BUFFER_BYTES;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes) < 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
    *udp_port = ntohs(here.sin_port);
    return fd;
}

static inline void connect_socket(int fd, int udp_port) {
    struct sockaddr_in there = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)udp_port)};
    if (connect(fd, (struct sockaddr *)&there, sizeof there) < 0)
        die("connect");
}

#endif
