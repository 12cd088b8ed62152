/* Configuration files and invitations: spec/server.md 1.2, 1.4; spec/client.md 1.2-1.4. */

#include "unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config_internal.h"
#include "golden.h"
#include "innernet/log.h"

#define KEY_A "kEdW+9CazDQ9+H/iue3scDFvOdaDzD3pvP1LX1I0nEY="
#define KEY_B "4S1xKBAElTwaxNeUwv8ncdiQdGc0VBYi8xFrawYOlR4="
#define SERVER_TEXT                                                                                \
    "private-key = \"" KEY_A "\"\nlisten-port = 51820\naddress = \"10.66.0.1\"\n"                  \
    "network-cidr-prefix = 16\n"
#define CLIENT_TEXT                                                                                \
    "[interface]\nnetwork-name = \"evilcorp\"\naddress = \"10.66.1.1/16\"\n"                       \
    "private-key = \"" KEY_A "\"\n\n[server]\npublic-key = \"" KEY_B "\"\n"                        \
    "external-endpoint = \"172.31.1.1:51820\"\ninternal-endpoint = \"10.66.0.1:51820\"\n"

static struct client_config client_of(const char *text)
{
    struct client_config c = {0};
    struct err err = ERR_INIT;
    int rc = client_config_parse(text, strlen(text), "file", &c, &err);
    if (rc < 0)
        fail_msg("%s", err.text);
    return c;
}

static void golden_server(void **state)
{
    (void)state;
    CLEAN_BUF struct buf text = BUF_INIT, again = BUF_INIT;
    CLEAN_SERVER_CONFIG struct server_config c = {0};
    golden_read("server.conf", &text);
    assert_int_equal(server_config_parse(text.data, text.len, "file", &c, NULL), 0);
    assert_int_equal(c.listen_port, 51820);
    assert_int_equal(c.network_cidr_prefix, 16);
    server_config_format(&c, &again);
    assert_string_equal(again.data, text.data);
}

static void golden_client(void **state)
{
    (void)state;
    CLEAN_BUF struct buf text = BUF_INIT, again = BUF_INIT;
    golden_read("client.conf", &text);
    CLEAN_CLIENT_CONFIG struct client_config c = client_of(text.data);
    assert_string_equal(c.network_name, "evilcorp");
    assert_false(c.has_listen_port);
    assert_int_equal(c.n_overrides, 1);
    client_config_format(&c, &again);
    assert_string_equal(again.data, text.data);
}

static void golden_invitation(void **state)
{
    (void)state;
    CLEAN_BUF struct buf text = BUF_INIT, again = BUF_INIT;
    golden_read("invitation.toml", &text);
    CLEAN_CLIENT_CONFIG struct client_config c = client_of(text.data);
    invitation_format(&c, &again);
    const char *body = strstr(text.data, "[interface]");
    size_t comment_len = again.len - strlen(body);
    assert_string_equal(again.data + comment_len, body);
    assert_true(comment_len > 0 && again.data[comment_len - 1] == '\n');
    again.data[comment_len - 1] = '\0';
    char *rest = again.data;
    for (char *line; (line = strsep(&rest, "\n"));)
        assert_int_equal(line[0], '#');
    assert_non_null(strstr(text.data, "# ("));
}

