// The only user of RapidJSON: its event reader, in place over a copy of the text. Without SSE2,
// whose string scan lets control characters through in this version, and without its check of
// encodings, which misses the halves of surrogate pairs that escapes can write.
#include <algorithm>
#include <rapidjson/reader.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

extern "C" {
#include "innernet/map.h"
#include "innernet/name.h"
#include "record_decode_tree.h"
#include "utf8.h"
}

#define DEPTH_MAX 128
#define TEXT_MAX (UINT32_MAX - 1) // lengths are 32 bits wide
// Ten thousand peers are some 150,000 values; with the names of members a value costs 32 bytes at
// most, so this bounds what a hostile answer can make us allocate. A longer document than answers
// can be is a store of our own, which keeps what it once had and has 15 bytes and more per value.
#define VALUES_MAX 1500000
#define BYTES_PER_VALUE 8
// Up to here names are compared pair by pair where a hash does not tell them apart.
#define FEW_MEMBERS 32

// Reading in place, and recursing no deeper than the builder allows, the reader keeps no stack.
struct no_heap {
    static const bool kNeedFree = false;
    void *Malloc(size_t)
    {
        return nullptr;
    }
    void *Realloc(void *, size_t, size_t)
    {
        return nullptr;
    }
    static void Free(void *)
    {
    }
};

// Takes the events of the reader and appends nodes. A false return ends the parse; `code`, `reason`
// and, for a name that comes again, `duplicate` say why then.
class builder
{
  public:
    builder(json_doc *into, size_t text_len, bool texts_may_be_bad)
        : doc(into), values_max(std::max<size_t>(VALUES_MAX, text_len / BYTES_PER_VALUE)),
          check_texts(texts_may_be_bad)
    {
    }

    int code = 0;
    const char *reason = nullptr;
    const json_node *duplicate = nullptr;

    bool Null()
    {
        return value(JSON_NULL);
    }
    bool Bool(bool b)
    {
        return value(b ? JSON_TRUE : JSON_FALSE);
    }
    bool String(const char *text, rapidjson::SizeType len, bool)
    {
        return value(JSON_TEXT) && set_text(text, len);
    }
    bool Key(const char *text, rapidjson::SizeType len, bool)
    {
        return append(JSON_TEXT) && set_text(text, len);
    }
    bool StartObject()
    {
        return open(JSON_OBJECT);
    }
    bool StartArray()
    {
        return open(JSON_ARRAY);
    }
    bool EndArray(rapidjson::SizeType n)
    {
        close(n);
        return true;
    }
    bool EndObject(rapidjson::SizeType n)
    {
        const json_node *object = close(n);
        return n <= FEW_MEMBERS ? check_few_names(object) : check_many_names(object);
    }
    bool RawNumber(const char *text, rapidjson::SizeType len, bool);

    // Numbers come as text, so that an integer is one however large it is.
    bool Int(int)
    {
        return false;
    }
    bool Uint(unsigned)
    {
        return false;
    }
    bool Int64(int64_t)
    {
        return false;
    }
    bool Uint64(uint64_t)
    {
        return false;
    }
    bool Double(double)
    {
        return false;
    }

  private:
    bool fail(int why, const char *text)
    {
        code = why;
        reason = text;
        return false;
    }
    json_node *last()
    {
        return &doc->nodes[doc->n_nodes - 1];
    }
    bool grow();
    bool append(json_type type);
    bool value(json_type type);
    bool open(json_type type);
    json_node *close(size_t n_items);
    bool set_text(const char *text, uint32_t len);
    bool check_few_names(const json_node *object);
    bool check_many_names(const json_node *object);

    json_doc *doc;
    size_t values_max;
    bool check_texts;
    size_t n_values = 0;
    size_t depth = 0;
    size_t opened[DEPTH_MAX]; // indices of the open containers
};

bool builder::grow()
{
    size_t cap = doc->cap * 2;
    bool is_few = doc->nodes == doc->few_nodes;
    void *nodes = realloc(is_few ? nullptr : doc->nodes, cap * sizeof(*doc->nodes));
    if (!nodes)
        return fail(-ENOMEM, "out of memory");
    if (is_few)
        memcpy(nodes, doc->few_nodes, sizeof(doc->few_nodes));
    doc->nodes = static_cast<json_node *>(nodes);
    doc->cap = cap;
    return true;
}

