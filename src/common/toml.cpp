// The only user of toml++, header-only and cut down to its reader. Without exceptions a failed
// allocation in here ends the program; documents are bounded by CONFIG_FILE_MAX before they come.
#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#define TOML_ENABLE_FORMATTERS 0
#define TOML_ENABLE_FLOAT16 0
#define TOML_ENABLE_UNRELEASED_FEATURES 0
#define TOML_ENABLE_WINDOWS_COMPAT 0
#define TOML_FLOAT_CHARCONV 1 // the other way drags in streams and locales
#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <string>
#include <string_view>

extern "C" {
#include "innernet/toml.h"
}

struct toml_doc {
    toml::table root;
    std::string source;
};

// toml++ makes a table per part of a dotted key and frees them by recursion, without a limit of its
// own. A DNS name has at most 127 dots, so no honest line has more; 0 or an error.
#define DOTS_PER_LINE_MAX 128

static int check_line(std::string_view line, size_t number, const char *source, struct err *err)
{
    size_t nul = line.find('\0');
    if (nul != std::string_view::npos)
        return err_set(err, -EBADMSG, "%s: line %zu, column %zu: a NUL byte is not allowed", source,
                       number, nul + 1);
    size_t start = line.find_first_not_of(" \t");
    if (start != std::string_view::npos && line[start] == '#')
        return 0;
    size_t dots = 0;
    for (size_t at = 0; at < line.size(); at++)
        if (line[at] == '.' && ++dots > DOTS_PER_LINE_MAX)
            return err_set(err, -EBADMSG, "%s: line %zu, column %zu: more than %d dots in a line",
                           source, number, at + 1, DOTS_PER_LINE_MAX);
    return 0;
}

static int check_lines(std::string_view text, const char *source, struct err *err)
{
    for (size_t number = 1, at = 0; at < text.size(); number++) {
        size_t end = std::min(text.find('\n', at), text.size());
        int rc = check_line(text.substr(at, end - at), number, source, err);
        if (rc < 0)
            return rc;
        at = end + 1;
    }
    return 0;
}

extern "C" int toml_parse(const char *text, size_t len, const char *source, struct toml_doc **ret,
                          struct err *err)
{
    std::string_view view(text ? text : "", len);
    int rc = check_lines(view, source, err);
    if (rc < 0)
        return rc;
    toml::parse_result result = toml::parse(view);
    if (!result) {
        const toml::parse_error &cause = result.error();
        std::string reason(cause.description());
        return err_set(err, -EBADMSG, "%s: line %u, column %u: %s", source,
                       static_cast<unsigned>(cause.source().begin.line),
                       static_cast<unsigned>(cause.source().begin.column), reason.c_str());
    }
    auto *doc = new (std::nothrow) toml_doc{std::move(result).table(), source};
    if (!doc)
        return err_set(err, -ENOMEM, "%s: out of memory", source);
    *ret = doc;
    return 0;
}

// Private keys pass through here.
static void wipe_strings(toml::table &table)
{
    for (auto &&[key, node] : table) {
        if (auto *text = node.as_string())
            explicit_bzero(text->get().data(), text->get().size());
        else if (auto *inner = node.as_table())
            wipe_strings(*inner);
    }
}

extern "C" void toml_free(struct toml_doc *doc)
{
    if (doc)
        wipe_strings(doc->root);
    delete doc;
}

static std::string full_name(const char *table, const char *key)
{
    return *table ? std::string(table) + "." + key : std::string(key);
}

static int wrong_type(const toml_doc *doc, const toml::node &node, const std::string &name,
                      const char *wanted, struct err *err)
{
    return err_set(err, -EBADMSG, "%s: line %u, column %u: `%s` must be %s", doc->source.c_str(),
                   static_cast<unsigned>(node.source().begin.line),
                   static_cast<unsigned>(node.source().begin.column), name.c_str(), wanted);
}

// The table itself ("" is the root); a missing one is a null pointer and no error.
static int find_table(const toml_doc *doc, const char *table, const toml::table **ret,
                      struct err *err)
{
    *ret = &doc->root;
    if (!*table)
        return 0;
    const toml::node *node = doc->root.get(table);
    *ret = node ? node->as_table() : nullptr;
    return node && !*ret ? wrong_type(doc, *node, table, "a table", err) : 0;
}

static int find_node(const toml_doc *doc, const char *table, const char *key,
                     const toml::node **ret, struct err *err)
{
    const toml::table *inside;
    int rc = find_table(doc, table, &inside, err);
    if (rc < 0)
        return rc;
    *ret = inside ? inside->get(key) : nullptr;
    if (!*ret)
        return err_set(err, -ENOENT, "%s: `%s` is missing; add it", doc->source.c_str(),
                       full_name(table, key).c_str());
    return 0;
}

static int text_of(const toml_doc *doc, const toml::node &node, const std::string &name,
                   const char **ret, struct err *err)
{
    const toml::value<std::string> *text = node.as_string();
    if (!text)
        return wrong_type(doc, node, name, "a string in quotes", err);
    if (text->get().find('\0') != std::string::npos)
        return wrong_type(doc, node, name, "a string without NUL characters", err);
    *ret = text->get().c_str();
    return 0;
}

extern "C" int toml_get_string(const struct toml_doc *doc, const char *table, const char *key,
                               const char **ret, struct err *err)
{
    const toml::node *node;
    int rc = find_node(doc, table, key, &node, err);
    return rc < 0 ? rc : text_of(doc, *node, full_name(table, key), ret, err);
}

extern "C" int toml_get_int(const struct toml_doc *doc, const char *table, const char *key,
                            int64_t min, int64_t max, int64_t *ret, struct err *err)
{
    const toml::node *node;
    int rc = find_node(doc, table, key, &node, err);
    if (rc < 0)
        return rc;
    const toml::value<int64_t> *number = node->as_integer();
    if (!number)
        return wrong_type(doc, *node, full_name(table, key), "an integer", err);
    if (number->get() < min || number->get() > max)
        return err_set(err, -ERANGE, "%s: line %u, column %u: `%s` must be from %lld to %lld",
                       doc->source.c_str(), static_cast<unsigned>(node->source().begin.line),
                       static_cast<unsigned>(node->source().begin.column),
                       full_name(table, key).c_str(), static_cast<long long>(min),
                       static_cast<long long>(max));
    *ret = number->get();
    return 0;
}

extern "C" int toml_each_string(const struct toml_doc *doc, const char *table, toml_entry_fn each,
                                void *user, struct err *err)
{
    const toml::table *inside;
    int rc = find_table(doc, table, &inside, err);
    if (rc < 0 || !inside)
        return rc;
    for (auto &&[key, node] : *inside) {
        std::string name(key.str());
        const char *value;
        rc = text_of(doc, node, full_name(table, name.c_str()), &value, err);
        if (rc < 0)
            return rc;
        if (name.find('\0') != std::string::npos)
            return wrong_type(doc, node, table, "a table without NUL characters in keys", err);
        rc = each(user, name.c_str(), value, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}
