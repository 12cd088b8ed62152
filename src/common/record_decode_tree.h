#pragma once
/* A JSON document as a row of plain nodes. Internal to record_decode*. The parser is C++ behind
 * this face (record_decode_parse.cpp), so nothing in here may be beyond either language. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "innernet/err.h"

enum json_type {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_INTEGER,
    JSON_REAL,
    JSON_TEXT,
    JSON_ARRAY,
    JSON_OBJECT,
};

/* Nodes stand in the order of the document: behind an array its elements, behind an object the name
 * (a text) and the value of each member in turn. */
struct json_node {
    union {
        const char *text; /* terminated; a NUL may be inside */
        int64_t number;
        size_t n_items; /* elements or members */
    };
    uint32_t len;  /* of a text, in bytes; of an array or object: its nodes, itself included */
    uint32_t type; /* enum json_type */
};

/* Owns its nodes and their texts. Not to be moved: small documents lie inside of it. */
struct json_doc {
    struct json_node *nodes;
    size_t n_nodes;
    size_t cap;
    char *text;
    struct json_node few_nodes[32];
    char few_bytes[512];
};

/* Parses one document whose root, the first node, is an object or an array. -EBADMSG names line and
 * column; refused beside what is no JSON are a name twice in one object, an integer beyond 64 bits,
 * and what would cost more memory or stack than any real document (nesting, number of values).
 * -ENOMEM. `text` need not be terminated. json_doc_done releases, after an error too. */
int json_doc_load(const char *text, size_t len, struct json_doc *ret, struct err *err);
void json_doc_done(struct json_doc *doc); /* fine on a zeroed one */
#define CLEAN_JSON CLEANUP(json_doc_done)

/* The node behind a value and all that is inside of it. */
static inline const struct json_node *json_next(const struct json_node *value)
{
    return value + (value->type >= JSON_ARRAY ? value->len : 1);
}
