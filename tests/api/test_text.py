"""Text formats as the API shows them: every example of docs/spec/server.md 0.1, 0.2, 0.6, 0.8, 0.9."""

import json

import pytest

from rows import cidr_contents, new_key, peer_contents, seconds


# --- 0.1 addresses -------------------------------------------------------------------------------

@pytest.mark.only(4)
@pytest.mark.parametrize("text", [
    "10.80.064.4", "10.80.64", "10.80.64.4.", "10.80.64.4 ", " 10.80.64.4", "10.80.64.256",
    "0x0a.80.64.4", "", "10.80.64.4/24", "10.80.64.4:1", "[10.80.64.4]", "010.80.64.4", "172982276"])
def test_addresses_refused_v4(steady, text):
    before = steady.everything()
    assert steady.post("/v1/admin/peers", peer_contents("dev", text, 4)).status == 400
    assert steady.everything() == before


@pytest.mark.only(6)
@pytest.mark.parametrize("text", [
    "fd00:1337::2:0:0:3%eth0", "fd00:1337::2::3", "[fd00:1337::2:0:0:3]", "fd00:1337::2:0:0:g",
    "fd00:1337:0:0:2:0:0", "fd00:1337:0:0:2:0:0:3:4", "fd00:1337::2:0:0:00003",
    "fd00:1337::2:0:0:3 ", "fd00:1337::2:0:01.2.3.4", ":fd00:1337::2:0:0:3"])
def test_addresses_refused_v6(steady, text):
    before = steady.everything()
    assert steady.post("/v1/admin/peers", peer_contents("dev", text, 4)).status == 400
    assert steady.everything() == before


@pytest.mark.only(6)
@pytest.mark.parametrize("text, normalised", [
    ("fd00:1337:0:0:2:0:0:3", "fd00:1337::2:0:0:3"),
    ("FD00:1337::2:0:0:AB", "fd00:1337::2:0:0:ab"),
    ("fd00:1337:0000:0000:0002:0000:0000:0003", "fd00:1337::2:0:0:3"),
    ("fd00:1337::2:0:1.2.3.4", "fd00:1337::2:0:102:304"),
    ("fd00:1337::2:0:0.0.0.3", "fd00:1337::2:0:0:3"),
    ("fd00:1337:0:0:2:1:0:0", "fd00:1337::2:1:0:0")])    # the first run on a tie
def test_addresses_are_stored_normalised(net, text, normalised):
    net.sql("DELETE FROM peers WHERE name = 'developer1'")
    contents = peer_contents("dev", text, 4)
    answer = net.post("/v1/admin/peers", contents)
    assert answer.status == 201
    assert answer.json["ip"] == net.peer("dev")["ip"] == normalised
    # And the peer is recognised by it.
    assert net.get("/v1/user/state", normalised).status == 200


@pytest.mark.parametrize("stored, shown", [
    (("::ffff:1.2.3.4", 128), "::ffff:1.2.3.4/128"), (("::ffff:0.0.0.0", 96), "::ffff:0.0.0.0/96"),
    (("::1.2.3.4", 128), "::102:304/128"), (("1:0:0:2:0:0:0:3", 64), "1:0:0:2::3/64"),
    (("1:0:2:3:4:5:6:7", 64), "1:0:2:3:4:5:6:7/64"), (("::", 0), "::/0"), (("::1", 128), "::1/128"),
    (("1::", 16), "1::/16"), (("1:0:0:2:2:0:0:3", 64), "1::2:2:0:0:3/64"),
    (("0:0:1:1:1:1:1:1", 64), "::1:1:1:1:1:1/64"), (("10.1.2.3", 8), "10.1.2.3/8"),
    (("0.0.0.0", 0), "0.0.0.0/0")], ids=str)
def test_network_output(net, stored, shown):
    """0.1 and 0.2; rows of another program, hence straight into the database."""
    net.sql("INSERT INTO cidrs VALUES (77, 'other', ?, ?, NULL)", *stored)
    assert {c["id"]: c["cidr"] for c in net.get("/v1/admin/cidrs").json}[77] == shown


# --- 0.2 networks: PUT needs a text that parses and ignores it -----------------------------------

@pytest.mark.parametrize("text", [
    "10.66.4.7/24", "010.66.4.7/24", "000.000.000.000/0", "10.66.4.7/0", "10.66.4.7/32",
    "10.66.4.7/08", "10.66.4.7/00", "255.255.255.255/32", "fd00::/8", "::/0", "::/128", "::/000",
    "::/008", "::1.2.3.4/96", "fd00:abc::1.2.3.4/64", "1:2:3:4:5:6:7:8/64", "1:2:3:4:5:6:7::/64",
    "FD00:ABC::/64", "::ffff:1.2.3.4/128"])
