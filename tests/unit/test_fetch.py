"""Downloads, against real servers on the loopback; `allow` opens 127.0.0.1 and nothing else."""

from __future__ import annotations

import contextlib
import ipaddress
import shutil
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from packshot import fetch as fetching
from packshot import pinned
from packshot.errors import (
    BadInput,
    DamagedFile,
    FetchFailed,
    PackshotError,
    TooLarge,
    UnsafeInput,
    UnsupportedFormat,
)
from packshot.fetch import fetch, label
from packshot.pinned import Address, is_public
from packshot.settings import Limits

LIMITS = Limits(photo_bytes=10_000, fetch_seconds=60)
PHOTO = b"\xff\xd8\xff" + bytes(range(256)) * 8
Answer = Callable[[BaseHTTPRequestHandler], None]


def only_localhost(address: Address) -> bool:
    return address == ipaddress.IPv4Address("127.0.0.1")


def answer(body: bytes = PHOTO, status: int = 200, **headers: str) -> Answer:
    def write(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        plain = {"Content_Type": "image/jpeg", "Content_Length": str(len(body))}
        for name, value in (plain | headers).items():
            if value:
                handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return write


class Shop:
    """A server whose pages a test sets; it keeps the requests that reached it."""

    def __init__(self, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.pages: dict[str, Answer] = {}
        self.asked: list[tuple[str, str]] = []
        shop = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                shop.asked.append((self.path, self.headers["Host"]))
                with contextlib.suppress(OSError):
                    shop.pages.get(self.path.partition("?")[0], answer(b"", 404))(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer((host, 0), Handler)
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.port = self.server.server_address[1]
        self.url = f"http://{host}:{self.port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.close()


def take(url: str, limits: Limits = LIMITS) -> bytes:
    return fetch(url, limits=limits, allow=only_localhost)


def refused(error: type[PackshotError], url: str, limits: Limits = LIMITS) -> PackshotError:
    with pytest.raises(error) as caught:
        take(url, limits)
    assert caught.value.subject == label(url)
    assert caught.value.problem
    assert caught.value.remedy
    return caught.value


# --- addresses ---


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_addresses_on_the_open_internet_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200",
        "0.0.0.0", "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.0.192", "192.0.2.1", "198.18.0.1",
        "192.88.99.1", "168.63.129.16", "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff0e::1",
        "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "2002:7f00:1::", "2002:808:808::",
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2001::1", "2001:db8::1", "3fff::1",
    ],
)  # fmt: skip
def test_private_special_and_disguised_addresses_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "ftp://shop.example/a.jpg", "gopher://127.0.0.1/", "//shop.example/a.jpg", "a.jpg",
        "http://user:secret@shop.example/a.jpg", "http://shop.example\\@127.0.0.1/a.jpg",
        "http://2130706433/", "http://0x7f000001/", "http://0x7f.1/", "http://127.1/", "http://0177.0.0.1/",
        "http://127.0.0.1.:80x/", "http://017700000001/", "http://1.2.3.4.5/", "http://[fe80::1%25eth0]/",
        "http://exa%6dple.com/", "http:///a.jpg", "http://１２７.0.0.1/", "http://shop.example:0/", "http://[::1/",
        "http://shop.example:99999/", "http://shop.example/\r\nX: y",
    ],
)  # fmt: skip
def test_an_address_of_the_wrong_kind_is_refused_before_any_look_up(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinned, "resolve", lambda *_: pytest.fail("looked up"))
    error = refused(BadInput, url)
    assert "secret" not in error.message


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/", "http://localhost:9/a", "http://[::1]:9/", "http://[::ffff:127.0.0.1]:9/"]
)
def test_by_default_this_machine_is_refused(url: str) -> None:
    with pytest.raises(UnsafeInput):
        fetch(url, limits=LIMITS)


def test_a_label_shows_neither_password_nor_query_nor_fragment() -> None:
    assert label("https://u:p@shop.example:8443/a/shoe.jpg?X-Signature=secret#frag") == "shop.example:8443/a/shoe.jpg"
    assert label("https://u:p/w?x@shop.example/a.jpg?sig=1") == "shop.example/a.jpg"
    assert label("https://shop.example/@user/x://y.jpg") == "shop.example/@user/x://y.jpg"


