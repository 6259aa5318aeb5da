/* The part of libslirp's binary interface that is used here, from libslirp.h of version 4.7 (BSD-3-Clause): configuration version 1, which
 * all versions since 4.1 take. The library is loaded when the program runs, so its headers are not needed to build. */
#ifndef GNS3TRIO_NAT_SLIRP_H
#define GNS3TRIO_NAT_SLIRP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define SLIRP_LIBRARY "libslirp.so.0"
#define SLIRP_CONFIG_VERSION 1

enum { SLIRP_POLL_IN = 1, SLIRP_POLL_OUT = 2, SLIRP_POLL_PRI = 4, SLIRP_POLL_ERR = 8, SLIRP_POLL_HUP = 16 };

typedef struct Slirp Slirp;

typedef struct {
    ssize_t (*send_packet)(const void *frame, size_t bytes, void *opaque);
    void (*guest_error)(const char *message, void *opaque);
    int64_t (*clock_get_ns)(void *opaque);
    void *(*timer_new)(void (*callback)(void *), void *callback_opaque, void *opaque);
    void (*timer_free)(void *timer, void *opaque);
    void (*timer_mod)(void *timer, int64_t expire_ms, void *opaque);
    void (*register_poll_fd)(int fd, void *opaque);
    void (*unregister_poll_fd)(int fd, void *opaque);
    void (*notify)(void *opaque);
    void (*later_fields[4])(void); /* of configuration version 4 */
} SlirpCb;

typedef struct {
    uint32_t version;
    int restricted;
    bool in_enabled;
    struct in_addr vnetwork, vnetmask, vhost;
    bool in6_enabled;
    struct in6_addr vprefix_addr6;
    uint8_t vprefix_len;
    struct in6_addr vhost6;
    const char *vhostname, *tftp_server_name, *tftp_path, *bootfile;
    struct in_addr vdhcp_start, vnameserver;
    struct in6_addr vnameserver6;
    const char **vdnssearch;
    const char *vdomainname;
    size_t if_mtu, if_mru;
    bool disable_host_loopback;
    bool enable_emu;
    uint64_t later_fields[8]; /* of later configuration versions: 0 */
} SlirpConfig;

typedef struct {
    Slirp *(*open)(const SlirpConfig *config, const SlirpCb *callbacks, void *opaque);
    void (*cleanup)(Slirp *slirp);
    void (*pollfds_fill)(Slirp *slirp, uint32_t *timeout_ms, int (*add_poll)(int fd, int events, void *opaque), void *opaque);
    void (*pollfds_poll)(Slirp *slirp, int select_error, int (*get_revents)(int index, void *opaque), void *opaque);
    void (*input)(Slirp *slirp, const uint8_t *frame, int bytes);
    int (*add_hostfwd)(Slirp *slirp, int is_udp, struct in_addr host, int host_port, struct in_addr guest, int guest_port);
    int (*remove_hostfwd)(Slirp *slirp, int is_udp, struct in_addr host, int host_port);
    const char *(*version_string)(void);
} slirp_library;

/* Loads the library. Returns NULL, or the reason why it cannot be used. */
const char *slirp_load(const char *name, slirp_library *library);

#endif
