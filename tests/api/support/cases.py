"""Requests made from the API's description: right ones, wrong ones, and ones
that are no requests any more. For Hypothesis."""

import dataclasses
import datetime
import json
import string

from hypothesis import strategies as st

from .description import DESCRIPTION

FIRST_DAY = datetime.date(1900, 1, 1)
LAST_DAY = datetime.date(2024, 12, 31)
FLIGHTS = [*(f"F180-generated-{n}" for n in range(8)), "F3-generated",
           "X-cancelled", "X-departed", "X-full", "X-last", "X-named", "X-eur",
           "nobody-knows-it"]
NAMES = st.text(st.characters(blacklist_categories=("C", "Z")),
                min_size=1, max_size=100)
EMAILS = st.from_regex(r"[a-z]{1,20}@[a-z]{1,20}\.example", fullmatch=True)
# What a schema cannot say, or says too loosely to be accepted often.
MEANT = {
    "flight_id": st.sampled_from(FLIGHTS),
    "date_of_birth": st.none() | st.dates(FIRST_DAY, LAST_DAY).map(str),
    "email": EMAILS,
    "first_name": NAMES, "last_name": NAMES,
    "is_primary": st.sampled_from([None, False]),
    "from": st.dates(FIRST_DAY, LAST_DAY).map(str),
    "to": st.datetimes().map(lambda time: f"{time.isoformat()}Z"),
}

# --- values ---------------------------------------------------------------------

HUGE = [2**31, 2**32, 2**63, 2**64, 10**400, -2**63 - 1, 1e308, 5e-324, -0.0]
ODD_TEXTS = ["", " ", "\0", "\x1f", "\x7f", "\x85", "\u2028", "\ufeff", "é",
             "e\u0301", "\U0001f6eb", "null", "true", "0", "-1", "1e999",
             "'; DROP TABLE bookings; --", "%s%n", "../../etc/passwd",
             "<script>", "a" * 101, "a" * 256, "a" * 501, "é" * 1001,
             "a" * 4096, "\U0001f6eb" * 100, "2024-02-30", "12A ", "0A",
             "+123456", "a@b", "a@" + "b" * 64 + ".c", "@", "a@b@c"]
ODD_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-10, 10), st.sampled_from(HUGE),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(ODD_TEXTS), st.text(max_size=30),
    st.recursive(st.none() | st.integers() | st.text(max_size=5),
                 lambda inner: st.lists(inner, max_size=3)
                 | st.dictionaries(st.text(max_size=5), inner, max_size=3),
                 max_leaves=6),
    st.integers(1, 40).map(lambda depth: json.loads(
        "[" * depth + "]" * depth)),
    st.integers(10, 30).map(lambda count: [{}] * count))


def values(schema, name=""):
    """Values that fit a schema."""
    if name in MEANT:
        return MEANT[name]
    schema = DESCRIPTION.resolve(schema)
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of([values(part) for part in schema["anyOf"]])
    kinds = schema["type"]
    kinds = [kinds] if isinstance(kinds, str) else kinds
    return st.one_of([VALUES_OF[kind](schema) for kind in kinds])


def strings(schema):
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True)
    return st.text(st.characters(blacklist_categories=("Cs", "Cc")),
                   min_size=schema.get("minLength", 0),
                   max_size=min(schema.get("maxLength", 40), 120))


def objects(schema):
    fields = {name: values(part, name)
              for name, part in schema["properties"].items()}
    required = set(schema.get("required", ()))
    return st.fixed_dictionaries(
        {name: fields[name] for name in fields if name in required},
        optional={name: fields[name] for name in fields
                  if name not in required})


def arrays(schema):
    return st.lists(values(schema["items"]),
                    min_size=schema.get("minItems", 0),
                    max_size=min(schema.get("maxItems", 5), 18),
                    unique=schema.get("uniqueItems", False))


VALUES_OF = {
    "string": strings, "object": objects, "array": arrays,
    "integer": lambda schema: st.integers(schema.get("minimum", 0),
                                          schema.get("maximum", 1000)),
    "boolean": lambda schema: st.booleans(),
    "null": lambda schema: st.none(),
}


