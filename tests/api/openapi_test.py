"""The description of the API against what it describes: the route table, the
error table, the web server's pages, and itself."""

import copy
import glob
import json
import os
import subprocess

import pytest

from conftest import BUILD, CHECKOUT
from support.client import BOOKINGS, new_flight
from support.description import ADDRESS, DESCRIPTION, PATH, Description

DOCUMENT = DESCRIPTION.document


def program(*arguments):
    path = os.path.join(CHECKOUT, BUILD, "bin", arguments[0])
    return subprocess.run([path, *arguments[1:]], check=True, timeout=20,
                          stdout=subprocess.PIPE, text=True).stdout


def web_server_errors():
    """{(status, code)} of the pages that stand in for the web server's."""
    pages = glob.glob(os.path.join(CHECKOUT, "conf", "errors", "*.html"))
    found = set()
    for page in pages:
        with open(page, encoding="utf-8") as content:
            error = json.load(content)["error"]
        found.add((int(os.path.basename(page)[:3]), error["code"]))
    return found


@pytest.fixture(scope="module")
def table():
    """{code: (status, sentence)} of the service's own errors."""
    rows = [line.split("\t") for line
            in program("bookingctl", "errors").splitlines()]
    return {code: (int(status), sentence)
            for status, code, _, sentence in rows}


def responses():
    """(operation id, key, response) of everything that is described."""
    for _, _, operation in DESCRIPTION.operations():
        for key, response in operation["responses"].items():
            yield operation["operationId"], key, DESCRIPTION.resolve(response)


def described_errors():
    """{(status, code)} that some operation answers."""
    found = set()
    for _, key, response in responses():
        for media in response.get("content", {}).values():
            found |= DESCRIPTION.codes(
                media, int(key) if key.isdigit() else None)
    return found


# --- against the service -----------------------------------------------------

def test_served_as_it_is_written(anonymous):
    response = anonymous.get(ADDRESS)
    assert response.status_code == 200
    with open(PATH, "rb") as file:
        assert response.content == file.read()
    assert response.headers["Content-Type"] == \
        "application/json; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-cache"


def test_not_sent_again_to_who_has_it(anonymous):
    tag = anonymous.get(ADDRESS).headers["ETag"]
    for tags in (tag, f'"other", W/{tag}', "*"):
        again = anonymous.get(ADDRESS, headers={"If-None-Match": tags})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == tag
    assert anonymous.get(
        ADDRESS, headers={"If-None-Match": '"other"'}).status_code == 200


def test_every_route_is_described_and_nothing_else():
    routes = {tuple(line.split("\t")[:2])
              for line in program("booking.fcgi", "--routes").splitlines()}
    assert routes == {(method, path)
                      for path, method, _ in DESCRIPTION.operations()}


def test_every_error_is_described_under_its_status_and_no_other(table):
    known = {(status, code) for code, (status, _) in table.items()}
    assert described_errors() == known | web_server_errors()


def test_codes_are_listed_once(table):
    listed = DOCUMENT["components"]["schemas"]["ErrorCode"]["enum"]
    assert len(listed) == len(set(listed))
    assert set(listed) == set(table) | {c for _, c in web_server_errors()}


def test_example_sentences_are_those_of_the_table(table):
    for name, example in DOCUMENT["components"]["examples"].items():
        sentence = table.get(name, (0, ""))[1]
        if sentence:
            assert example["value"]["error"]["message"] == sentence, name


def test_statuses_of_ranges_belong_to_them():
    for operation, key, response in responses():
        if key.isdigit():
            continue
        for media in response["content"].values():
            for status, code in DESCRIPTION.codes(media, None):
                assert status and str(status)[0] == key[0], (operation, code)


# --- against itself ------------------------------------------------------------

def media_types():
    """(where, media type) of every body."""
    for path, method, operation in DESCRIPTION.operations():
        body = DESCRIPTION.resolve(operation.get("requestBody", {}))
        for kind, media in body.get("content", {}).items():
            yield f"{method} {path} body {kind}", media
    for operation, key, response in responses():
        for kind, media in response.get("content", {}).items():
            yield f"{operation} {key} {kind}", media


def test_every_body_has_examples_and_they_fit():
    for where, media in media_types():
        examples = media.get("examples", {})
        # The example of a description would be another one.
        assert examples or where.startswith("getDescription 200"), where
        for name, example in examples.items():
            mistakes = DESCRIPTION.mistakes(
                media["schema"], DESCRIPTION.resolve(example)["value"])
            assert not mistakes, f"{where} {name}: {mistakes}"


