/* A host that sends echo requests and takes the answers: the peer of a PC that is measured.
 *
 * It is 10.0.0.1 behind a UDP socket on 127.0.0.1, a frame in each datagram. It sends a burst of requests, and the next one when all of
 * them are answered, so that nothing overflows, and every burst is as large as it shall be. It writes "ports PORT" and then answers each
 * line of its standard input with one line:
 *
 *   connect PORT         finds 10.0.0.2 by ARP behind the core's port
 *   run SIZE BURST MS    one measurement; the reply is a JSON object. SIZE is of a frame without checksum
 *
 * It runs under SCHED_BATCH: on the same CPU it does not interrupt who answers at each answer, but takes them when there are no more.
 * A run starts and ends with no request unanswered and everybody asleep. Each answer is checked: its addresses, size, sequence and checksum.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <time.h>

#include "../forwarding/tool.h"

#define MAX_BATCH 64
#define LOOK_MS 50
#define STALL_LOOKS 10 /* so many looks without an answer: what is unanswered is lost */
#define SETTLE_NS 5000000
#define ARP_TRIES 20

enum { ETHERNET = 14, IP = 20, HEADER = 8, LEAST = ETHERNET + IP + HEADER + 4, AT_IP = ETHERNET, AT_MESSAGE = ETHERNET + IP };
enum { AT_SEQUENCE = AT_MESSAGE + HEADER };
enum { ECHO_REQUEST = 8, ECHO_REPLY = 0, ECHO_ID = 0x4711 };

static const unsigned char OWN_MAC[6] = {2, 0, 0, 0, 0, 1}, OWN[4] = {10, 0, 0, 1}, PEER[4] = {10, 0, 0, 2};
static unsigned char peer_mac[6];
static int fd;
static size_t size;
static uint32_t sent, expected; /* sequences of the next request, and of the next answer */
static unsigned char out_frames[MAX_BATCH][MAX_FRAME_BYTES], in_frames[MAX_BATCH][MAX_FRAME_BYTES];
static struct iovec out_iov[MAX_BATCH], in_iov[MAX_BATCH];
static struct mmsghdr out[MAX_BATCH], in[MAX_BATCH];

typedef struct {
    uint64_t frames, lost, late, damaged;
} outcome;

static uint64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void put16(unsigned char *at, unsigned value) {
    at[0] = (unsigned char)(value >> 8);
    at[1] = (unsigned char)value;
}

static unsigned get16(const unsigned char *at) {
    return (unsigned)at[0] << 8 | at[1];
}

static uint32_t get32(const unsigned char *at) {
    return get16(at) << 16 | get16(at + 2);
}

static uint32_t sum_of(const unsigned char *bytes, size_t count) {
    uint32_t sum = 0;
    for (size_t i = 0; i + 1 < count; i += 2)
        sum += get16(bytes + i);
    return count % 2 ? sum + ((uint32_t)bytes[count - 1] << 8) : sum;
}

static unsigned checksum(uint32_t sum) {
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return ~sum & 0xffff;
}

static unsigned message_checksum(const unsigned char *frame) {
    return checksum(sum_of(frame + AT_MESSAGE, size - AT_MESSAGE));
}

/* --- ARP --- */

static void send_arp(int operation, const unsigned char *to_mac) {
    unsigned char frame[60] = {0};
    if (operation == 1)
        memset(frame, 0xff, 6);
    else
        memcpy(frame, to_mac, 6);
    memcpy(frame + 6, OWN_MAC, 6);
    memcpy(frame + 12, (const unsigned char[]){8, 6, 0, 1, 8, 0, 6, 4, 0, (unsigned char)operation}, 10);
    memcpy(frame + 22, OWN_MAC, 6);
    memcpy(frame + 28, OWN, 4);
    if (operation == 2)
        memcpy(frame + 32, to_mac, 6);
    memcpy(frame + 38, PEER, 4);
    if (send(fd, frame, sizeof frame, MSG_DONTWAIT) < 0 && errno != ECONNREFUSED && errno != EAGAIN)
        die("send");
}

/* Whether it was ARP. */
static int take_arp(const unsigned char *frame, size_t bytes) {
    if (bytes < 42 || get16(frame + 12) != 0x0806)
        return 0;
    if (get16(frame + 20) == 1 && memcmp(frame + 38, OWN, 4) == 0)
        send_arp(2, frame + 22);
    else if (get16(frame + 20) == 2 && memcmp(frame + 28, PEER, 4) == 0)
        memcpy(peer_mac, frame + 22, 6);
    return 1;
}

static void find_peer(void) {
    static const unsigned char none[6];
    for (int i = 0; i < ARP_TRIES && memcmp(peer_mac, none, 6) == 0; i++) {
        send_arp(1, NULL);
        struct pollfd readable = {.fd = fd, .events = POLLIN};
        while (memcmp(peer_mac, none, 6) == 0 && poll(&readable, 1, LOOK_MS) > 0) {
            ssize_t got = recv(fd, in_frames[0], MAX_FRAME_BYTES, MSG_DONTWAIT);
            if (got > 0)
                take_arp(in_frames[0], (size_t)got);
        }
    }
    if (memcmp(peer_mac, none, 6) == 0)
        die("10.0.0.2 does not answer ARP");
}

/* --- requests and answers --- */