# --- bodies ---------------------------------------------------------------------

def places(value):
    """Every place below a value: the container and its key."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, part in list(pairs):
        yield value, key
        if isinstance(part, (dict, list)):
            yield from places(part)


@st.composite
def altered(draw, schema):
    """A value that fits, with one to three places spoilt."""
    value = draw(values(schema))
    for _ in range(draw(st.integers(1, 3))):
        all_places = list(places(value))
        if not all_places or draw(st.integers(0, 9)) == 0:
            value[draw(st.text(max_size=10))] = draw(ODD_VALUES)
            continue
        container, key = draw(st.sampled_from(all_places))
        if isinstance(container, dict) and draw(st.booleans()):
            del container[key]
        else:
            container[key] = draw(ODD_VALUES)
    return value


def cut(text, at):
    return text[:at % (len(text) + 1)]


def insert(junk):
    return lambda text, at: text[:at % (len(text) + 1)] + junk \
        + text[at % (len(text) + 1):]


SPOILERS = [
    cut, insert(b"\xff"), insert(b"\0"), insert(b"'"), insert(b","),
    insert(b"NaN"), insert(b"//"), insert(b"\\ud800"), insert(b"{"),
    insert(b"\xc0\xaf"), insert(b"\xed\xa0\x80"),
    lambda text, at: b"",
    lambda text, at: text + text,
    lambda text, at: b"\xef\xbb\xbf" + text,
    lambda text, at: b"[" + text + b"]",
    lambda text, at: text.replace(b'"', b"'"),
    lambda text, at: text.decode("utf-8").encode("utf-16"),
    lambda text, at: b'{"a":1,"a":2,' + text[1:],
    lambda text, at: b'{"a":' + b"[" * at + b"]" * at + b"," + text[1:],
    lambda text, at: b'{"a":1e999,"b":-0,"c":1E+2,' + text[1:],
    lambda text, at: text[:-1] + b" " * 70000 + text[-1:],
    lambda text, at: b'{"passengers":' + b'[' * 30000,
    lambda text, at: b'"' + text.replace(b'"', b"") + b'"',
]


def written(value):
    return st.sampled_from([True, False]).map(
        lambda ascii: json.dumps(value, ensure_ascii=ascii)
        .encode("utf-8", "surrogatepass"))


@dataclasses.dataclass
class Body:
    content: bytes = None
    # The value, when what was sent is surely its JSON.
    value: object = None


def with_text(values_made):
    return values_made.flatmap(lambda value: written(value).map(
        lambda text: Body(text, value)))


def right_bodies(schema):
    return with_text(values(schema))


def wrong_bodies(schema):
    spoilt = st.builds(
        lambda value, spoil, at: Body(spoil(json.dumps(value).encode(), at)),
        values(schema), st.sampled_from(SPOILERS), st.integers(0, 400))
    return st.one_of(with_text(altered(schema)), with_text(altered(schema)),
                     spoilt, st.just(Body()))


# --- parameters --------------------------------------------------------------------

VISIBLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7e),
                  max_size=60)
LATIN = st.text(st.characters(min_codepoint=0xa1, max_codepoint=0xff),
                min_size=1, max_size=20)
ODD_HEADERS = VISIBLE.map(str.strip) | LATIN | st.sampled_from(
    ["", "*", '"1"', 'W/"1"', '"1", "2"', '""', '"', "1", '"0"', '"-1"',
     '"4294967296"', '"' + "9" * 300 + '"', ", ".join(['"1"'] * 40),
     "a" * 256, "a" * 9000])
ODD_QUERIES = st.sampled_from(
    ["", "0", "-1", "+1", "01", "1.0", "1e3", "101", str(2**31), str(2**63),
     "9" * 400, "%00", "%", "%zz", "%ff", "%c0%af", "null", "[]", " ", "a" * 900,
     "2025-01-08", "2025-02-30", "2025-01-08T10:30:00Z", "0000-00-00",
     "9999-12-31", "-created_at", "confirmed", "BK-20250108-001",
     "AQAAAAAAAAAA"]) | st.text(max_size=20)
ODD_SEGMENTS = st.sampled_from(
    ["0", "-", "%00", "%2f", "%2F..", "%ff", "%zz", "%", "%25", "%20", "+",
     "BK-20250108-001", "BK-00000000-000", "bk-20250108-001", "user", "seats",
     "history", "confirm", "00000000-0000-0000-0000-000000000000",
     "FFFFFFFF-FFFF-7FFF-BFFF-FFFFFFFFFFFF", "1'", "a" * 300, "a;b", "~"]) \
    | st.text(string.ascii_letters + string.digits + "-_.:~%", min_size=1,
              max_size=40) \
    | st.text(min_size=1, max_size=8)
JUNK_TOKENS = ["Bearer", "Bearer ", "Bearer a.b.c", "Basic dXNlcjpwYXNz",
               "bearer x", "Bearer " + "a" * 7000, "Bearer \xff", "a.b.c",
               "Bearer eyJhbGciOiJub25lIn0.eyJpZCI6MX0."]
RIGHT_KINDS = ["application/json", "application/json; charset=utf-8",
               "APPLICATION/JSON", 'application/json;charset="UTF-8"']
WRONG_KINDS = [None, "", "text/plain", "application/json; charset=latin-1",
               "application/jsonx", "multipart/form-data; boundary=x",
               "application/x-www-form-urlencoded", "/", ";", "a" * 500]


@dataclasses.dataclass
class Case:
    """A request, but for what has to exist before it."""
    method: str
    path: str
    segments: dict
    query: list
    headers: dict
    token: str
    body: Body


# What a case may have wrong; none to two of these.
PARTS = ("token", "segments", "query", "headers", "kind", "body", "body")
ODD_SEGMENT = ODD_SEGMENTS.map(lambda text: "=" + text)


@st.composite
def queries(draw, parameters, wrong):
    query = []
    for parameter in parameters:
        name = parameter["name"]
        # Nobody can make up a cursor.
        if draw(st.integers(0, 2)) or name == "cursor" and not wrong:
            continue
        right = values(parameter["schema"], name).map(str)
        for _ in range(draw(st.integers(1, 2)) if wrong else 1):
            query.append(
                (name, draw(right | ODD_QUERIES if wrong else right)))
    if wrong and draw(st.booleans()):
        query.append((draw(st.text(max_size=5)), draw(ODD_QUERIES)))
    return query


@st.composite
def cases(draw, path, method, operation):
    wrong = draw(st.sets(st.sampled_from(PARTS), max_size=2))
    parameters = DESCRIPTION.parameters(path, operation)
    placed = {place: [p for p in parameters if p["in"] == place]
              for place in ("path", "query", "header")}
    headers = {p["name"]: draw(ODD_HEADERS if "headers" in wrong
                               else values(p["schema"]))
               for p in placed["header"] if draw(st.integers(0, 2)) == 0}
    token = draw(st.sampled_from(["service", "stranger", "none", "junk"]
                                 if "token" in wrong else ["owner", "admin"]))
    if token == "junk":
        headers["Authorization"] = draw(st.sampled_from(JUNK_TOKENS))
    body = draw_body(draw, operation, "body" in wrong)
    if body.content is not None:
        kind = draw(st.sampled_from(WRONG_KINDS if "kind" in wrong
                                    else RIGHT_KINDS))
        if kind is not None:
            headers["Content-Type"] = kind
    return Case(
        method="HEAD" if method == "GET" and draw(st.integers(0, 9)) == 0
        else method,
        path=path, headers=headers, token=token, body=body,
        query=draw(queries(placed["query"], "query" in wrong)),
        # "own" and "new": one that exists, or that is made for this request.
        segments={p["name"]: draw(ODD_SEGMENT if "segments" in wrong
                                  else st.sampled_from(["own", "new"]))
                  for p in placed["path"]})


def draw_body(draw, operation, wrong):
    content = operation.get("requestBody", {}).get("content")
    if content:
        schema = content["application/json"]["schema"]
        return draw(wrong_bodies(schema) if wrong else right_bodies(schema))
    # Nobody asked for one.
    return Body(draw(st.binary(max_size=20))) if wrong else Body()
