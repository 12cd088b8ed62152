#pragma once
/* Endpoint names to addresses by the system resolver (getaddrinfo, stream, first result), in helper
 * threads, with a deadline. Sources: spec/client.md A.3, 9.24; spec/server.md D23. */

#include <stdbool.h>
#include <stddef.h>

#include "innernet/addr.h"
#include "innernet/err.h"

#define RESOLVE_TIMEOUT_MS 5000

/* One endpoint, literal or name, waiting at most timeout_ms. -EHOSTUNREACH when the name does not
 * resolve (text has the cause), -ETIMEDOUT after the deadline. */
int resolve_endpoint(const struct endpoint *ep, int timeout_ms, struct sock_addr *ret,
                     struct err *err);

/* Many at once, names in parallel (at most 32 at a time), all within one deadline. ret_ok[i] tells
 * which of ret[i] are valid. 0 or -ENOMEM. Look-ups that outlive the deadline end on their own
 * later and touch nothing of the caller's. */
int resolve_endpoints(const struct endpoint *const *eps, size_t n, int timeout_ms,
                      struct sock_addr *ret, bool *ret_ok);

/* For event loops: a resolver with results kept for 60 s (failures 10 s), asked again after that.
 * Up to 32 names are looked up at a time; one that takes longer than RESOLVE_TIMEOUT_MS counts as
 * failed and stands in nobody's way (64 threads at most, with such ones). What nobody has asked for
 * during ten minutes is forgotten, and so is the rest of more than 16,384 names. */
struct resolver;
int resolver_new(struct resolver **ret, struct err *err);
void resolver_free(struct resolver *r);
/* Readable when a look-up ended since the last resolver_collect (an eventfd). */
int resolver_fd(const struct resolver *r);
/* Literal: true at once. Name: true with the cached address; otherwise starts a look-up in the
 * background if none is under way, and false. An entry past its time is still answered while it is
 * asked again. Never blocks. */
bool resolver_lookup(struct resolver *r, const struct endpoint *ep, struct sock_addr *ret);
/* Was a look-up of this name under way when resolver_lookup was last called for it? False: what
 * that said holds for a while. */
bool resolver_is_asking(const struct resolver *r, const struct endpoint *ep);
/* Takes in what has been resolved; true when some name's address is new or changed. */
bool resolver_collect(struct resolver *r);