static void prepare(void) {
    for (int i = 0; i < MAX_BATCH; i++) {
        unsigned char *frame = out_frames[i], *ip = frame + AT_IP, *message = frame + AT_MESSAGE;
        memset(frame, 0, AT_SEQUENCE + 4);
        for (size_t at = AT_SEQUENCE + 4; at < size; at++)
            frame[at] = (unsigned char)at;
        memcpy(frame, peer_mac, 6);
        memcpy(frame + 6, OWN_MAC, 6);
        put16(frame + 12, 0x0800);
        ip[0] = 0x45;
        put16(ip + 2, (unsigned)(size - ETHERNET));
        ip[8] = 64;
        ip[9] = 1;
        memcpy(ip + 12, OWN, 4);
        memcpy(ip + 16, PEER, 4);
        put16(ip + 10, checksum(sum_of(ip, IP)));
        message[0] = ECHO_REQUEST;
        put16(message + 4, ECHO_ID);
        out_iov[i] = (struct iovec){frame, size};
        out[i].msg_hdr = (struct msghdr){.msg_iov = &out_iov[i], .msg_iovlen = 1};
        in_iov[i] = (struct iovec){in_frames[i], MAX_FRAME_BYTES};
        in[i].msg_hdr = (struct msghdr){.msg_iov = &in_iov[i], .msg_iovlen = 1};
    }
}

static void number_request(unsigned char *frame, uint32_t sequence) {
    unsigned char *message = frame + AT_MESSAGE;
    put16(frame + AT_SEQUENCE, sequence >> 16);
    put16(frame + AT_SEQUENCE + 2, sequence & 0xffff);
    put16(message + 6, sequence & 0xffff);
    put16(message + 2, 0);
    put16(message + 2, message_checksum(frame));
}

static void send_burst(uint32_t burst) {
    while (sent - expected < burst) {
        uint32_t count = burst - (sent - expected);
        count = count < MAX_BATCH ? count : MAX_BATCH;
        for (uint32_t i = 0; i < count; i++)
            number_request(out_frames[i], sent + i);
        int done = sendmmsg(fd, out, count, MSG_DONTWAIT);
        if (done < 0 && (errno == EAGAIN || errno == ENOBUFS))
            return; /* a smaller one */
        if (done < 0)
            die("send");
        sent += (uint32_t)done;
    }
}

static int is_answer(const unsigned char *frame, size_t bytes) {
    const unsigned char *ip = frame + AT_IP, *message = frame + AT_MESSAGE;
    int is_ours = bytes == size && memcmp(frame, OWN_MAC, 6) == 0 && memcmp(frame + 6, peer_mac, 6) == 0 &&
                  get16(frame + 12) == 0x0800 && ip[0] == 0x45 && ip[9] == 1 && memcmp(ip + 12, PEER, 4) == 0 &&
                  memcmp(ip + 16, OWN, 4) == 0;
    return is_ours && message_checksum(frame) == 0 && message[0] == ECHO_REPLY && get16(message + 4) == ECHO_ID && get16(message + 6) == (get32(frame + AT_SEQUENCE) & 0xffff);
}

static void take(const unsigned char *frame, size_t bytes, outcome *result) {
    if (take_arp(frame, bytes))
        return;
    uint32_t sequence = bytes >= LEAST ? get32(frame + AT_SEQUENCE) : 0;
    if (!is_answer(frame, bytes) || sequence >= sent) {
        result->damaged++;
    } else if (sequence < expected) {
        result->late++;
    } else {
        result->lost += sequence - expected;
        result->frames++;
        expected = sequence + 1;
    }
}

static void run(const char *arguments) {
    unsigned long frame_bytes, burst, ms;
    if (sscanf(arguments, "%lu %lu %lu", &frame_bytes, &burst, &ms) != 3 || frame_bytes < LEAST ||
        frame_bytes > MAX_FRAME_BYTES || burst < 1)
        die("run");
    size = frame_bytes;
    prepare();
    outcome result = {0};
    sent = expected = 0;
    uint64_t begin = now_ns(), now = begin, last = begin, end = begin + ms * 1000000u;
    send_burst((uint32_t)burst);
    for (int idle = 0; now < end || sent != expected;) {
        struct pollfd readable = {.fd = fd, .events = POLLIN};
        int ready = poll(&readable, 1, LOOK_MS), got = ready > 0 ? recvmmsg(fd, in, MAX_BATCH, MSG_DONTWAIT, NULL) : 0;
        now = now_ns();
        for (int i = 0; i < got; i++)
            take(in_frames[i], in[i].msg_len, &result);
        if (got > 0) {
            idle = 0;
            last = now;
        } else if (++idle >= STALL_LOOKS) {
            result.lost += sent - expected;
            expected = sent;
            idle = 0;
        }
        if (now < end && sent == expected)
            send_burst((uint32_t)burst);
    }
    nanosleep(&(struct timespec){.tv_nsec = SETTLE_NS}, NULL);
    printf("{\"answers\": %lu, \"lost\": %lu, \"late\": %lu, \"damaged\": %lu, \"seconds\": %.9f}\n", result.frames, result.lost,
           result.late, result.damaged, (double)(last - begin) / 1e9);
}

int main(void) {
    int port;
    struct sched_param none = {.sched_priority = 0};
    if (sched_setscheduler(0, SCHED_BATCH, &none) < 0)
        die("sched_setscheduler");
    fd = open_socket(&port);
    printf("ports %d\n", port);
    fflush(stdout);
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, stdin) > 0) {
        errno = 0;
        if (strncmp(line, "connect ", 8) == 0) {
            connect_socket(fd, atoi(line + 8));
            find_peer();
            puts("ok");
        } else if (strncmp(line, "run ", 4) == 0) {
            run(line + 4);
        } else {
            die(line);
        }
        fflush(stdout);
    }
    free(line);
    return 0;
}
