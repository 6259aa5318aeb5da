/* libFuzzer target: frames from a lab for a user-mode gateway. The input is a row of frames, each with a length before it. */
#include "nat_network.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static nat_network network;
    static nat_result result;
    nat_network_init(&network, size & 1);
    for (int64_t now = 1; size >= 2; now++) {
        size_t bytes = (size_t)(data[0] << 8 | data[1]) % (NAT_FRAME_BYTES + 2);
        data += 2;
        size -= 2;
        if (bytes > size)
            bytes = size;
        unsigned char *frame = malloc(bytes ? bytes : 1);
        if (frame == NULL)
            abort();
        memcpy(frame, data, bytes);
        if (bytes > 6 && frame[0] == 0)
            memcpy(frame, network.mac, MAC_BYTES); /* which a fuzzer would not guess */
        nat_receive(&network, frame, bytes, now, &result);
        if (result.verdict == NAT_REPLY && result.reply_bytes > sizeof result.reply)
            abort();
        if (result.verdict == NAT_PASS) {
            if (nat_is_no_destination(result.target) || result.bytes > NAT_WHOLE_BYTES)
                abort();
            unsigned char *passed = malloc(result.bytes);
            if (passed == NULL)
                abort();
            memcpy(passed, result.frame, result.bytes);
            if ((passed[20] << 8 | passed[21]) & 0x3fff || (size_t)(passed[16] << 8 | passed[17]) + 14 > result.bytes)
                abort(); /* still a fragment, or longer than it is */
            free(passed);
        }
        nat_name_gateway(&network, frame, bytes);
        free(frame);
        data += bytes;
        size -= bytes;
    }
    return 0;
}
