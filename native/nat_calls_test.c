/* Where the sockets of a gateway may lead, and how many there may be. */
#include "nat_calls.h"
#include "test.h"

#include <sys/stat.h>

static nat_network network;

static int check(const char *address, int port, uint32_t target) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    CHECK(inet_pton(AF_INET, address, &to.sin_addr) == 1);
    return nat_check(-1, (struct sockaddr *)&to, sizeof to, target);
}

static void begin(int is_host_reachable, const char *resolver) {
    struct in_addr address;
    CHECK(inet_pton(AF_INET, resolver, &address) == 1);
    nat_network_init(&network, is_host_reachable);
    nat_calls_init(&network, is_host_reachable);
    nat_set_resolver(ntohl(address.s_addr));
}

static void test_no_way_to_the_host(void) {
    begin(0, "127.0.0.53");
    const char *const own[] = {"127.0.0.1", "127.0.0.53", "127.255.255.255", "0.0.0.0", "0.1.2.3", "169.254.169.254", "224.0.0.251", "255.255.255.255"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        CHECK(check(own[i], 80, NAT_HIDDEN) == ECONNREFUSED);
        CHECK(check(own[i], 80, NAT_GATEWAY) == ECONNREFUSED);
        CHECK(check(own[i], 80, 0x08080808) == EACCES);
        CHECK(check(own[i], 53, 0) == EACCES);
    }
    CHECK(check("8.8.8.8", 53, 0x08080808) == 0);
    CHECK(check("8.8.8.8", 80, NAT_HIDDEN) == ECONNREFUSED); /* libslirp never leads it there */
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    CHECK(nat_check(-1, (struct sockaddr *)&six, sizeof six, 0x08080808) == EACCES);
    CHECK(nat_check(-1, (struct sockaddr *)&six, 1, 0x08080808) == EACCES);
}

static void test_the_resolver(void) {
    begin(0, "127.0.0.53");
    CHECK(check("127.0.0.53", 53, NAT_GATEWAY) == 0);
    CHECK(check("127.0.0.53", 22, NAT_GATEWAY) == ECONNREFUSED);
    CHECK(check("127.0.0.54", 53, NAT_GATEWAY) == ECONNREFUSED);
    CHECK(check("127.0.0.53", 53, 0x7f000035) == EACCES); /* not by its own address */
    begin(0, "8.8.8.8");
    CHECK(check("8.8.8.8", 53, NAT_GATEWAY) == 0);
    begin(0, "169.254.169.254"); /* the resolver of some clouds */
    CHECK(check("169.254.169.254", 53, NAT_GATEWAY) == 0);
    CHECK(check("169.254.169.254", 80, NAT_GATEWAY) == ECONNREFUSED);
    begin(0, "8.8.8.8");
    CHECK(check("8.8.8.8", 443, NAT_GATEWAY) == ECONNREFUSED);
    CHECK(check("8.8.8.8", 443, 0x08080808) == 0);
}

static void test_the_host_if_it_is_allowed(void) {
    begin(1, "127.0.0.53");
    CHECK(check("127.0.0.1", 80, NAT_GATEWAY) == 0);
    CHECK(check("127.0.0.2", 80, NAT_GATEWAY) == ECONNREFUSED);
    CHECK(check("127.0.0.53", 53, NAT_SECOND) == 0);
    CHECK(check("127.0.0.53", 80, NAT_SECOND) == ECONNREFUSED);
    CHECK(check("127.0.0.1", 80, 0x08080808) == EACCES);
}

static void test_each_guest_has_so_many_sockets(void) {
    static int fds[NAT_GUEST_SOCKETS + 1];
    nat_now = (nat_context){.guest = 7};
    for (int i = 0; i < NAT_GUEST_SOCKETS; i++)
        CHECK((fds[i] = socket(AF_INET, SOCK_DGRAM, 0)) >= 0);
    CHECK(nat_sockets(7) == NAT_GUEST_SOCKETS);
    CHECK(socket(AF_INET, SOCK_DGRAM, 0) == -1 && errno == EMFILE);
    nat_now.guest = 8;
    CHECK((fds[NAT_GUEST_SOCKETS] = socket(AF_INET, SOCK_DGRAM, 0)) >= 0);
    for (int i = 0; i <= NAT_GUEST_SOCKETS; i++)
        CHECK(close(fds[i]) == 0);
    CHECK(nat_sockets(7) == 0 && nat_sockets(8) == 0);
    nat_now = (nat_context){.guest = NAT_NOBODY};
}

