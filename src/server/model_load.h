#pragma once
/* From the store's rows to a model. */

#include "innernet/err.h"
#include "model.h"
#include "store.h"

/* Reads everything. The result's generation is at least 1. Errors are those of store.h. */
int model_load(struct store *s, struct model *ret, struct err *err);
/* All CIDRs and associations in ascending id, as model_set_cidrs takes them. */
int model_load_cidrs(struct store *s, struct cidr **ret_cidrs, size_t *ret_n_cidrs,
                     struct association **ret_associations, size_t *ret_n_associations,
                     struct err *err);
