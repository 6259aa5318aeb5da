/* Stands in for ubridge towards gns3-server: says that all went well, and forwards nothing. Containers get their
 * interfaces, because those of gns3-server wait for them.
 *
 *     ubridge -v                  its version
 *     ubridge -H HOST:PORT ...    answers lines at a TCP port until it is told to stop
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define VERSION "0.9.19"

/* "docker move_to_ns TAP PID INTERFACE": an interface in the network of a process, which lasts as long as this program. */
static void make_interface(const char *line)
{
    char path[64];
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI};
    int pid, namespace, tap;

    if (sscanf(line, "docker move_to_ns %*s %d %15s", &pid, request.ifr_name) != 2)
        return;
    snprintf(path, sizeof path, "/proc/%d/ns/net", pid);
    namespace = open(path, O_RDONLY | O_CLOEXEC);
    if (namespace < 0 || setns(namespace, CLONE_NEWNET) != 0)
        perror(path);
    else if ((tap = open("/dev/net/tun", O_RDWR | O_CLOEXEC)) < 0 || ioctl(tap, TUNSETIFF, &request) != 0)
        perror(request.ifr_name);
    if (namespace >= 0)
        close(namespace);
}

static void answer(FILE *lines, int client)
{
    char line[4096];

    while (fgets(line, sizeof line, lines) != NULL) {
        const char *reply = "100-OK\r\n";
        if (strncmp(line, "hypervisor version", 18) == 0)
            reply = "101 " VERSION "\r\n100-OK\r\n";
        make_interface(line);
        if (write(client, reply, strlen(reply)) < 0)
            return;
        if (strncmp(line, "hypervisor stop", 15) == 0)
            exit(EXIT_SUCCESS);
    }
}

int main(int argc, char **argv)
{
    const char *colon = argc >= 3 && strcmp(argv[1], "-H") == 0 ? strrchr(argv[2], ':') : NULL;
    if (argc == 2 && strcmp(argv[1], "-v") == 0) {
        puts("ubridge version " VERSION);
        return EXIT_SUCCESS;
    }
    if (colon == NULL) {
        fputs("usage: ubridge -v | -H HOST:PORT\n", stderr);
        return EXIT_FAILURE;
    }
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_addr = {htonl(INADDR_LOOPBACK)},
        .sin_port = htons((uint16_t)atoi(colon + 1)),
    };
    int listener = socket(AF_INET, SOCK_STREAM, 0), reuse = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 1) != 0) {
        perror("ubridge");
        return EXIT_FAILURE;
    }
    for (;;) {
        int client = accept(listener, NULL, NULL);
        FILE *lines = client >= 0 ? fdopen(client, "r") : NULL;
        if (lines == NULL) {
            perror("ubridge");
            return EXIT_FAILURE;
        }
        answer(lines, client);
        fclose(lines);
    }
}
