/* Measures a way between two network namespaces: round trips of pings, and small UDP frames with their cost.
 *
 *     probe NEAR-NAMESPACE FAR-NAMESPACE FAR-ADDRESS
 *
 * Commands on standard input, a line of answer each:
 *     ping COUNT                     MEDIAN-NS LOST               one each millisecond, so that all sleep between
 *     frames MILLISECONDS WINDOW     FRAMES LOST NS CPU-NS        64 bytes with all headers; CPU time is that of this program
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <time.h>

#include "../forwarding/tool.h"

enum { BATCH = 64, PAYLOAD_BYTES = 64 - 14 - 20 - 8, PORT = 7001, MOST_PINGS = 100000, PATIENCE_MS = 200, PAUSE_US = 1000 };

static int near_udp, far_udp, near_icmp;

static uint64_t now_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void enter(const char *namespace) {
    int fd = open(namespace, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
        die(namespace);
    close(fd);
}

static int open_udp(void) {
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), bytes = SOCKET_BUFFER_BYTES;
    if (fd < 0)
        die("socket");
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    return fd;
}

static void open_sockets(char **argv) {
    struct sockaddr_in far = {.sin_family = AF_INET, .sin_port = htons(PORT)};
    if (inet_pton(AF_INET, argv[3], &far.sin_addr) != 1)
        die(argv[3]);
    enter(argv[1]);
    near_udp = open_udp();
    near_icmp = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
    if (connect(near_udp, (struct sockaddr *)&far, sizeof far) < 0 || connect(near_icmp, (struct sockaddr *)&far, sizeof far) < 0)
        die("connect");
    enter(argv[2]);
    far_udp = open_udp();
    if (bind(far_udp, (struct sockaddr *)&far, sizeof far) < 0)
        die("bind");
}

/* --- ping --- */

static uint16_t checksum(const void *data, size_t n) {
    const uint16_t *words = data;
    uint32_t sum = 0;
    for (size_t i = 0; i < n / 2; i++)
        sum += words[i];
    sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t) ~(sum + (sum >> 16));
}

/* The round trip in nanoseconds, 0 if no answer comes. */
static uint64_t ping(uint16_t number) {
    struct {
        struct icmphdr header;
        char data[56];
    } request = {.header = {.type = ICMP_ECHO, .un.echo = {.id = htons(4711), .sequence = htons(number)}}};
    request.header.checksum = checksum(&request, sizeof request);
    uint64_t start = now_ns(CLOCK_MONOTONIC);
    if (send(near_icmp, &request, sizeof request, 0) < 0)
        die("send");
    struct pollfd look = {.fd = near_icmp, .events = POLLIN};
    while (poll(&look, 1, PATIENCE_MS) > 0) {
        unsigned char packet[256];
        ssize_t size = recv(near_icmp, packet, sizeof packet, 0);
        const struct icmphdr *reply = (const void *)(packet + (packet[0] & 15) * 4);
        if (size >= 28 && reply->type == ICMP_ECHOREPLY && reply->un.echo.sequence == htons(number))
            return now_ns(CLOCK_MONOTONIC) - start;
    }
    return 0;
}

static int compare(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void do_pings(int count) {
    static uint64_t times[MOST_PINGS];
    int got = 0;
    for (int i = 0; i < count && i < MOST_PINGS; i++) {
        uint64_t time = ping((uint16_t)i);
        if (time > 0)
            times[got++] = time;
        usleep(PAUSE_US);
    }
    qsort(times, (size_t)got, sizeof *times, compare);
    printf("%llu %d\n", (unsigned long long)(got > 0 ? times[got / 2] : 0), count - got);
}

/* --- frames --- */

static void do_frames(int milliseconds, int window) {
    static char out[PAYLOAD_BYTES], in[BATCH][PAYLOAD_BYTES];
    struct mmsghdr sending[BATCH], receiving[BATCH];
    struct iovec out_part = {out, sizeof out}, in_parts[BATCH];
    for (int i = 0; i < BATCH; i++) {
        in_parts[i] = (struct iovec){in[i], sizeof in[i]};
        sending[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &out_part, .msg_iovlen = 1}};
        receiving[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &in_parts[i], .msg_iovlen = 1}};
    }
    unsigned long long arrived = 0, lost = 0;
    int flying = 0;
    uint64_t start = now_ns(CLOCK_MONOTONIC), cpu = now_ns(CLOCK_PROCESS_CPUTIME_ID), end = start + (uint64_t)milliseconds * 1000000u;
    uint64_t last = start;
    while (last < end || flying > 0) {
        while (flying < window && now_ns(CLOCK_MONOTONIC) < end) {
            int most = window - flying < BATCH ? window - flying : BATCH, sent = sendmmsg(near_udp, sending, (unsigned)most, 0);
            if (sent <= 0)
                break;
            flying += sent;
        }
        int got = recvmmsg(far_udp, receiving, BATCH, 0, NULL);
        if (got > 0) {
            arrived += (unsigned)got;
            flying -= got < flying ? got : flying;
        } else {
            struct pollfd look = {.fd = far_udp, .events = POLLIN};
            if (poll(&look, 1, PATIENCE_MS) == 0) {
                lost += (unsigned)flying;
                flying = 0;
            }
        }
        last = now_ns(CLOCK_MONOTONIC);
    }
    printf("%llu %llu %llu %llu\n", arrived, lost, (unsigned long long)(last - start),
           (unsigned long long)(now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu));
}

int main(int argc, char **argv) {
    char line[128];
    int first, second;
    if (argc != 4) {
        fprintf(stderr, "usage: probe NEAR-NAMESPACE FAR-NAMESPACE FAR-ADDRESS\n");
        return 1;
    }
    open_sockets(argv);
    while (fgets(line, sizeof line, stdin) != NULL) {
        if (sscanf(line, "ping %d", &first) == 1)
            do_pings(first);
        else if (sscanf(line, "frames %d %d", &first, &second) == 2)
            do_frames(first, second);
        else
            die(line);
        fflush(stdout);
    }
    return 0;
}