/* Every row is what SERVER_TEXT says, or an error that has the given words. */
static void server_table(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int rc;
        const char *words;
    } rows[] = {
        {SERVER_TEXT, 0, NULL},
        {"\xef\xbb\xbf# hand-written\r\naddress = '10.66.0.1'\r\nnew = []\r\nlisten-port = 0xca6c"
         "\r\nprivate-key = \"\"\"" KEY_A "\"\"\"\r\nnetwork-cidr-prefix = 1_6",
         0, NULL},
        {"", -EINVAL, "`private-key` is missing"},
        {"private-key = \"" KEY_A "\"", -EINVAL, "`listen-port` is missing"},
        {SERVER_TEXT "address = \"10.66.0.1\"\n", -EBADMSG, "line 5"},
        {"private-key = \"" KEY_A "\"\nlisten-port = 65536", -ERANGE, "`listen-port`"},
        {"private-key = \"" KEY_A "\"\nlisten-port = -1", -ERANGE, "`listen-port`"},
        {"private-key = \"" KEY_A "\"\nlisten-port = \"1\"", -EBADMSG, "`listen-port`"},
        {"private-key = \"x\"\nlisten-port = 1\naddress=\"1.2.3.4\"\nnetwork-cidr-prefix=1",
         -EINVAL, "`private-key` is not a WireGuard key"},
        {"private-key = \"" KEY_A "\"\nlisten-port = 1\naddress=\"01.2.3.4\"", -EINVAL,
         "`address`"},
        {"private-key = \"" KEY_A "\"\nlisten-port = 1\naddress=\"1.2.3.4\"\n"
         "network-cidr-prefix=33",
         -ERANGE, "`network-cidr-prefix` must be from 0 to 32"},
        {"private-key = \"" KEY_A "\"\nlisten-port = 1\naddress=\"fd00::1\"\n"
         "network-cidr-prefix=129",
         -ERANGE, "from 0 to 128"},
        {"[x]\n" SERVER_TEXT, -EINVAL, "`private-key` is missing"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEAN_SERVER_CONFIG struct server_config c = {0};
        struct err err = ERR_INIT;
        int rc = server_config_parse(rows[i].text, strlen(rows[i].text), "file", &c, &err);
        if (rc != rows[i].rc)
            fail_msg("row \"%s\": %d %s", rows[i].text, rc, err.text);
        if (rc < 0) {
            assert_row(rows[i].text, strstr(err.text, rows[i].words));
            assert_row(rows[i].text, strncmp(err.text, "file: ", 6) == 0 && err.code == rc);
            continue;
        }
        CLEAN_BUF struct buf again = BUF_INIT;
        server_config_format(&c, &again);
        assert_row_text(rows[i].text, again.data, SERVER_TEXT);
    }
}

static void server_ipv6(void **state)
{
    (void)state;
    const char *text = "private-key = \"" KEY_A "\"\nlisten-port = 0\naddress = \"FD00:0::1\"\n"
                       "network-cidr-prefix = 128\n";
    CLEAN_SERVER_CONFIG struct server_config c = {0};
    CLEAN_BUF struct buf again = BUF_INIT;
    assert_int_equal(server_config_parse(text, strlen(text), "file", &c, NULL), 0);
    server_config_format(&c, &again);
    assert_non_null(strstr(again.data, "\naddress = \"fd00::1\"\nnetwork-cidr-prefix = 128\n"));
}

static void client_layout(void **state)
{
    (void)state;
    const char *expected =
        "[interface]\nnetwork-name = \"evilcorp\"\naddress = \"10.66.1.1/16\"\n"
        "private-key = \"" KEY_A "\"\nlisten-port = 51820\n\n[server]\npublic-key = \"" KEY_B "\"\n"
        "external-endpoint = \"example.com:51820\"\ninternal-endpoint = \"10.66.0.1:51820\"\n\n"
        "[peer-endpoint-overrides]\n\"10.0.0.2\" = \"1.2.3.4:5\"\n\"10.0.0.10\" = \"a'b:1\"\n"
        "\"fd00::2\" = \"[::1]:80\"\n";
    const char *text =
        "peer-endpoint-overrides = {\"fd00:0::2\" = \"[::1]:80\", \"10.0.0.10\" = \"a'b:1\", "
        "\"10.0.0.2\" = \"1.2.3.4:5\"}\nserver.public-key = '" KEY_B "'\n"
        "server.internal-endpoint = \"10.66.0.1:51820\"\n"
        "server.external-endpoint = \"Example.COM:051820\"\nunknown.table = {}\n"
        "[interface] # mine\nlisten-port = 51_820\nprivate-key = \"" KEY_A "\"\n"
        "address = \"010.66.1.1/16\"\nnetwork-name = \"evilcorp\"\n";
    CLEAN_CLIENT_CONFIG struct client_config c = client_of(text);
    CLEAN_BUF struct buf again = BUF_INIT;
    client_config_format(&c, &again);
    assert_string_equal(again.data, expected);
    CLEAN_CLIENT_CONFIG struct client_config same = client_of(expected);
    buf_reset(&again);
    client_config_format(&same, &again);
    assert_string_equal(again.data, expected);
}

