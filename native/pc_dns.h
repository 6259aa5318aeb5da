/* DNS messages (RFC 1035), as much as a look-up of addresses needs: pc_dns_message.c. The job is pc_dns.c. */
#ifndef GNS3TRIO_PC_DNS_H
#define GNS3TRIO_PC_DNS_H

#include "pc_bytes.h"

enum { DNS_A = 1, DNS_AAAA = 28, DNS_PORT = 53, DNS_MAX_QUERY_BYTES = 12 + 255 + 4 };
/* What pc_read_dns returns beside the number of addresses. */
enum { DNS_IS_NONE = -1, DNS_NO_NAME = -2, DNS_FAILED = -3 };

/* Into DNS_MAX_QUERY_BYTES: a query for a name below a domain ("": none). The size, or 0 when the name is none. */
size_t pc_write_dns(unsigned char *message, uint16_t id, const char *name, const char *domain, int type);
/* The addresses that an answer to a query has, at most max of them. */
int pc_read_dns(const unsigned char *message, size_t size, const unsigned char *query, size_t query_size, pc_address *found, int max);

#endif