def test_networks_that_parse(steady, text):
    name = steady.rows("cidrs")[3]["name"]
    assert steady.put("/v1/admin/cidrs/4", cidr_contents(name, text)).status == 204


@pytest.mark.parametrize("text", [
    "10.66.7.0", "10.66.4.7/024", "10.66.4.7/33", "10.66.4.7/", "10.66.4.7/x", "10.66.4.7/-1",
    "10.66.4.7/+8", "10.66.4.7/24 ", " 10.66.4.7/24", "10.66.4.7/24x", "10.66.4.7/24/8", "10.66.4/24",
    "10.66.4.7.1/24", "10.66.4.256/24", "0010.66.4.7/24", "10.66..7/24", "/24", "", "fd00::",
    "fd00::/129", "fd00::/0128", "fd00::/", "fd00::1::/64", "fd00:::/64", "1:2:3:4:5:6:7/64",
    "1:2:3:4:5:6:7:8:9/64", "fd000::/64x", "00fd0::/64", "fg::/64", "fd00::%eth0/64",
    "[fd00::]/64", "::1.2.3/96", "::1.2.3.256/96", "1.2.3.4::/96", "0x0a.0.0.0/8"])
def test_networks_that_do_not(steady, text):
    contents = cidr_contents("developer", text)
    before = steady.everything()
    assert steady.put("/v1/admin/cidrs/4", contents).status == 400
    assert steady.post("/v1/admin/cidrs", contents | {"name": "x"}).status == 400
    assert steady.everything() == before


@pytest.mark.parametrize("v4, v6", [
    (("10.81.4.7/24", "10.81.4.7/24"), ("fd00:1337::4:0:0:7/96", "fd00:1337::4:0:0:7/96")),
    (("010.081.004.007/24", "10.81.4.7/24"), ("fd00:1337::4:0:1.2.3.4/96",
                                              "fd00:1337::4:0:102:304/96")),
    (("10.81.4.0/24", "10.81.4.0/24"), ("FD00:1337:0:0:4:0::/080", "fd00:1337:0:0:4::/80"))])
def test_networks_are_echoed_with_host_bits(net, fx, v4, v6):
    sent, shown = v4 if fx.version == 4 else v6
    answer = net.post("/v1/admin/cidrs", cidr_contents("x", sent))
    assert answer.status == 201
    assert answer.json["cidr"] == shown
    row = net.rows("cidrs")[-1]
    assert f'{row["ip"]}/{row["prefix"]}' == shown


# --- 0.6 endpoints -------------------------------------------------------------------------------

ENDPOINTS = [
    ("1.2.3.4:+5", "1.2.3.4:5"), ("1.2.3.4:00080", "1.2.3.4:80"), ("1.2.3.4:0", "1.2.3.4:0"),
    ("1.2.3.4:65535", "1.2.3.4:65535"),
    ("[2001:DB8:0:0::1]:1", "[2001:db8::1]:1"), ("[::1.2.3.4]:1", "[::102:304]:1"),
    ("[1:2:3:4:5:6:7::]:1", "[1:2:3:4:5:6:7:0]:1"), ("[::ffff:1.2.3.4]:0", "[::ffff:102:304]:0"),
    ("Ex%41mple:1", "example:1"), ("EXAMPLE.com:443", "example.com:443"), ("a_b:1", "a_b:1"),
    ("-a-:1", "-a-:1"), ("foo..bar:1", "foo..bar:1"), ("example.com.:1", "example.com.:1"),
    ("0x7f.1:1", "127.0.0.1:1"), ("1.2.3:1", "1.2.0.3:1"), ("0:1", "0.0.0.0:1"),
    ("1.1.1.1.:1", "1.1.1.1:1"), ("foo.1a:1", "foo.1a:1"), ("0x:1", "0.0.0.0:1"),
    ("017.1:1", "15.0.0.1:1"), ("4294967295:1", "255.255.255.255:1"), ("0X7F.1:1", "127.0.0.1:1"),
    ("a" * 64 + ".example:1", "a" * 64 + ".example:1"), ("localhost:1", "localhost:1"),
    ("a!$&'()*+,;=~`{}\"b:1", "a!$&'()*+,;=~`{}\"b:1"), ("%31.2.3.4:1", "1.2.3.4:1"),
    ("[::]:99", "[::]:99"), ("0.0.0.0:7777", "0.0.0.0:7777"),
]


