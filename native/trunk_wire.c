/* Headers and keepalives of trunks, as bytes. */
#include "trunk_wire.h"
#include "pc_bytes.h"

#include <errno.h>
#include <string.h>

#define FLAG_VALID_VNI 0x08 /* "I" */
#define MAGIC 0x6754726bu   /* "gTrk" */
#define VERSION 1

static const unsigned char ethernet[] = {0x02, 'g', 'T', 'r', 'k', 0, 0x02, 'g', 'T', 'r', 'k', 1, 0x88, 0xb5};

void put_vxlan(unsigned char *at, uint32_t vni) {
    memset(at, 0, VXLAN_BYTES);
    at[0] = FLAG_VALID_VNI;
    at[4] = (unsigned char)(vni >> 16);
    at[5] = (unsigned char)(vni >> 8);
    at[6] = (unsigned char)vni;
}

int get_vxlan(const unsigned char *at, size_t size) {
    if (size < VXLAN_BYTES || !(at[0] & FLAG_VALID_VNI))
        return -EINVAL;
    return at[4] << 16 | at[5] << 8 | at[6];
}

void put_message(unsigned char *at, size_t size, const trunk_message *message) {
    memset(at, 0, size);
    put_vxlan(at, 0);
    at += VXLAN_BYTES;
    memcpy(at, ethernet, sizeof ethernet);
    at += sizeof ethernet;
    put32(at, MAGIC);
    at[4] = VERSION;
    at[5] = (unsigned char)message->kind;
    put16(at + 6, message->udp_port);
    put32(at + 8, (uint32_t)(message->token >> 32));
    put32(at + 12, (uint32_t)message->token);
    put32(at + 16, message->sequence);
}

int get_message(const unsigned char *at, size_t size, trunk_message *message) {
    if (size < MESSAGE_BYTES)
        return -EINVAL;
    at += VXLAN_BYTES;
    if (memcmp(at + 12, ethernet + 12, 2) != 0)
        return -EINVAL;
    at += sizeof ethernet;
    if (get32(at) != MAGIC || at[4] != VERSION || (at[5] != MESSAGE_REQUEST && at[5] != MESSAGE_ANSWER))
        return -EINVAL;
    *message = (trunk_message){.kind = at[5],
                               .udp_port = get16(at + 6),
                               .token = (uint64_t)get32(at + 8) << 32 | get32(at + 12),
                               .sequence = get32(at + 16)};
    return 0;
}