bool builder::append(json_type type)
{
    if (doc->n_nodes == doc->cap && !grow())
        return false;
    json_node *node = &doc->nodes[doc->n_nodes++];
    node->number = 0;
    node->len = 0;
    node->type = type;
    return true;
}

bool builder::value(json_type type)
{
    if (++n_values > values_max)
        return fail(-EBADMSG, "there are more values than any network needs");
    return append(type);
}

bool builder::open(json_type type)
{
    if (depth == DEPTH_MAX)
        return fail(-EBADMSG, "it is nested too deeply");
    opened[depth++] = doc->n_nodes;
    return value(type);
}

json_node *builder::close(size_t n_items)
{
    size_t start = opened[--depth];
    json_node *node = &doc->nodes[start];
    node->n_items = n_items;
    node->len = static_cast<uint32_t>(doc->n_nodes - start);
    return node;
}

bool builder::set_text(const char *text, uint32_t len)
{
    if (check_texts && !utf8_is_valid(text, len))
        return fail(-EBADMSG, "half of a surrogate pair stands alone");
    last()->text = text;
    last()->len = len;
    return true;
}

bool builder::RawNumber(const char *text, rapidjson::SizeType len, bool)
{
    bool is_negative = len > 0 && text[0] == '-';
    int64_t number = 0;
    for (size_t i = is_negative; i < len; i++) {
        int digit = text[i] - '0';
        if (digit < 0 || digit > 9) // a point or an exponent: the reader knows what a number is
            return value(JSON_REAL);
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, is_negative ? -digit : digit, &number)) {
            if (memchr(text, '.', len) || memchr(text, 'e', len) || memchr(text, 'E', len))
                return value(JSON_REAL);
            return fail(-EBADMSG, "an integer does not fit into 64 bits");
        }
    }
    if (!value(JSON_INTEGER))
        return false;
    last()->number = number;
    return true;
}

static bool is_same_text(const json_node *a, const json_node *b)
{
    return a->len == b->len && memcmp(a->text, b->text, a->len) == 0;
}

// Tells the names of our own records apart, but for a pair or two.
static uint64_t bit_of(const json_node *name)
{
    unsigned middle = static_cast<unsigned char>(name->text[name->len / 2]);
    unsigned first = static_cast<unsigned char>(name->text[0]);
    return UINT64_C(1) << ((name->len + first * 7 + middle * 13) % 64);
}

bool builder::check_few_names(const json_node *object)
{
    uint64_t seen = 0;
    const json_node *name = object + 1;
    for (size_t i = 0; i < object->n_items; i++, name = json_next(name + 1)) {
        uint64_t bit = bit_of(name);
        if (seen & bit) {
            for (const json_node *other = object + 1; other < name; other = json_next(other + 1)) {
                if (is_same_text(other, name)) {
                    duplicate = name;
                    return fail(-EBADMSG, "a duplicate name in an object");
                }
            }
        }
        seen |= bit;
    }
    return true;
}

bool builder::check_many_names(const json_node *object)
{
    struct map names = {};
    const json_node *name = object + 1;
    int rc = map_reserve(&names, object->n_items);
    for (size_t i = 0; rc == 0 && i < object->n_items; i++, name = json_next(name + 1)) {
        rc = map_add(&names, name->text, name->len, i);
        if (rc == -EEXIST)
            duplicate = name;
    }
    map_done(&names);
    if (duplicate)
        return fail(-EBADMSG, "a duplicate name in an object");
    return rc == 0 || fail(-ENOMEM, "out of memory");
}