@pytest.mark.parametrize("text, normalised", ENDPOINTS, ids=[e[0][:40] for e in ENDPOINTS])
def test_endpoints_that_parse(steady, text, normalised):
    put = steady.put("/v1/user/endpoint", {"option": "Set", "content": text}, "user2")
    assert put.status == 204
    assert steady.peer("user2")["endpoint"] == normalised
    assert steady.put("/v1/user/candidates", [text], "user2").status == 204
    assert json.loads(steady.peer("user2")["candidates"]) == [normalised]
    assert steady.seen("user2", "user2")["candidates"] == [normalised]


BAD_ENDPOINTS = [
    "1.2.3.4", "", ":", "1.2.3.4:", "1.2.3.4: ", "1.2.3.4: 80", "1.2.3.4:80 ", "1.2.3.4:-80",
    "1.2.3.4:65536", "1.2.3.4:x", "1.2.3.4:++5", "1.2.3.4:99999999999999999999",
    "[::1%eth0]:1", "[fe80::1:1", "[]:1", "[::1]x:1", "[1:2:3:4:5:6:7:8:9]:1", "[::01.2.3.4]:1",
    "[::1::]:1", "::1:80", ":80", "4294967296:1", "256.1.1.1:1", "foo.0x:1", "1.1.1.1.1:1",
    "foo.1:1", "1.2.256.1:1", "0x100.1.1.1:1", "08.1:1", "a b:1", "a\tb:1", "a\x00b:1", "a\x7fb:1",
    "a#b:1", "a/b:1", "a:b:1", "a<b:1", "a>b:1", "a?b:1", "a@b:1", "a[b:1", "a\\b:1", "a]b:1",
    "a^b:1", "a|b:1", "a%b:1", "a%00b:1", "a%20b:1", "%:1", "http://x:1", "a%2fb:1",
]


@pytest.mark.parametrize("text", BAD_ENDPOINTS, ids=ascii)
def test_endpoints_that_do_not(steady, text):
    before = steady.everything()
    put = steady.put("/v1/user/endpoint", {"option": "Set", "content": text}, "user2")
    assert put.status == 400
    assert steady.put("/v1/user/candidates", ["1.1.1.1:1", text], "user2").status == 400
    assert steady.everything() == before


@pytest.mark.parametrize("text, puny", [
    ("bücher.example:1", "xn--bcher-kva.example:1"), ("faß.de:1", "xn--fa-hia.de:1"),
    ("example\u3002com:1", "example.com:1"), ("\uff11.2.3.4:1", "1.2.3.4:1")])
def test_non_ascii_hosts_are_refused_or_mapped(steady, text, puny):
    """0.6 leaves the choice; what must not be is a third thing."""
    before = steady.everything()
    status = steady.put("/v1/user/endpoint", {"option": "Set", "content": text}, "user2").status
    if status == 400:
        assert steady.everything() == before
    else:
        assert (status, steady.peer("user2")["endpoint"]) == (204, puny)


# --- 0.8 JSON ------------------------------------------------------------------------------------

NAME = '{"name":%s,"cidr":"%s","parent":1}'


def put_name(net, fx, json_text, frame=NAME):
    body = (frame % (json_text, fx.cidrs["developer"])).encode("utf-8", "surrogatepass")
    return net.put("/v1/admin/cidrs/4", body)


@pytest.mark.parametrize("sent, name, shown", [
    (r'"a\"b"', 'a"b', r'"a\"b"'), (r'"a\\b"', "a\\b", r'"a\\b"'), (r'"a\/b"', "a/b", '"a/b"'),
    ('"a/b"', "a/b", '"a/b"'), (r'"\u0041\u00e4"', "Aä", '"Aä"'), ('"日本"', "日本", '"日本"'),
    (r'"\ud83d\ude00"', "😀", '"😀"'), ('"😀"', "😀", '"😀"')], ids=ascii)
def test_strings_in_and_out(steady, fx, sent, name, shown):
    assert put_name(steady, fx, sent).status == 204
    assert steady.rows("cidrs")[3]["name"] == name
    assert f'{{"id":4,"name":{shown},"cidr":'.encode() in steady.get("/v1/admin/cidrs").body


