#pragma once
/* From the store's rows to a model. */

#include "innernet/err.h"
#include "model.h"
#include "store.h"

/* Reads everything. The result's generation is at least 1. Errors are those of store.h. */
int model_load(struct store *s, struct model *ret, struct err *err);
