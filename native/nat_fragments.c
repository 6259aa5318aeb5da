#include "nat_fragments.h"
#include "pc_bytes.h"

#define ETHER_BYTES 14
#define IP_BYTES 20
#define MORE 0x2000
#define MOST_DATA (65535 - IP_BYTES)

/* A place for a new datagram of this guest: one of its own if it has enough of them, else a free one, else the oldest. */
static nat_datagram *make_room(nat_datagram *datagrams, uint32_t from) {
    nat_datagram *oldest = &datagrams[0], *own = NULL;
    int count = 0;
    for (int i = 0; i < NAT_DATAGRAMS; i++) {
        nat_datagram *d = &datagrams[i];
        if (d->until < oldest->until)
            oldest = d;
        if (d->until != 0 && d->from == from) {
            count++;
            if (own == NULL || d->until < own->until)
                own = d;
        }
    }
    return count >= NAT_GUEST_DATAGRAMS ? own : oldest;
}

static nat_datagram *find(nat_datagram *datagrams, const unsigned char *packet, int64_t now) {
    nat_datagram *found = NULL;
    for (int i = 0; i < NAT_DATAGRAMS; i++) {
        nat_datagram *d = &datagrams[i];
        if (d->until <= now)
            d->until = 0;
        else if (d->from == get32(packet + 12) && d->to == get32(packet + 16) && d->id == get16(packet + 4) && d->protocol == packet[9])
            found = d;
    }
    return found;
}

static nat_datagram *begin(nat_datagram *datagrams, const unsigned char *packet, int64_t now) {
    nat_datagram *d = make_room(datagrams, get32(packet + 12));
    d->from = get32(packet + 12);
    d->to = get32(packet + 16);
    d->id = (uint16_t)get16(packet + 4);
    d->protocol = packet[9];
    d->until = now + NAT_FRAGMENT_SECONDS;
    d->total = d->end = d->blocks = 0;
    memset(d->present, 0, sizeof d->present);
    return d;
}

/* Marks the blocks of a piece; returns 0 if one was there. */
static int mark(nat_datagram *d, uint32_t offset, uint32_t size) {
    for (uint32_t block = offset / 8; block < (offset + size + 7) / 8; block++) {
        if (d->present[block / 8] >> block % 8 & 1)
            return 0;
        d->present[block / 8] |= (uint8_t)(1 << block % 8);
        d->blocks++;
    }
    return 1;
}

const unsigned char *nat_reassemble(nat_datagram datagrams[NAT_DATAGRAMS], const unsigned char *frame, int64_t now, size_t *bytes) {
    const unsigned char *packet = frame + ETHER_BYTES;
    uint32_t header = (packet[0] & 15) * 4u, size = get16(packet + 2), bits = get16(packet + 6), offset = (bits & 0x1fff) * 8;
    int more = (bits & MORE) != 0;
    if (size <= header || (more && (size - header) % 8 != 0) || offset + (size - header) > MOST_DATA)
        return NULL;
    size -= header;
    nat_datagram *d = find(datagrams, packet, now);
    if (d == NULL)
        d = begin(datagrams, packet, now);
    uint32_t end = offset + size;
    int contradicts = more ? d->total != 0 && end >= d->total : d->total != 0 || d->end > end;
    if (contradicts || !mark(d, offset, size)) { /* also pieces that overlap: RFC 5722, for IPv4 too */
        d->until = 0;
        return NULL;
    }
    memcpy(d->frame + ETHER_BYTES + IP_BYTES + offset, packet + header, size);
    if (end > d->end)
        d->end = end;
    if (!more)
        d->total = end;
    if (offset == 0)
        memcpy(d->frame, frame, ETHER_BYTES + IP_BYTES); /* without options */
    if (d->total == 0 || d->blocks != (d->total + 7) / 8)
        return NULL;
    d->until = 0;
    unsigned char *whole = d->frame + ETHER_BYTES;
    whole[0] = 0x45;
    put16(whole + 2, IP_BYTES + d->total);
    put16(whole + 6, 0);
    put16(whole + 10, 0);
    put16(whole + 10, finish_sum(add_to_sum(0, whole, IP_BYTES)));
    *bytes = ETHER_BYTES + IP_BYTES + d->total;
    return d->frame;
}