static const char *syntax_reason(rapidjson::ParseErrorCode code)
{
    switch (code) {
    case rapidjson::kParseErrorDocumentEmpty:
        return "there is nothing";
    case rapidjson::kParseErrorDocumentRootNotSingular:
        return "something follows behind its end";
    case rapidjson::kParseErrorObjectMissName:
        return "the name of a member is missing";
    case rapidjson::kParseErrorObjectMissColon:
        return "a colon is missing";
    case rapidjson::kParseErrorObjectMissCommaOrCurlyBracket:
        return "a comma or \"}\" is missing";
    case rapidjson::kParseErrorArrayMissCommaOrSquareBracket:
        return "a comma or \"]\" is missing";
    case rapidjson::kParseErrorStringUnicodeEscapeInvalidHex:
    case rapidjson::kParseErrorStringUnicodeSurrogateInvalid:
        return "a \\u escape is wrong";
    case rapidjson::kParseErrorStringEscapeInvalid:
        return "a string has an escape that is none, or a control character";
    case rapidjson::kParseErrorStringMissQuotationMark:
        return "a string does not end";
    case rapidjson::kParseErrorNumberTooBig:
        return "a number is too large";
    case rapidjson::kParseErrorNumberMissFraction:
    case rapidjson::kParseErrorNumberMissExponent:
        return "a number is not complete";
    default:
        return "a value is missing or none";
    }
}

static int report(const char *text, size_t at, const char *reason, err *err)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < at; i++) {
        bool is_new_line = text[i] == '\n';
        line += is_new_line;
        column = is_new_line ? 1 : column + ((text[i] & 0xc0) != 0x80);
    }
    return err_set(err, -EBADMSG, "not valid JSON at line %zu, column %zu: %s", line, column,
                   reason);
}

// Index of the first byte that is not UTF-8; `len` when all is well.
static size_t find_bad_byte(const char *text, size_t len)
{
    size_t at = 0;
    while (at < len) {
        uint64_t eight;
        if (len - at >= sizeof(eight)) {
            memcpy(&eight, text + at, sizeof(eight));
            if (!(eight & UINT64_C(0x8080808080808080))) {
                at += sizeof(eight);
                continue;
            }
        }
        size_t n = utf8_sequence(text + at, len - at, nullptr);
        if (n == 0)
            break;
        at += n;
    }
    return at;
}

static int parse(const char *text, size_t len, json_doc *doc, err *err)
{
    builder events(doc, len, memchr(text, '\\', len) != nullptr);
    no_heap heap;
    rapidjson::GenericReader<rapidjson::UTF8<>, rapidjson::UTF8<>, no_heap> reader(&heap);
    rapidjson::InsituStringStream stream(doc->text);
    const unsigned flags = rapidjson::kParseInsituFlag | rapidjson::kParseNumbersAsStringsFlag;
    auto result = reader.Parse<flags>(stream, events);
    if (events.code == -ENOMEM)
        return err_set(err, -ENOMEM, "out of memory");
    if (events.duplicate) // names still stand where they stood
        return report(text, static_cast<size_t>(events.duplicate->text - doc->text), events.reason,
                      err);
    if (!result)
        return report(text, result.Offset(),
                      events.reason ? events.reason : syntax_reason(result.Code()), err);
    if (stream.Tell() != len)
        return report(text, stream.Tell(), "there is a NUL byte", err);
    if (doc->nodes[0].type < JSON_ARRAY)
        return report(text, 0, "an object or an array is needed", err);
    return 0;
}

extern "C" int json_doc_load(const char *text, size_t len, struct json_doc *ret, struct err *err)
{
    ret->nodes = ret->few_nodes;
    ret->n_nodes = 0;
    ret->cap = sizeof(ret->few_nodes) / sizeof(ret->few_nodes[0]);
    ret->text = ret->few_bytes;
    if (!text)
        text = "";
    if (len > TEXT_MAX)
        return err_set(err, -EBADMSG, "JSON of %zu bytes is too large", len);
    size_t bad = find_bad_byte(text, len);
    if (bad < len)
        return report(text, bad, "this is not UTF-8", err);
    if (len >= sizeof(ret->few_bytes))
        ret->text = static_cast<char *>(malloc(len + 1));
    if (!ret->text)
        return err_set(err, -ENOMEM, "out of memory");
    memcpy(ret->text, text, len);
    ret->text[len] = '\0';
    return parse(text, len, ret, err);
}

extern "C" void json_doc_done(struct json_doc *doc)
{
    if (doc->nodes != doc->few_nodes)
        free(doc->nodes);
    if (doc->text != doc->few_bytes)
        free(doc->text);
    doc->nodes = nullptr;
    doc->text = nullptr;
}