static void client_errors(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to; /* replaced in CLIENT_TEXT; NULL appends */
        const char *words;
    } rows[] = {
        {"network-name = \"evilcorp\"\n", "", "`interface.network-name` is missing"},
        {"\"evilcorp\"", "5", "line 2, column 16: `interface.network-name` must be a string"},
        {"address = \"10.66.1.1/16\"\n", "", "`interface.address` is missing"},
        {"10.66.1.1/16", "10.66.1.1", "`interface.address` is not an address with a prefix"},
        {"10.66.1.1/16", "10.66.1.1/33", "`interface.address`"},
        {"private-key = \"" KEY_A "\"", "", "`interface.private-key` is missing"},
        {KEY_A, "SECRET", "`interface.private-key` is not a WireGuard key"},
        {KEY_B, "x", "`server.public-key` is not a WireGuard key"},
        {"public-key = \"" KEY_B "\"", "", "`server.public-key` is missing"},
        {"[server]", "[servers]", "`server.public-key` is missing"},
        {"[server]", "[[server]]", "`server` must be a table"},
        {"\n[server]", "listen-port = 65536\n[server]",
         "`interface.listen-port` must be from 0 to"},
        {"\n[server]", "listen-port = \"1\"\n[server]",
         "`interface.listen-port` must be an integer"},
        {"172.31.1.1:51820", "172.31.1.1", "`server.external-endpoint` - "},
        {"172.31.1.1:51820", "::1:80", "`server.external-endpoint` - "},
        {"10.66.0.1:51820", "host:51820", "`server.internal-endpoint` is not an address with a"},
        {"10.66.0.1:51820", "10.66.0.1:+1", "`server.internal-endpoint`"},
        {NULL, "[peer-endpoint-overrides]\n\"host\" = \"a:1\"\n",
         "`peer-endpoint-overrides.host` is not an IP address"},
        {NULL, "[peer-endpoint-overrides]\n\"10.0.0.1\" = \"a\"\n",
         "`peer-endpoint-overrides.10.0.0.1` - "},
        {NULL, "[peer-endpoint-overrides]\n\"10.0.0.1\" = 5\n",
         "`peer-endpoint-overrides.10.0.0.1` must be a string"},
        {NULL, "[peer-endpoint-overrides]\n\"10.0.0.1\" = \"a:1\"\n\"10.0.0.1\" = \"a:1\"",
         "cannot redefine"},
        {NULL,
         "[peer-endpoint-overrides]\n\"2001:DB8::1\" = \"a:1\"\n\"2001:db8::1\" = \"a:1\"\n"
         "\"10.0.0.1\" = \"b:1\"",
         "names 2001:db8::1 twice"},
        {NULL, "[server]\n", "line 10"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEAN_BUF struct buf text = BUF_INIT;
        const char *at = rows[i].from ? strstr(CLIENT_TEXT, rows[i].from) : NULL;
        assert_true(at || !rows[i].from);
        if (at)
            buf_printf(&text, "%.*s%s%s", (int)(at - CLIENT_TEXT), CLIENT_TEXT, rows[i].to,
                       at + strlen(rows[i].from));
        else
            buf_printf(&text, "%s%s", CLIENT_TEXT, rows[i].to);
        struct client_config c = {0};
        struct err err = ERR_INIT;
        int rc = client_config_parse(text.data, text.len, "file", &c, &err);
        assert_row(rows[i].to, rc < 0 && rc != -ENOENT && rc == err.code && !c.network_name);
        if (!strstr(err.text, rows[i].words) || strncmp(err.text, "file: ", 6) != 0)
            fail_msg("\"%s\" lacks \"%s\"", err.text, rows[i].words);
        assert_row(rows[i].to, !strstr(err.text, "SECRET"));
    }
}