def test_examples_of_schemas_fit():
    for name, schema in DOCUMENT["components"]["schemas"].items():
        for example in schema.get("examples", ()):
            assert not DESCRIPTION.mistakes(schema, example), name


def test_answers_are_closed():
    """Objects of answers name all their fields, and have all but those of
    which absence says something."""
    optional = {"details", "fields"}

    def look(schema, where):
        schema = DESCRIPTION.resolve(schema)
        for name, part in schema.get("properties", {}).items():
            look(part, f"{where}.{name}")
        for part in (*schema.get("anyOf", ()), schema.get("items", {})):
            if part:
                look(part, where)
        if schema.get("type") == "object":
            assert schema["additionalProperties"] is False, where
            assert set(schema["properties"]) - optional <= \
                set(schema["required"]), where

    for operation, key, response in responses():
        for media in response.get("content", {}).values():
            if operation != "getDescription" or key != "200":
                look(media["schema"], f"{operation} {key}")


def test_every_path_parameter_is_described():
    for path, method, operation in DESCRIPTION.operations():
        named = {p["name"] for p in DESCRIPTION.parameters(path, operation)
                 if p["in"] == "path"}
        assert named == {part[1:-1] for part in path.split("/")
                         if part.startswith("{")}, (method, path)


# --- the check of answers itself ---------------------------------------------

class Altered:
    """An answer with some things changed."""

    def __init__(self, response, status=None, headers=(), body=None):
        self.request = response.request
        self.status_code = status or response.status_code
        self.headers = copy.copy(response.headers)
        for name, value in dict(headers).items():
            self.headers[name] = value
            if value is None:
                del self.headers[name]
        self.content = response.content
        if body:
            value = response.json()
            body(value)
            self.content = json.dumps(value).encode()
        self.text = self.content.decode()


ALTERATIONS = {
    "an undescribed status": ({"status": 202}, "status is not described"),
    "a further field": (
        {"body": lambda b: b["data"].update(seat="1A")}, "Additional"),
    "a missing field": (
        {"body": lambda b: b["data"].pop("currency")}, "currency"),
    "a wrong type": (
        {"body": lambda b: b["data"].update(passengers_count="1")}, "'1'"),
    "a word that is none of a list": (
        {"body": lambda b: b["data"].update(status="NEW")}, "NEW"),
    "a price of one decimal": (
        {"body": lambda b: b["data"].update(total_price=299.5)}, "decimal"),
    "a whole price": (
        {"body": lambda b: b["data"].update(total_price=300.25)}, None),
    "another kind of body": (
        {"headers": {"Content-Type": "text/html"}}, "text/html"),
    "no Location": ({"headers": {"Location": None}}, "Location is missing"),
    "a Location elsewhere": (
        {"headers": {"Location": "/bookings/1"}}, "Location"),
    "a header that nobody told of": (
        {"headers": {"Allow": "GET"}}, "Allow is not described"),
    "an error without its status": (
        {"status": 400, "headers": {"Location": None, "ETag": None}},
        "True|False was expected"),
}


@pytest.mark.parametrize("name", ALTERATIONS)
def test_answers_that_are_not_as_described_are_seen(api, name):
    how, pattern = ALTERATIONS[name]
    response = api.book(new_flight())
    wrong = DESCRIPTION.wrong("POST", BOOKINGS, Altered(response, **how))
    if pattern is None:
        assert wrong == ""
    else:
        assert any(part in wrong for part in pattern.split("|")), wrong


def test_error_codes_that_do_not_belong_are_seen(api):
    refused = api.booking("nothing")

    def as_conflict(body):
        body["error"]["code"] = "SEAT_UNAVAILABLE"

    assert DESCRIPTION.wrong("GET", f"{BOOKINGS}/nothing", refused) == ""
    assert "error code" in DESCRIPTION.wrong(
        "GET", f"{BOOKINGS}/nothing", Altered(refused, body=as_conflict))


def test_addresses_and_methods_that_are_not_described(anonymous):
    for path in ("/api/v1", f"{BOOKINGS}/", "/api/v1/nothing", "/nothing",
                 f"{BOOKINGS}/a/b/c"):
        assert anonymous.get(path).status_code == 404
    for path in DESCRIPTION.paths:
        target = path.replace("{", "").replace("}", "")
        assert anonymous.request("OPTIONS", target).status_code == 204
        assert anonymous.request("PUT", target).status_code == 405
    less = Description({**DOCUMENT, "paths": {}})
    options = anonymous.request("OPTIONS", BOOKINGS)
    assert less.wrong("OPTIONS", BOOKINGS, options)
