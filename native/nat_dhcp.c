/* The DHCP server of a user-mode NAT (RFC 2131, RFC 2132). Every address of the network is its own to give, so it also confirms leases
 * that it does not remember: the gateway may have been started again. */
#include "nat_network.h"
#include "pc_bytes.h"

#define BOOT_REQUEST 1
#define BOOT_REPLY 2
#define MESSAGE_BYTES 240 /* up to the options, with the magic cookie */
#define COOKIE UINT32_C(0x63825363)
#define FLAG_BROADCAST 0x8000

#define LEASE_SECONDS 3600
#define OFFER_SECONDS 30
#define DECLINED_SECONDS 600
#define IN_USE_SECONDS 600 /* an address from which frames came is not offered to another host */

enum { OPTION_PAD = 0, OPTION_MASK = 1, OPTION_ROUTER = 3, OPTION_DNS = 6, OPTION_REQUESTED = 50, OPTION_LEASE = 51, OPTION_TYPE = 53,
       OPTION_SERVER = 54, OPTION_END = 255 };
enum { DISCOVER = 1, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM };

typedef struct {
    unsigned type;
    uint32_t requested, server; /* 0: not told */
} options;

static options read_options(const unsigned char *at, size_t bytes) {
    options told = {0};
    size_t i = 0;
    while (i < bytes && at[i] != OPTION_END) {
        if (at[i] == OPTION_PAD) {
            i++;
            continue;
        }
        if (i + 2 > bytes || i + 2 + at[i + 1] > bytes)
            break;
        const unsigned char *value = at + i + 2;
        unsigned length = at[i + 1];
        if (at[i] == OPTION_TYPE && length == 1)
            told.type = value[0];
        else if (at[i] == OPTION_REQUESTED && length == 4)
            told.requested = get32(value);
        else if (at[i] == OPTION_SERVER && length == 4)
            told.server = get32(value);
        i += 2 + length;
    }
    return told;
}

/* --- leases --- */

static int can_be_given(const nat_network *network, uint32_t address) {
    return (address & NAT_MASK) == NAT_NETWORK && address > NAT_GATEWAY && address != network->dns &&
           address != network->host && (address & ~NAT_MASK) < NAT_HOSTS - 1;
}

static int is_of(const nat_host *host, const unsigned char *mac) {
    return memcmp(host->lease_mac, mac, MAC_BYTES) == 0;
}

/* Whether the host with this MAC address can have the address. */
static int is_free_for(const nat_network *network, uint32_t address, const unsigned char *mac, int64_t now) {
    if (!can_be_given(network, address))
        return 0;
    const nat_host *host = &network->hosts[address & ~NAT_MASK];
    if (host->state != LEASE_FREE && host->until > now)
        return host->state != LEASE_DECLINED && is_of(host, mac);
    return host->seen == 0 || host->seen + IN_USE_SECONDS <= now || memcmp(host->mac, mac, MAC_BYTES) == 0;
}

/* The address for a host: the one that it had, or wants, or one that depends on its MAC address, so that it is the same
 * next time. Returns 0 if none is free. */
static uint32_t choose(const nat_network *network, uint32_t wanted, const unsigned char *mac, int64_t now) {
    for (unsigned i = 0; i < NAT_HOSTS; i++)
        if (network->hosts[i].state >= LEASE_OFFERED && is_of(&network->hosts[i], mac) &&
            is_free_for(network, NAT_NETWORK + i, mac, now))
            return NAT_NETWORK + i;
    if (is_free_for(network, wanted, mac, now))
        return wanted;
    unsigned start = mac[3] * 7u + mac[4] * 31u + mac[5];
    for (unsigned i = 0; i < NAT_HOSTS; i++) {
        uint32_t address = NAT_NETWORK + (start + i) % NAT_HOSTS;
        if (is_free_for(network, address, mac, now))
            return address;
    }
    return 0;
}

static void assign(nat_network *network, uint32_t address, nat_lease_state state, const unsigned char *mac, int64_t until) {
    /* A host has one lease. */
    for (unsigned i = 0; i < NAT_HOSTS; i++)
        if ((network->hosts[i].state == LEASE_OFFERED || network->hosts[i].state == LEASE_GIVEN) && is_of(&network->hosts[i], mac))
            network->hosts[i].state = LEASE_FREE;
    nat_host *host = &network->hosts[address & ~NAT_MASK];
    host->state = state;
    host->until = until;
    memcpy(host->lease_mac, mac, MAC_BYTES);
}