@pytest.mark.parametrize("text", [
    r'"\ud83d"', r'"\ude00"', r'"\ude00\ud83d"', r'"\u12"', r'"\x41"', r'"\u00zz"', '"a\nb"',
    '"a', "'a'", "a", "1", "true", '["a"]', "null", "{}"], ids=ascii)
def test_strings_that_are_none(steady, fx, text):
    before = steady.everything()
    assert put_name(steady, fx, text).status == 400
    assert steady.everything() == before


@pytest.mark.parametrize("raw", [b"\xff", b"\xc3", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80",
                                 b"\xf0\x80\x80\xaf", b"\xe4"], ids=repr)
def test_invalid_utf8(steady, fx, raw):
    before = steady.everything()
    body = b'{"name":"x%s","cidr":"%s"}' % (raw, fx.cidrs["developer"].encode())
    assert steady.put("/v1/admin/cidrs/4", body).status == 400
    assert steady.everything() == before


def valid_put(fx):
    return b'{"name":"developer","cidr":"%s","parent":1}' % fx.cidrs["developer"].encode()


@pytest.mark.parametrize("before_it, after_it, status", [
    (b"", b"", 204), (b" \t\r\n", b"", 204), (b"", b" \t\r\n", 204), (b"\xef\xbb\xbf", b"", 400),
    (b"", b"x", 400), (b"", b"{}", 400), (b"", b",", 400), (b"", b"\x00", 400), (b"\x00", b"", 400),
    (b"\x0b", b"", 400), (b"[", b"]", 400), (b"//x\n", b"", 400), (b"", b"null", 400)], ids=repr)
def test_one_value_and_blanks(steady, fx, before_it, after_it, status):
    steady.put("/v1/admin/cidrs/4", valid_put(fx))
    body = before_it + valid_put(fx) + after_it
    assert steady.put("/v1/admin/cidrs/4", body).status == status


def nested(depth):
    return "[" * depth + "]" * depth


@pytest.mark.parametrize("extra, status", [
    ('"more":1', 204), ('"more":{"name":"x","cidr":0}', 204), (f'"more":{nested(100)}', 204),
    (f'"more":{nested(130)}', 400), (f'"more":{nested(4000)}', 400), ('"Name":"x"', 204),
    ('"name":"developer"', 400), ('"parent":1', 400), ('"more":1.5e300', 204), ('"id":"x"', 204),
    ('"more":tru', 400), ('"more":01', 400), ('"more":.5', 400), ('"more":NaN', 400),
    ('"more":', 400), ('more:1', 400), ('"more":"\\q"', 400)], ids=lambda v: str(v)[:40])
def test_members(steady, fx, extra, status):
    """Unknown ones are ignored if they are JSON, known ones come once, nesting has a limit."""
    steady.put("/v1/admin/cidrs/4", valid_put(fx))
    before = steady.everything()
    body = valid_put(fx)[:-1] + b"," + extra.encode() + b"}"
    assert steady.put("/v1/admin/cidrs/4", body).status == status
    assert steady.everything() == before


@pytest.mark.parametrize("body", [
    b"", b" ", b"{", b"}", b"[]", b"null", b"true", b"1", b'""', b'{"name":"developer"', b"\xff\xfe",
    b"{'name':'x'}", b'{"name":"developer",}', b'{"name" "developer"}', b"<xml/>", b"\x00" * 100])
def test_bodies_that_are_no_record(steady, body):
    before = steady.everything()
    for method, target in (("PUT", "/v1/admin/cidrs/4"), ("POST", "/v1/admin/cidrs"),
                           ("PUT", "/v1/admin/peers/4"), ("POST", "/v1/admin/peers"),
                           ("POST", "/v1/admin/associations"), ("PUT", "/v1/user/endpoint")):
        assert steady.request(method, target, body).status == 400, (method, target)
    assert steady.everything() == before


def peer_with(fx, **literal):
    """Valid contents of a new peer in which some values are replaced by literal JSON."""
    fields = {k: json.dumps(v) for k, v in peer_contents("dev", fx.spare[0], 4).items()} | literal
    return ("{" + ",".join(f'"{k}":{v}' for k, v in fields.items()) + "}").encode()


