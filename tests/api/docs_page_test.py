"""The page at /docs, in a browser: it shows every operation, books a seat, and
talks to nobody else."""

import json
import os
import re
import urllib.parse

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from conftest import CHECKOUT
from support import token as tokens
from support.client import BOOKINGS, new_flight
from support.description import DESCRIPTION

PAGE = "/docs/"
# Why there is no viewer to test, where npm's registry cannot be reached.
NO_VIEWER = os.environ.get("BOOKING_TEST_NO_VIEWER")
SECONDS = 30
SWITCHES = (
    "--headless=new", "--window-size=1280,1600", "--no-first-run",
    # Neither updates, nor a look at who asks, nor anything beside the page.
    "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-default-apps", "--disable-extensions",
    "--disable-dev-shm-usage", "--disable-gpu", "--no-proxy-server",
    # Only names of this machine exist, in case a page asks for another.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)
POLICY = {"default-src": "'none'", "script-src": "'self'",
          "style-src": "'self'", "img-src": "'self' data:",
          "connect-src": "'self'", "base-uri": "'none'",
          "form-action": "'none'", "frame-ancestors": "'none'"}


@pytest.fixture(scope="module")
def viewer():
    """What comes from npm is there."""
    if NO_VIEWER:
        pytest.skip(NO_VIEWER)


@pytest.fixture(scope="module")
def browser(viewer, stack_directory):
    options = Options()
    options.binary_location = "/usr/bin/chromium"
    for switch in (*SWITCHES, f"--user-data-dir={stack_directory}/browser"):
        options.add_argument(switch)
    # Chromium's sandbox refuses to work for root.
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs",
                           {"browser": "ALL", "performance": "ALL"})
    chromium = webdriver.Chrome(
        options=options, service=Service(
            "/usr/bin/chromedriver",
            log_path=os.path.join(stack_directory, "chromedriver.log")))
    try:
        yield chromium
    finally:
        chromium.quit()