# --- downloads ---


def test_a_photo_arrives_unchanged_and_the_query_reaches_the_server(shop: Shop) -> None:
    shop.pages["/shoe.jpg"] = answer()
    assert take(f"{shop.url}/shoe.jpg?size=full") == PHOTO
    assert shop.asked == [("/shoe.jpg?size=full", f"127.0.0.1:{shop.port}")]


def test_a_photo_without_length_or_kind_arrives_too(shop: Shop) -> None:
    shop.pages["/a"] = answer(Content_Length="", Content_Type="")
    assert take(f"{shop.url}/a") == PHOTO


def test_proxy_variables_are_not_read(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    shop.pages["/a.jpg"] = answer()
    assert take(f"{shop.url}/a.jpg") == PHOTO


def test_a_body_over_the_limit_is_refused_by_its_declared_length(shop: Shop) -> None:
    shop.pages["/a.jpg"] = answer(b"", Content_Length="10001")
    refused(TooLarge, f"{shop.url}/a.jpg")


def test_a_body_over_the_limit_is_cut_off_while_it_streams(shop: Shop) -> None:
    def endless(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        for _ in range(2_000):  # 130 MB, if nobody hangs up
            handler.wfile.write(bytes(65536))
            sent.append(65536)

    sent: list[int] = []
    shop.pages["/a.jpg"] = endless
    refused(TooLarge, f"{shop.url}/a.jpg")
    assert sum(sent) < 100 * 2**20


@pytest.mark.parametrize("part", ["headers", "body"])
def test_a_server_that_drips_is_given_up_at_the_deadline(shop: Shop, part: str) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + (b"X: " if part == "headers" else b"\r\n"))
        for _ in range(1200):  # a minute, unless the other end hangs up
            handler.wfile.write(b"x")
            time.sleep(0.05)

    shop.pages["/a.jpg"] = drip
    began = time.monotonic()
    refused(FetchFailed, f"{shop.url}/a.jpg", Limits(fetch_seconds=0.3))
    assert time.monotonic() - began < 30


def test_a_name_server_that_hangs_is_given_up_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(pinned, "resolve", lambda *_: [str(release.wait(5))])
    refused(FetchFailed, "http://shop.example/a.jpg", Limits(fetch_seconds=0.2))
    release.set()


def test_a_body_that_breaks_off_is_a_failed_fetch(shop: Shop) -> None:
    shop.pages["/a.jpg"] = answer(PHOTO, Content_Length="9000")
    assert refused(FetchFailed, f"{shop.url}/a.jpg").retryable


def test_a_name_that_does_not_exist_is_a_failed_fetch(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise OSError("unknown")

    monkeypatch.setattr(pinned, "resolve", unknown)
    assert "shop.example" in refused(FetchFailed, "http://shop.example/a.jpg").problem


def test_a_closed_port_is_a_failed_fetch() -> None:
    gone = Shop()
    gone.close()
    refused(FetchFailed, f"{gone.url}/a.jpg")


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "application/json", "video/mp4", "application/pdf"])
def test_a_page_instead_of_a_photo_is_refused_with_its_kind(shop: Shop, kind: str) -> None:
    shop.pages["/a.jpg"] = answer(b"<html>", Content_Type=kind)
    assert "leads to a" in refused(UnsupportedFormat, f"{shop.url}/a.jpg").problem


def test_an_encoded_body_is_refused(shop: Shop) -> None:
    shop.pages["/a.jpg"] = answer(Content_Encoding="gzip")
    refused(BadInput, f"{shop.url}/a.jpg")


def test_an_empty_body_is_a_damaged_file(shop: Shop) -> None:
    shop.pages["/a.jpg"] = answer(b"")
    refused(DamagedFile, f"{shop.url}/a.jpg")


@pytest.mark.parametrize(("status", "error"), [(404, BadInput), (403, BadInput), (204, BadInput), (418, BadInput),
                                               (429, FetchFailed), (500, FetchFailed), (503, FetchFailed)])  # fmt: skip