static void string_styles(void **state)
{
    (void)state;
    static const struct {
        const char *value, *written;
    } rows[] = {
        {"", "\"\""},
        {"plain", "\"plain\""},
        {"it's", "\"it's\""},
        {"b\xc3\xa4r", "\"b\xc3\xa4r\""},
        {"a\"b", "'a\"b'"},
        {"a\\b", "'a\\b'"},
        {"a\"b'c", "\"\"\"a\"b'c\"\"\""},
        {"a\nb", "\"\"\"\na\nb\"\"\""},
        {"\n", "\"\"\"\n\n\"\"\""},
        {"a\tb", "\"a\\tb\""},
        {"a\x01"
         "b",
         "\"a\\u0001b\""},
        {"a\x1f\x7f", "\"a\\u001F\\u007F\""},
        {"\"\\\x01", "\"\\\"\\\\\\u0001\""},
        {"\b\f\r", "\"\\b\\f\\r\""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEAN_BUF struct buf text = BUF_INIT;
        config_put_string(&text, rows[i].value);
        assert_row_text(rows[i].value, text.data, rows[i].written);
    }
}

/* Whatever the style, the value survives: all texts of up to five of the characters that matter. */
static void strings_survive(void **state)
{
    (void)state;
    static const char alphabet[] = "a\"'\\\n\t\r\x7f";
    const size_t letters = sizeof(alphabet) - 1;
    size_t total = 1;
    for (size_t length = 0; length <= 5; length++, total *= letters) {
        CLEAN_BUF struct buf text = BUF_INIT;
        CLEAN_TOML struct toml_doc *doc = NULL;
        char value[6] = "", key[24];
        const char *read;
        for (size_t i = 0; i < total; i++) {
            size_t rest = i;
            for (size_t k = 0; k < length; k++, rest /= letters)
                value[k] = alphabet[rest % letters];
            snprintf(key, sizeof(key), "k%zu", i);
            config_put_line(&text, key, value);
        }
        assert_int_equal(toml_parse(text.data, text.len, "written", &doc, NULL), 0);
        for (size_t i = 0; i < total; i++) {
            size_t rest = i;
            for (size_t k = 0; k < length; k++, rest /= letters)
                value[k] = alphabet[rest % letters];
            snprintf(key, sizeof(key), "k%zu", i);
            assert_int_equal(toml_get_string(doc, "", key, &read, NULL), 0);
            assert_string_equal(read, value);
        }
    }
}

static struct ip ip_of(const char *text)
{
    struct ip ip;
    assert_int_equal(ip_parse(text, &ip), 0);
    return ip;
}

static void set(struct client_config *c, const char *ip, const char *endpoint)
{
    struct ip peer = ip_of(ip);
    CLEAN_ENDPOINT struct endpoint ep = ENDPOINT_INIT;
    if (endpoint)
        assert_int_equal(endpoint_parse(endpoint, &ep, NULL), 0);
    assert_int_equal(client_config_set_override(c, &peer, endpoint ? &ep : NULL), 0);
}

static void check_override(const struct client_config *c, const char *ip, const char *expected)
{
    struct ip peer = ip_of(ip);
    const struct endpoint *found = client_config_override(c, &peer);
    CLEAN_FREE char *text = found ? endpoint_text(found) : strdup("none");
    assert_row_text(ip, text, expected);
}

static void overrides(void **state)
{
    (void)state;
    CLEAN_CLIENT_CONFIG struct client_config c = client_of(CLIENT_TEXT);
    CLEAN_BUF struct buf text = BUF_INIT;
    check_override(&c, "10.0.0.1", "none");
    set(&c, "10.0.0.10", "ten:1");
    set(&c, "fd00::1", "six:1");
    set(&c, "10.0.0.2", "two:1");
    set(&c, "10.0.0.10", "TEN:2");
    set(&c, "10.0.0.3", NULL);
    check_override(&c, "10.0.0.10", "ten:2");
    check_override(&c, "10.0.0.2", "two:1");
    check_override(&c, "fd00::1", "six:1");
    check_override(&c, "10.0.0.3", "none");
    client_config_format(&c, &text);
    assert_non_null(strstr(text.data, "\n[peer-endpoint-overrides]\n\"10.0.0.2\" = \"two:1\"\n"
                                      "\"10.0.0.10\" = \"ten:2\"\n\"fd00::1\" = \"six:1\"\n"));
    set(&c, "10.0.0.2", NULL);
    set(&c, "10.0.0.10", NULL);
    check_override(&c, "10.0.0.10", "none");
    check_override(&c, "fd00::1", "six:1");
    set(&c, "fd00::1", NULL);
    buf_reset(&text);
    client_config_format(&c, &text);
    assert_string_equal(text.data, CLIENT_TEXT);
}

static void many_overrides_are_read_in_order(void **state)
{
    (void)state;
    CLEAN_BUF struct buf text = BUF_INIT;
    buf_puts(&text, CLIENT_TEXT "[peer-endpoint-overrides]\n");
    for (unsigned i = 1000; i-- > 0;)
        buf_printf(&text, "\"10.0.%u.%u\" = \"h%u:1\"\n", i / 250, i % 250, i);
    CLEAN_CLIENT_CONFIG struct client_config c = client_of(text.data);
    assert_int_equal(c.n_overrides, 1000);
    check_override(&c, "10.0.3.249", "h999:1");
    check_override(&c, "10.0.0.0", "h0:1");
    for (size_t i = 1; i < c.n_overrides; i++)
        assert_true(ip_compare(&c.overrides[i - 1].peer_ip, &c.overrides[i].peer_ip) < 0);
}

/* --- files -------------------------------------------------------------------------------------
 */

struct place {
    char dir[64];
    char path[96];
};

static struct place make_file(const char *text, mode_t mode)
{
    struct place place = {.dir = "/tmp/innernet-test-XXXXXX"};
    assert_non_null(mkdtemp(place.dir));
    snprintf(place.path, sizeof(place.path), "%s/evilcorp.conf", place.dir);
    FILE *file = fopen(place.path, "we");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(place.path, mode), 0);
    return place;
}

