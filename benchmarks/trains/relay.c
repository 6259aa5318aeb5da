/* Stands in for GNS3's ubridge between a TAP device and a UDP tunnel: one frame is read, and then it is written, by a thread for each
 * direction. Two of these are a link as GNS3 wires it between two containers.
 *
 *     relay TAP OWN-UDP-PORT REMOTE-UDP-PORT
 *
 * Makes the device, writes "ready", and ends with its standard input.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <pthread.h>
#include <sys/ioctl.h>

#include "../forwarding/tool.h"

static int tap, tunnel;

static void carry(int from, int to) {
    static _Thread_local char frame[65536];
    for (ssize_t size; (size = read(from, frame, sizeof frame)) >= 0 || errno == ECONNREFUSED || errno == EIO;)
        if (size > 0 && write(to, frame, (size_t)size) < 0 && errno != EIO && errno != ECONNREFUSED)
            die("write");
}

static void *out(void *nothing) {
    carry(tap, tunnel);
    return nothing;
}

static void *in(void *nothing) {
    carry(tunnel, tap);
    return nothing;
}

static int open_tap(const char *name) {
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0)
        die(name);
    return fd;
}

static int open_tunnel(int own, int remote) {
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)own)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&here, sizeof here) < 0)
        die("bind");
    connect_socket(fd, remote);
    return fd;
}

int main(int argc, char **argv) {
    pthread_t threads[2];
    char byte;
    if (argc != 4) {
        fprintf(stderr, "usage: relay TAP OWN-UDP-PORT REMOTE-UDP-PORT\n");
        return 1;
    }
    tap = open_tap(argv[1]);
    tunnel = open_tunnel(atoi(argv[2]), atoi(argv[3]));
    if (pthread_create(&threads[0], NULL, out, NULL) != 0 || pthread_create(&threads[1], NULL, in, NULL) != 0)
        die("thread");
    puts("ready");
    fflush(stdout);
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    return 0;
}