def test_only_a_status_that_may_pass_is_worth_a_retry(shop: Shop, status: int, error: type[PackshotError]) -> None:
    shop.pages["/a.jpg"] = answer(b"", status)
    assert refused(error, f"{shop.url}/a.jpg?key=secret").retryable == (error is FetchFailed)


# --- redirects and rebinding ---


def test_redirects_are_followed_relative_ones_too(shop: Shop) -> None:
    shop.pages["/a"] = answer(b"", 302, Location="/b/c")
    shop.pages["/b/c"] = answer(b"", 307, Location="d.jpg")
    shop.pages["/b/d.jpg"] = answer()
    assert take(f"{shop.url}/a") == PHOTO


def test_more_redirects_than_allowed_are_refused(shop: Shop) -> None:
    shop.pages["/a"] = answer(b"", 302, Location="/a")
    refused(BadInput, f"{shop.url}/a")
    assert len(shop.asked) == fetching.MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/", "http://127.0.0.2:9/", "http://[::1]:9/", "file:///etc/passwd",
        "http://2130706433/", "http://u:secret@127.0.0.1/", "//10.0.0.1/a.jpg",
    ],
)  # fmt: skip
def test_a_redirect_into_the_private_network_is_refused(shop: Shop, location: str) -> None:
    shop.pages["/a"] = answer(b"", 302, Location=location)
    assert "secret" not in refused(UnsafeInput, f"{shop.url}/a").message


def test_a_redirect_never_reaches_the_other_server(shop: Shop) -> None:
    inner = Shop("127.0.0.2")
    try:
        inner.pages["/a.jpg"] = answer()
        shop.pages["/a"] = answer(b"", 302, Location=f"{inner.url}/a.jpg")
        refused(UnsafeInput, f"{shop.url}/a")
        assert inner.asked == []
    finally:
        inner.close()


def test_a_name_is_resolved_once_and_the_checked_address_is_used(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    monkeypatch.setattr(pinned, "resolve", rebinding)
    shop.pages["/a.jpg"] = answer()
    assert take(f"http://shop.example:{shop.port}/a.jpg") == PHOTO
    assert asked == ["shop.example"]
    assert shop.asked == [("/a.jpg", f"shop.example:{shop.port}")]


def test_a_name_that_turns_private_between_hops_is_refused(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    monkeypatch.setattr(pinned, "resolve", lambda *_: next(answers))
    shop.pages["/a"] = answer(b"", 302, Location="/b")
    refused(UnsafeInput, f"http://shop.example:{shop.port}/a")


def test_one_private_answer_among_public_ones_is_refused(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinned, "resolve", lambda *_: ["127.0.0.1", "10.0.0.1"])
    refused(UnsafeInput, f"http://shop.example:{shop.port}/a.jpg")
    assert shop.asked == []


def test_the_next_checked_address_is_tried_when_one_does_not_answer(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pinned, "resolve", lambda *_: ["127.0.0.3", "127.0.0.1"])
    shop.pages["/a.jpg"] = answer()
    url = f"http://shop.example:{shop.port}/a.jpg"
    assert fetch(url, limits=LIMITS, allow=lambda address: address.is_loopback) == PHOTO


# --- TLS ---


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes its certificate with openssl")
def test_the_certificate_is_checked_against_the_name_not_the_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-keyout", key, "-out", cert, "-subj", "/CN=shop.example", "-addext", "subjectAltName=DNS:shop.example"],
        check=True, capture_output=True, timeout=20,
    )  # fmt: skip
    names: list[str | None] = []
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(cert, key)
    tls.sni_callback = lambda _socket, name, _context: names.append(name)
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    monkeypatch.setattr(pinned, "resolve", lambda *_: ["127.0.0.1"])
    shop = Shop(tls=tls)
    try:
        shop.pages["/a.jpg"] = answer()
        assert take(f"https://shop.example:{shop.port}/a.jpg") == PHOTO
        assert names == ["shop.example"]
        assert "other.example" in refused(UnsafeInput, f"https://other.example:{shop.port}/a.jpg").problem
        assert len(shop.asked) == 1
    finally:
        shop.close()