static void remove_place(const struct place *place)
{
    unlink(place->path);
    rmdir(place->dir);
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

/* Runs `load` with a file in place of stdout and gives back what was printed. */
static void capture_stdout(void (*load)(const char *path), const char *path, struct buf *out)
{
    char chunk[512];
    fflush(stdout);
    int saved = dup(STDOUT_FILENO);
    FILE *file = tmpfile();
    assert_true(saved >= 0 && file);
    dup2(fileno(file), STDOUT_FILENO);
    load(path);
    fflush(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    rewind(file);
    for (size_t n; (n = fread(chunk, 1, sizeof(chunk), file)) > 0;)
        buf_append(out, chunk, n);
    fclose(file);
}

static int load_rc;

static void load_server(const char *path)
{
    CLEAN_SERVER_CONFIG struct server_config c = {0};
    load_rc = server_config_load(path, &c, NULL);
}

static void server_mode_is_tightened(void **state)
{
    (void)state;
    static const mode_t modes[] = {0644, 0400, 0700, 0600};
    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        struct place place = make_file(SERVER_TEXT, modes[i]);
        CLEAN_BUF struct buf printed = BUF_INIT;
        buf_puts(&printed, "");
        capture_stdout(load_server, place.path, &printed);
        assert_int_equal(load_rc, 0);
        assert_int_equal(mode_of(place.path), 0600);
        if (modes[i] == 0600)
            assert_string_equal(printed.data, "");
        else
            assert_non_null(strstr(printed.data, place.path));
        remove_place(&place);
    }
}

static void missing_and_unreadable_files(void **state)
{
    (void)state;
    struct server_config server;
    struct client_config client;
    struct err err = ERR_INIT;
    assert_int_equal(server_config_load("/nonexistent/x.conf", &server, &err), -ENOENT);
    assert_non_null(strstr(err.text, "/nonexistent/x.conf - "));
    assert_int_equal(err.os_errno, ENOENT);
    assert_int_equal(client_config_load("/nonexistent/x.conf", true, &client, &err), -ENOENT);
    assert_non_null(strstr(err.text, "/nonexistent/x.conf - "));
    assert_true(server_config_load("/", &server, &err) < 0);
    assert_true(client_config_load("/", true, &client, &err) < 0);
    struct place place = make_file("", 0600);
    assert_int_equal(truncate(place.path, CONFIG_FILE_MAX + 1), 0);
    assert_int_equal(client_config_load(place.path, true, &client, &err), -EFBIG);
    assert_int_equal(server_config_load(place.path, &server, &err), -EFBIG);
    remove_place(&place);
}

static void empty_file_is_not_a_missing_one(void **state)
{
    (void)state;
    struct place place = make_file("", 0600);
    struct client_config client;
    struct err err = ERR_INIT;
    assert_int_equal(client_config_load(place.path, true, &client, &err), -EINVAL);
    assert_non_null(strstr(err.text, place.path));
    assert_int_equal(err.os_errno, 0);
    remove_place(&place);
}

static bool with_warning;

static void load_client(const char *path)
{
    CLEAN_CLIENT_CONFIG struct client_config c = {0};
    log_init(stdout, LOG_LEVEL_WARN);
    load_rc = client_config_load(path, with_warning, &c, NULL);
    log_init(stderr, LOG_LEVEL_WARN);
}

static void client_mode_is_warned_about(void **state)
{
    (void)state;
    static const struct {
        mode_t mode;
        bool warn;
        const char *words;
    } rows[] = {
        {0644, true, "(mode is 0o644)"},
        {0601, true, "(mode is 0o601)"},
        {0607, true, "(mode is 0o607)"},
        {0640, true, NULL},
        {0600, true, NULL},
        {0644, false, NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct place place = make_file(CLIENT_TEXT, rows[i].mode);
        CLEAN_BUF struct buf printed = BUF_INIT, words = BUF_INIT;
        buf_puts(&printed, "");
        with_warning = rows[i].warn;
        capture_stdout(load_client, place.path, &printed);
        assert_int_equal(load_rc, 0);
        assert_int_equal(mode_of(place.path), rows[i].mode);
        buf_printf(&words, "%s is world-accessible %s.", place.path,
                   rows[i].words ? rows[i].words : "");
        if (rows[i].words)
            assert_non_null(strstr(printed.data, words.data));
        else
            assert_string_equal(printed.data, "");
        remove_place(&place);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_server),
        cmocka_unit_test(golden_client),
        cmocka_unit_test(golden_invitation),
        cmocka_unit_test(server_table),
        cmocka_unit_test(server_ipv6),
        cmocka_unit_test(client_layout),
        cmocka_unit_test(client_errors),
        cmocka_unit_test(string_styles),
        cmocka_unit_test(strings_survive),
        cmocka_unit_test(overrides),
        cmocka_unit_test(many_overrides_are_read_in_order),
        cmocka_unit_test(server_mode_is_tightened),
        cmocka_unit_test(missing_and_unreadable_files),
        cmocka_unit_test(empty_file_is_not_a_missing_one),
        cmocka_unit_test(client_mode_is_warned_about),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
