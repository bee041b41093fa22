"""The API's description (src/app/openapi.json), and answers held to it.

What the description does not have, the service must not answer: another
status, another error code, a further field, a header nobody told of.
"""

import decimal
import functools
import json
import os
import re

import jsonschema

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), *[".."] * 3,
                    "src", "app", "openapi.json")
ADDRESS = "/api/v1/openapi.json"
# Not part of the API: pages that the web server has.
ELSEWHERE = re.compile(r"/docs(/|$)")
# What a path or method that is not described may answer.
ANY = {"4XX": {"$ref": "#/components/responses/OtherRefusal"},
       "5XX": {"$ref": "#/components/responses/OtherFailure"},
       "503": {"$ref": "#/components/responses/Overloaded"}}
FORMATS = jsonschema.FormatChecker(formats=("date",))


@FORMATS.checks("decimal")
def two_decimals(value):
    """Numbers are read as decimals, so that what was written can be seen."""
    return not isinstance(value, decimal.Decimal) \
        or value.as_tuple().exponent == -2


class Description:
    def __init__(self, document):
        self.document = document
        self.paths = document["paths"]
        self._resolver = jsonschema.RefResolver("", document)
        self._patterns = [(path_pattern(path), path) for path in sorted(
            self.paths, key=lambda path: [
                part.startswith("{") for part in path.split("/")])]

    # --- finding -------------------------------------------------------------

    def resolve(self, node):
        while "$ref" in node:
            _, node = self._resolver.resolve(node["$ref"])
        return node

    def paths_of(self, target):
        """The paths, as described, that a request target fits: where two
        differ first, a word comes before a parameter."""
        path = target.partition("?")[0]
        return [template for pattern, template in self._patterns
                if pattern.fullmatch(path)]

    def operations(self):
        """(path, method, operation) of each."""
        for path, item in self.paths.items():
            for method, operation in item.items():
                if method != "parameters":
                    yield path, method.upper(), operation

    def parameters(self, path, operation):
        return [self.resolve(p) for p in (
            *self.paths[path].get("parameters", ()),
            *operation.get("parameters", ()))]

    def methods(self, paths):
        """What Allow lists for them."""
        methods = {method.upper() for path in paths
                   for method in self.paths[path] if method != "parameters"}
        return methods | {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())

    # --- schemas ---------------------------------------------------------------

    @functools.lru_cache(maxsize=None)
    def _validator(self, schema):
        return jsonschema.Draft202012Validator(
            json.loads(schema), resolver=self._resolver,
            format_checker=FORMATS)

    def mistakes(self, schema, value):
        """What is wrong with a value, in one text; empty when nothing is."""
        errors = self._validator(json.dumps(schema)).iter_errors(value)
        return "; ".join(f"{e.json_path}: {e.message[:300]}" for e in errors)

    # --- answers ---------------------------------------------------------------

    def check(self, response):
        """Fails with what the description does not have of an answer."""
        method = response.request.method
        target = response.request.path_url
        if ELSEWHERE.match(target):
            return
        wrong = self.wrong(method, target, response)
        assert not wrong, f"{method} {target} → {response.status_code} is " \
            f"not as described: {wrong}\n{response.text[:2000]}"

    def wrong(self, method, target, response):
        paths = self.paths_of(target)
        if paths and response.status_code in (204, 405):
            return self._wrong_allow(paths, response) or (
                "" if method == "OPTIONS" and response.status_code == 204
                else self._wrong_answer(ANY, method, response))
        wanted = "get" if method == "HEAD" else method.lower()
        operation = next((self.paths[path][wanted] for path in paths
                          if wanted in self.paths[path]), None)
        return self._wrong_answer(
            operation["responses"] if operation else ANY, method, response)

    def _wrong_allow(self, paths, response):
        allowed = set(response.headers.get("Allow", "").split(", "))
        if allowed == self.methods(paths):
            return ""
        return f"Allow is {allowed}, described are {self.methods(paths)}"

    def _wrong_answer(self, responses, method, response):
        status = str(response.status_code)
        candidates = [self.resolve(responses[key])
                      for key in (status, status[0] + "XX")
                      if key in responses]
        if not candidates:
            return "the status is not described"
        return min((self._wrong_response(c, method, response)
                    for c in candidates), key=bool)

    def _wrong_response(self, described, method, response):
        return self._wrong_headers(described, response) or (
            "" if method == "HEAD" else self._wrong_body(described, response))

    def _wrong_headers(self, described, response):
        headers = {name: self.resolve(header) for name, header
                   in described.get("headers", {}).items()}
        for name in self.document["components"]["headers"]:
            value = response.headers.get(name)
            if value is None:
                if headers.get(name, {}).get("required"):
                    return f"{name} is missing"
            elif name not in headers:
                return f"{name} is not described"
            else:
                mistake = self.mistakes(headers[name]["schema"], value)
                if mistake:
                    return f"{name}: {mistake}"
        return ""

    def _wrong_body(self, described, response):
        content = described.get("content")
        if content is None:
            return "a body is not described" if response.content else ""
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        if kind not in content:
            return f"{kind or 'no type'} is not described"
        value = response.text
        if kind == "application/json":
            value = json.loads(response.content, parse_float=decimal.Decimal)
        return self.mistakes(content[kind]["schema"], value) or \
            self._wrong_code(content[kind], response.status_code, value)

    def _wrong_code(self, media, status, value):
        """Each error code that a response can have is one of its examples."""
        if not isinstance(value, dict) or "error" not in value:
            return ""
        if (status, value["error"]["code"]) in self.codes(media, status):
            return ""
        return "the error code is not described for this status"

    def codes(self, media, status):
        """(status, code) of the examples; in a range each names its own."""
        examples = [self.resolve(e) for e in media.get("examples",
                                                       {}).values()]
        return {(e.get("x-http-status", status), e["value"]["error"]["code"])
                for e in examples if "error" in e["value"]}


def path_pattern(path):
    """One whole segment for each {name}."""
    return re.compile("".join(
        "[^/]+" if part.startswith("{") else re.escape(part)
        for part in re.split(r"(\{[^}]*\})", path)))


with open(PATH, encoding="utf-8") as file:
    DESCRIPTION = Description(json.load(file))