class Page:
    """The page, loaded anew."""

    def __init__(self, browser, url):
        self.browser = browser
        self.url = url
        # What an earlier test left in the logs is not ours.
        self.browser.get("about:blank")
        self._requested(), self._said()
        self.browser.get(url + PAGE)
        self.wait(lambda: self.all(".opblock-tag-section"))

    def all(self, selector, within=None):
        return (within or self.browser).find_elements(
            By.CSS_SELECTOR, selector)

    def one(self, selector, within=None):
        return self.wait(lambda: self.all(selector, within), selector)[0]

    def wait(self, condition, what=""):
        return WebDriverWait(self.browser, SECONDS, 0.05).until(
            lambda _: condition(), what)

    def click(self, selector, within=None):
        element = self.one(selector, within)
        self.browser.execute_script(
            "arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def fill(self, element, value):
        """As if typed: React takes notice of the native setter only."""
        self.browser.execute_script(
            "const [e, v] = arguments; Object.getOwnPropertyDescriptor("
            "Object.getPrototypeOf(e), 'value').set.call(e, v);"
            "e.dispatchEvent(new Event('input', {bubbles: true}));",
            element, value)

    def operation(self, name):
        """The block of an operation, opened."""
        block = self.one(f"[id$='-{name}'].opblock")
        if "is-open" not in block.get_attribute("class"):
            self.click(".opblock-summary-control", block)
            self.one(".opblock-body", block)
        return block

    def codes(self, block):
        """The answers that an open operation shows."""
        return set(self.browser.execute_script(
            "return [...arguments[0].querySelectorAll('tr.response')]"
            ".map(row => row.dataset.code)", block))

    def authorize(self, token):
        self.click(".auth-wrapper .authorize")
        dialog = self.one(".dialog-ux .modal-ux")
        self.fill(self.one("input[type=text], input[type=password]", dialog),
                  token)
        self.click(".auth-btn-wrapper .authorize", dialog)
        self.click(".auth-btn-wrapper .btn-done", dialog)
        self.wait(lambda: not self.all(".dialog-ux .modal-ux"))

    def try_out(self, block, body=None, **parameters):
        """Sends the request; returns the status and the body shown."""
        if not self.all(".try-out__btn.cancel", block):
            self.click(".try-out__btn", block)
        for name, value in parameters.items():
            field = self.one(f"tr[data-param-name='{name}'] input", block)
            # Leaving the field tells the page at once.
            field.send_keys(Keys.CONTROL, "a")
            field.send_keys(value, Keys.TAB)
        if body is not None:
            self.fill(self.one("textarea", block), body)
        self.click(".execute", block)
        row = self.one(".live-responses-table tr.response", block)
        return (int(re.match(r"\d+", self.one(
                    ".response-col_status", row).text).group()),
                self.browser.execute_script(
                    "return arguments[0].textContent",
                    self.one(".highlight-code .microlight, pre", row)))

    def _requested(self):
        """Addresses that the page asked for."""
        events = [json.loads(entry["message"])["message"]
                  for entry in self.browser.get_log("performance")]
        return [event["params"]["request"]["url"] for event in events
                if event["method"] == "Network.requestWillBeSent"]

    def _said(self):
        return [entry["message"] for entry in self.browser.get_log("browser")
                if entry["level"] in ("SEVERE", "WARNING")]

    def assert_clean(self):
        """Nothing went wrong in the page, and it kept to its own server."""
        assert self._said() == []
        hosts = {urllib.parse.urlsplit(address).netloc
                 for address in self._requested()
                 if not address.startswith(("data:", "blob:", "about:"))}
        assert hosts == {urllib.parse.urlsplit(self.url).netloc}


@pytest.fixture
def page(browser, url):
    return Page(browser, url)


def test_page_comes_with_a_strict_policy(anonymous):
    response = anonymous.get(PAGE)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert dict(part.strip().split(" ", 1) for part in response.headers[
        "Content-Security-Policy"].split(";")) == POLICY
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    for script in re.findall(r"<script[^>]*>[^<]*</script>", response.text):
        assert re.fullmatch(r'<script src="[a-z-]+\.js"></script>', script)


def test_files_of_the_page_have_their_types(anonymous, viewer):
    for name, kind in (("start.js", "text/javascript"),
                       ("swagger-ui-bundle.js", "text/javascript"),
                       ("swagger-ui.css", "text/css"),
                       ("LICENSE", "text/plain")):
        response = anonymous.get(PAGE + name)
        assert response.status_code == 200
        assert response.headers["Content-Type"] == f"{kind}; charset=utf-8"


def test_page_is_found_without_its_slash(anonymous):
    response = anonymous.get("/docs")
    assert response.status_code in (301, 308)
    assert response.headers["Location"].endswith(PAGE)


def test_nothing_else_is_below_it(anonymous):
    for path in ("/docs/none", "/docs/../errors/404.html",
                 "/docs/%2e%2e/lighttpd.conf", "/docs/.lock"):
        response = anonymous.get(path)
        assert response.status_code == 404
        assert response.json()["error"]["code"] == "ROUTE_NOT_FOUND"


def test_without_npm_the_page_says_how_to_get_it():
    with open(os.path.join(CHECKOUT, "conf", "docs", "no-viewer.html"),
              encoding="utf-8") as page:
        text = page.read()
    assert "apt-get install npm" in text and "make docs" in text
    assert "<script" not in text


def test_page_shows_every_operation(page):
    assert page.one(".info .title").text.startswith("Booking Service")
    shown = {(row.find_element(By.CSS_SELECTOR, ".opblock-summary-method")
              .text, row.find_element(By.CSS_SELECTOR, ".opblock-summary-path")
              .get_attribute("data-path"))
             for row in page.all(".opblock-summary")}
    assert shown == {(method, path) for path, method, _
                     in DESCRIPTION.operations()}
    for _, _, operation in DESCRIPTION.operations():
        block = page.operation(operation["operationId"])
        page.wait(lambda: page.codes(block) == set(operation["responses"]),
                  f"the answers of {operation['operationId']}")
        page.click(".opblock-summary-control", block)
    page.assert_clean()


def test_page_books_a_seat(page, secret, user, api):
    flight = new_flight()
    page.authorize(tokens.make(user, secret))
    status, body = page.try_out(page.operation("createBooking"), json.dumps({
        "flight_id": flight, "passengers": [{
            "first_name": "Ada", "last_name": "Lovelace",
            "email": "ada@example.com"}]}))
    assert status == 201, body
    made = json.loads(body)["data"]
    assert (made["user_id"], made["flight_id"]) == (user, flight)

    status, body = page.try_out(page.operation("getBooking"),
                                id=made["booking_reference"])
    assert status == 200, body
    assert json.loads(body) == api.booking(made["booking_id"]).json()
    page.assert_clean()


def test_page_shows_refusals(page):
    status, body = page.try_out(page.operation("listUserBookings"),
                                userId="user-1")
    assert (status, json.loads(body)["error"]["code"]) == (401, "UNAUTHORIZED")


def test_page_lists_what_is_booked(page, secret, user, api):
    reference = api.book(new_flight()).json()["data"]["booking_reference"]
    page.authorize(tokens.make(user, secret))
    status, body = page.try_out(page.operation("listUserBookings"),
                                userId=user)
    assert status == 200, body
    assert [b["booking_reference"] for b
            in json.loads(body)["data"]["bookings"]] == [reference]
    assert api.get(f"{BOOKINGS}/user/{user}").json() == json.loads(body)
    page.assert_clean()
