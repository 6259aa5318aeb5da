/* The program of a user-mode NAT: libslirp between the frames of a lab, and sockets of this host. It has no privileges; the server confines
 * it (sandbox.c) and tells it everything:
 *
 *   nat-gateway LIBRARY            print the version of libslirp
 *   nat-gateway LIBRARY lab|host   run; with `host`, the gateway's address leads to the loopback interface of this host
 *
 * Descriptor 0 is a connected datagram socket, for frames. Descriptor 1 is a packet socket, for lines of text:
 *
 *   to this program                             from it
 *   resolver ADDRESS                            ready VERSION
 *   forward tcp|udp HOST PORT GUEST PORT        done, or refused REASON
 *   unforward tcp|udp HOST PORT GUEST PORT      done
 *   alive                                       done
 *
 * It ends when the other end of that socket is closed. */
#define _GNU_SOURCE
#include "nat_calls.h"
#include "nat_guests.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FRAMES 0
#define CONTROL 1
#define LINE_BYTES 200
/* Frames that are read in one turn, between two looks at the sockets. */
#define TURN_FRAMES 64
#define ROOM_BYTES (NAT_FRAME_BYTES + 1) /* one more shows that a frame is too large */

static slirp_library library;
static nat_network network;

static void tell(const char *format, ...) {
    char line[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int bytes = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (bytes > 0)
        (void)!write(CONTROL, line, (size_t)bytes < sizeof line ? (size_t)bytes : sizeof line - 1);
}

/* A frame for which there is no room is lost, as on a wire. */
static void send_frame(const void *frame, size_t bytes) {
    (void)!send(FRAMES, frame, bytes, MSG_DONTWAIT);
}

static void receive_frame(const unsigned char *frame, size_t bytes, int64_t now) {
    static nat_result result;
    nat_receive(&network, frame, bytes, now, &result);
    switch (result.verdict) {
    case NAT_DROP:
        break;
    case NAT_REPLY:
        send_frame(result.reply, result.reply_bytes);
        break;
    case NAT_ARP:
    case NAT_PASS:
        nat_guest_input(&result);
        break;
    }
}

static void receive_frames(void) {
    static unsigned char rooms[TURN_FRAMES][ROOM_BYTES];
    static struct iovec parts[TURN_FRAMES];
    static struct mmsghdr messages[TURN_FRAMES];
    for (int i = 0; i < TURN_FRAMES; i++) {
        parts[i] = (struct iovec){.iov_base = rooms[i], .iov_len = ROOM_BYTES};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &parts[i], .msg_iovlen = 1};
    }
    int got = recvmmsg(FRAMES, messages, TURN_FRAMES, MSG_DONTWAIT, NULL);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    for (int i = 0; i < got; i++)
        receive_frame(rooms[i], messages[i].msg_len, now.tv_sec);
}

static void forward(const char *verb, const char *protocol, const char *host, int host_port, const char *guest, int guest_port) {
    struct in_addr from, to;
    int is_udp = strcmp(protocol, "udp") == 0;
    if (inet_pton(AF_INET, host, &from) != 1 || inet_pton(AF_INET, guest, &to) != 1 || (ntohl(to.s_addr) & NAT_MASK) != NAT_NETWORK) {
        tell("refused no address");
        return;
    }
    int result = 0;
    if (verb[0] == 'u')
        nat_guest_unforward(is_udp, from, host_port, ntohl(to.s_addr));
    else
        result = nat_guest_forward(is_udp, from, host_port, ntohl(to.s_addr), guest_port);
    if (result == 0)
        tell("done");
    else
        tell("refused %s", strerror(result));
}

/* Returns whether the server is still there. */
static int receive_line(void) {
    char line[LINE_BYTES + 1], verb[16], first[64], second[64], protocol[8];
    int host_port, guest_port;
    ssize_t got = recv(CONTROL, line, LINE_BYTES, MSG_DONTWAIT);
    if (got <= 0)
        return got < 0 && (errno == EAGAIN || errno == EINTR);
    line[got] = '\0';
    struct in_addr address;
    if (strcmp(line, "alive") == 0)
        tell("done");
    else if (sscanf(line, "resolver %63s", first) == 1 && inet_pton(AF_INET, first, &address) == 1)
        nat_set_resolver(ntohl(address.s_addr));
    else if (sscanf(line, "%15s %7s %63s %d %63s %d", verb, protocol, first, &host_port, second, &guest_port) == 6)
        forward(verb, protocol, first, host_port, second, guest_port);
    return 1;
}

int main(int argc, char **argv) {
    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: nat-gateway LIBRARY [lab|host]\n");
        return 2;
    }
    const char *reason = slirp_load(argv[1], &library);
    if (reason != NULL) {
        tell("failed %s", reason);
        return 1;
    }
    if (argc == 2) {
        tell("libslirp %s", library.version_string());
        return 0;
    }
    int is_host_reachable = strcmp(argv[2], "host") == 0;
    signal(SIGPIPE, SIG_IGN);
    nat_network_init(&network, is_host_reachable);
    nat_calls_init(&network, is_host_reachable);
    nat_guests_init(&library, &network, send_frame);
    tell("ready %s", library.version_string());
    for (;;) {
        unsigned readable = nat_guests_wait(FRAMES, CONTROL);
        /* Lines first: what the server has told before it lets frames in is known then. */
        if (readable & 2 && !receive_line())
            return 0;
        if (readable & 1)
            receive_frames();
    }
}
