#pragma once
/* Steps that the commands which ask questions share (spec/client.md part 6). */

#include <stdbool.h>
#include <stddef.h>

#include "api.h"
#include "client.h"
#include "innernet/ask.h"
#include "lists.h"

/* An admin command's session with the server. */
struct admin {
    struct client_config config;
    struct api api;
};

int admin_open(const struct client *client, const char *interface, struct admin *ret,
               struct err *err);
void admin_close(struct admin *a);
#define CLEAN_ADMIN CLEANUP(admin_close)

/* What the server lists, announced in the log. */
int admin_fetch_cidrs(struct admin *a, struct cidr_list *ret, struct err *err);
int admin_fetch_peers(struct admin *a, struct peer_list *ret, struct err *err); /* with refs */
int admin_fetch_associations(struct admin *a, struct association_list *ret, struct err *err);

/* The final question, default no; --yes answers it. Declining is logged. */
int flow_confirm(const struct cli_args *args, bool stdin_optional, bool *ret, struct err *err,
                 const char *question, ...) PRINTF_LIKE(5, 6);