static void test_only_forwarded_ports_listen(void) {
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof own;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    CHECK(bind(fd, (struct sockaddr *)&own, sizeof own) == -1 && errno == EACCES);
    nat_now.may_listen = 1;
    CHECK(bind(fd, (struct sockaddr *)&own, sizeof own) == 0);
    nat_now.may_listen = 0;
    CHECK(getsockname(fd, (struct sockaddr *)&own, &size) == 0);
    /* Only who has sent to it gets an answer. */
    begin(0, "127.0.0.53");
    nat_now.may_listen = 1;
    int client = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CHECK(bind(client, (struct sockaddr *)&from, sizeof from) == 0 && getsockname(client, (struct sockaddr *)&from, &size) == 0);
    nat_now.may_listen = 0;
    CHECK(nat_check(fd, (struct sockaddr *)&from, sizeof from, NAT_HIDDEN) == ECONNREFUSED);
    CHECK(connect(client, (struct sockaddr *)&own, sizeof own) == -1 && errno == EACCES);
    nat_now.target = NAT_GATEWAY;
    begin(1, "127.0.0.53");
    CHECK(connect(client, (struct sockaddr *)&own, sizeof own) == 0 && send(client, "x", 1, 0) == 1);
    nat_now.target = 0;
    begin(0, "127.0.0.53");
    char byte;
    struct sockaddr_in sender;
    CHECK(recvfrom(fd, &byte, 1, 0, (struct sockaddr *)&sender, &size) == 1);
    CHECK(ntohl(sender.sin_addr.s_addr) == NAT_HIDDEN && sender.sin_port == from.sin_port); /* so guests know this host */
    CHECK(nat_check(fd, (struct sockaddr *)&from, sizeof from, NAT_HIDDEN) == 0);
    from.sin_port = htons((uint16_t)(ntohs(from.sin_port) ^ 1));
    CHECK(nat_check(fd, (struct sockaddr *)&from, sizeof from, NAT_HIDDEN) == ECONNREFUSED);
    from.sin_port = 0;
    CHECK(nat_check(fd, (struct sockaddr *)&from, sizeof from, NAT_HIDDEN) == ECONNREFUSED);
    close(fd);
    close(client);
}

static int open_port(struct sockaddr_in *at) {
    socklen_t size = sizeof *at;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    *at = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    CHECK(bind(fd, (struct sockaddr *)at, sizeof *at) == 0 && getsockname(fd, (struct sockaddr *)at, &size) == 0);
    return fd;
}

static void send_to_forward(int client, int fd, const struct sockaddr_in *at) {
    char byte;
    struct sockaddr_in sender;
    socklen_t size = sizeof sender;
    CHECK(sendto(client, "x", 1, 0, (const struct sockaddr *)at, sizeof *at) == 1);
    CHECK(recvfrom(fd, &byte, 1, 0, (struct sockaddr *)&sender, &size) == 1);
}

/* A client that sends much does not use up the places of the others. */
static void test_many_clients_of_a_forwarded_port(void) {
    enum { CLIENTS = 50 };
    begin(1, "127.0.0.53"); /* the clients are sockets of this process too */
    nat_now = (nat_context){.guest = NAT_NOBODY, .target = NAT_GATEWAY, .may_listen = 1};
    struct sockaddr_in at, clients[CLIENTS];
    int fd = open_port(&at), fds[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = open_port(&clients[i]);
        send_to_forward(fds[i], fd, &at);
    }
    for (int i = 0; i < 1000; i++)
        send_to_forward(fds[0], fd, &at);
    begin(0, "127.0.0.53");
    for (int i = 0; i < CLIENTS; i++) {
        CHECK(nat_check(fd, (struct sockaddr *)&clients[i], sizeof clients[i], NAT_HIDDEN) == 0);
        close(fds[i]);
    }
    close(fd);
    nat_now = (nat_context){.guest = NAT_NOBODY};
}

static void test_files(void) {
    begin(0, "9.9.9.9");
    char line[64];
    struct stat first, second;
    FILE *file = fopen("/etc/resolv.conf", "r");
    CHECK(file != NULL && fgets(line, sizeof line, file) != NULL && strcmp(line, "nameserver 9.9.9.9\n") == 0);
    fclose(file);
    CHECK(stat("/etc/resolv.conf", &first) == 0);
    nat_set_resolver(0x01010101);
    CHECK(stat("/etc/resolv.conf", &second) == 0 && first.st_ino != second.st_ino);
    CHECK(fopen("/etc/passwd", "r") == NULL && stat("/etc/passwd", &first) == -1);
}

int main(void) {
    test_no_way_to_the_host();
    test_the_resolver();
    test_the_host_if_it_is_allowed();
    test_each_guest_has_so_many_sockets();
    test_only_forwarded_ports_listen();
    test_many_clients_of_a_forwarded_port();
    test_files();
    return 0;
}