/* --- answers --- */

static unsigned char *put_option(unsigned char *at, unsigned option, uint32_t value) {
    at[0] = (unsigned char)option;
    at[1] = 4;
    put32(at + 2, value);
    return at + 6;
}

static size_t answer(const nat_network *network, const unsigned char *message, unsigned type, uint32_t address, unsigned char *reply) {
    memset(reply, 0, NAT_DHCP_BYTES);
    memcpy(reply, message, 8); /* op, htype, hlen, hops, xid */
    reply[0] = BOOT_REPLY;
    reply[3] = 0;
    memcpy(reply + 10, message + 10, 2); /* flags */
    if (type == ACK)
        memcpy(reply + 12, message + 12, 4); /* ciaddr */
    put32(reply + 16, address);
    memcpy(reply + 24, message + 24, 20); /* giaddr, chaddr */
    put32(reply + 236, COOKIE);
    unsigned char *at = reply + MESSAGE_BYTES;
    *at++ = OPTION_TYPE;
    *at++ = 1;
    *at++ = (unsigned char)type;
    at = put_option(at, OPTION_SERVER, NAT_GATEWAY);
    if (type != NAK) {
        if (address != 0)
            at = put_option(at, OPTION_LEASE, LEASE_SECONDS);
        at = put_option(at, OPTION_MASK, NAT_MASK);
        at = put_option(at, OPTION_ROUTER, NAT_GATEWAY);
        at = put_option(at, OPTION_DNS, network->dns);
    }
    *at = OPTION_END;
    return NAT_DHCP_BYTES; /* the least that old clients take */
}

static size_t request(nat_network *network, const unsigned char *message, const options *told, int64_t now, unsigned char *reply) {
    const unsigned char *mac = message + 28;
    uint32_t current = get32(message + 12);
    if (told->server != 0 && told->server != NAT_GATEWAY)
        return 0; /* it took the offer of another server */
    uint32_t wanted = told->requested != 0 ? told->requested : current;
    if (!is_free_for(network, wanted, mac, now))
        return answer(network, message, NAK, 0, reply);
    assign(network, wanted, LEASE_GIVEN, mac, now + LEASE_SECONDS);
    return answer(network, message, ACK, wanted, reply);
}

static void end_lease(nat_network *network, uint32_t address, const unsigned char *mac, nat_lease_state state, int64_t until) {
    if (!can_be_given(network, address))
        return;
    nat_host *host = &network->hosts[address & ~NAT_MASK];
    if ((host->state == LEASE_OFFERED || host->state == LEASE_GIVEN) && is_of(host, mac)) {
        host->state = state;
        host->until = until;
    }
}

size_t nat_dhcp(nat_network *network, const unsigned char *message, size_t bytes, int64_t now, unsigned char *reply, uint32_t *to) {
    if (bytes < MESSAGE_BYTES || message[0] != BOOT_REQUEST || message[1] != 1 || message[2] != MAC_BYTES || get32(message + 236) != COOKIE)
        return 0;
    const unsigned char *mac = message + 28;
    uint32_t current = get32(message + 12), address;
    if (mac[0] & 1 || get32(message + 24) != 0) /* no relays */
        return 0;
    options told = read_options(message + MESSAGE_BYTES, bytes - MESSAGE_BYTES);
    size_t length = 0;
    switch (told.type) {
    case DISCOVER:
        address = choose(network, told.requested, mac, now);
        if (address != 0) {
            const nat_host *host = &network->hosts[address & ~NAT_MASK];
            if (!(host->state == LEASE_GIVEN && host->until > now && is_of(host, mac)))
                assign(network, address, LEASE_OFFERED, mac, now + OFFER_SECONDS);
            length = answer(network, message, OFFER, address, reply);
        }
        break;
    case REQUEST:
        length = request(network, message, &told, now, reply);
        break;
    case DECLINE:
        end_lease(network, told.requested, mac, LEASE_DECLINED, now + DECLINED_SECONDS);
        break;
    case RELEASE:
        end_lease(network, current, mac, LEASE_FREE, 0);
        break;
    case INFORM:
        length = answer(network, message, ACK, 0, reply);
        break;
    }
    int is_broadcast = get16(message + 10) & FLAG_BROADCAST || (length != 0 && reply[MESSAGE_BYTES + 2] == NAK);
    *to = is_broadcast ? UINT32_C(0xffffffff) : current != 0 ? current : length != 0 ? get32(reply + 16) : 0;
    return length;
}