@pytest.mark.parametrize("field, value", [
    ("cidr_id", "4.0"), ("cidr_id", "4e0"), ("cidr_id", '"4"'), ("cidr_id", "true"),
    ("cidr_id", "9223372036854775808"), ("cidr_id", "null"), ("is_admin", "0"), ("is_admin", "1"),
    ("is_admin", '"true"'), ("is_disabled", "null"), ("is_redeemed", "0"),
    ("persistent_keepalive_interval", "65536"), ("persistent_keepalive_interval", "-1"),
    ("persistent_keepalive_interval", "25.0"), ("persistent_keepalive_interval", '"25"'),
    ("persistent_keepalive_interval", "2.5e1"), ("candidates", "null"), ("candidates", "{}"),
    ("candidates", '"1.1.1.1:1"'), ("candidates", '["x"]'), ("endpoint", "1"), ("endpoint", '""'),
    ("ip", "null"), ("ip", "1"), ("public_key", "null"), ("name", "1"),
    ("invite_expires", "1"), ("invite_expires", '"2026"'), ("invite_expires", "{}"),
    ("invite_expires", "[]"), ("invite_expires", "[1]"), ("invite_expires", "[1,2,3]")], ids=str)
def test_fields_of_the_wrong_type(steady, fx, field, value):
    before = steady.everything()
    assert steady.post("/v1/admin/peers", peer_with(fx, **{field: value})).status == 400
    assert steady.everything() == before


def test_an_unknown_id_in_contents_is_ignored(net, fx):
    assert net.post("/v1/admin/peers", peer_with(fx, id="99")).json["id"] == 7


# --- 0.9 times -----------------------------------------------------------------------------------

def expires(fx, text):
    return peer_with(fx, invite_expires=text, public_key=json.dumps(new_key()))


@pytest.mark.parametrize("text, echoed", [
    ("null", None), ('{"secs_since_epoch":1900000000,"nanos_since_epoch":0}', seconds(1900000000)),
    ('{"nanos_since_epoch":5,"secs_since_epoch":1900000000}', seconds(1900000000, 5)),
    ("[1900000000,7]", seconds(1900000000, 7)),
    ('{"secs_since_epoch":1900000000,"nanos_since_epoch":1999999999}',
     seconds(1900000001, 999999999)),
    ('{"secs_since_epoch":1900000000,"nanos_since_epoch":4294967295}',
     seconds(1900000004, 294967295)),
    ('{"secs_since_epoch":9223372036854775807,"nanos_since_epoch":0}', seconds(2**63 - 1)),
    ('{"secs_since_epoch":0,"nanos_since_epoch":0}', seconds(0))])
def test_times(net, fx, text, echoed):
    answer = net.post("/v1/admin/peers", expires(fx, text))
    assert answer.status == 201
    assert answer.json["invite_expires"] == echoed
    if echoed:
        # Keys in this order, and stored as whole seconds, rounded down.
        assert list(answer.json["invite_expires"]) == ["secs_since_epoch", "nanos_since_epoch"]
        assert net.peer("dev")["invite_expires"] == echoed["secs_since_epoch"]
        listed = net.get("/v1/admin/peers").json[-1]["invite_expires"]
        assert listed == seconds(echoed["secs_since_epoch"])


@pytest.mark.parametrize("text", [
    '{"secs_since_epoch":1900000000}', '{"nanos_since_epoch":0}', "1900000000",
    '{"secs_since_epoch":1900000000,"nanos_since_epoch":0,"more":1}',
    '{"secs_since_epoch":-1,"nanos_since_epoch":0}', '{"secs_since_epoch":1,"nanos_since_epoch":-1}',
    '{"secs_since_epoch":1.0,"nanos_since_epoch":0}',
    '{"secs_since_epoch":1,"nanos_since_epoch":4294967296}',
    '{"secs_since_epoch":9223372036854775808,"nanos_since_epoch":0}',
    '{"secs_since_epoch":9223372036854775807,"nanos_since_epoch":1000000000}',
    '{"secs_since_epoch":18446744073709551616,"nanos_since_epoch":0}',
    '{"secs_since_epoch":1,"secs_since_epoch":1,"nanos_since_epoch":0}',
    '{"secs_since_epoch":null,"nanos_since_epoch":0}'])
def test_times_that_are_none(steady, fx, text):
    before = steady.everything()
    assert steady.post("/v1/admin/peers", expires(fx, text)).status == 400
    assert steady.everything() == before


# --- 0.8 the array form (optional): taken in full or refused, never half --------------------------

def test_array_form_of_records(net, fx):
    before = net.everything()
    answer = net.post("/v1/admin/cidrs", ["ci", fx.experimental, 1])
    if answer.status == 400:
        assert net.everything() == before
    else:
        assert (answer.status, answer.json["name"]) == (201, "ci")
        assert answer.json["cidr"] == fx.experimental
