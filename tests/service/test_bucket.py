"""Buckets of other people's servers: a connection goes to the address that was checked, whatever a name says next."""

from __future__ import annotations

import hashlib
import ipaddress
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from packshot import pinned
from packshot.catalog.delivery import bucket as buckets
from packshot.catalog.delivery import destinations
from packshot.catalog.delivery.bucket import Bucket
from packshot.errors import BadInput, BadOption, FetchFailed, PackshotError, UnsafeInput
from packshot.pinned import Address
from servers import S3, s3_server

NAME = "s3.eu-central-1.amazonaws.com"  # moto takes the first part of any other name for a bucket
OPEN, CLOSED = "127.0.0.1", "127.0.0.2"  # as if the first were on the open internet


def only_open(address: Address) -> bool:
    return address == ipaddress.ip_address(OPEN)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    if shutil.which("openssl") is None:
        pytest.skip("makes its certificate with openssl")
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-keyout", key, "-out", cert, "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME},IP:{OPEN}"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return key, cert


@pytest.fixture(scope="module")
def tls(certificate: tuple[Path, Path]) -> Iterator[S3]:
    """moto behind TLS, with a certificate for NAME."""
    key, cert = certificate
    trust = ssl.create_default_context(cafile=str(cert))
    with s3_server("-k", str(key), "-c", str(cert), scheme="https", trust=trust) as server:
        server.make("shop")
        yield server


@pytest.fixture
def trusted(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))


class Names:
    """A name server whose answers a test sets, one look-up after the other; the last one stays."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers, self.requested = list(answers), list[str]()

    def __call__(self, host: str, port: int) -> list[str]:
        self.requested.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def opened(port: int, *, private: bool = False, scheme: str = "https", name: str = NAME, **config: Any) -> Bucket:
    fields = {"bucket": "shop", "prefix": "photos", "region": "us-east-1", "access_key_id": "key"}
    row: Any = SimpleNamespace(
        name="Shop", secret=b"", config=fields | {"endpoint": f"{scheme}://{name}:{port}"} | config
    )
    secrets: Any = SimpleNamespace(decrypt=lambda _: "hidden")
    settings: Any = SimpleNamespace(private_endpoints=private)
    return destinations.opened(row, secrets=secrets, settings=settings)


def port_of(server: S3) -> int:
    return int(server.address.rpartition(":")[2])


@contextmanager
def listening(host: str, port: int) -> Iterator[list[bytes]]:
    """What reaches a server inside the network."""
    heard: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def handle(self) -> None:
            heard.append(self.request.recv(100))

    server = ThreadingHTTPServer((host, port), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("trusted")]


async def test_a_name_that_answers_otherwise_the_second_time_leads_nowhere_else(
    tls: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(destinations, "is_public", only_open)
    names = Names([OPEN], [OPEN], [CLOSED])
    monkeypatch.setattr(pinned, "resolve", names)
    port = port_of(tls)
    with listening(CLOSED, port) as heard:
        await destinations.check_endpoint(f"https://{NAME}:{port}", private=False)
        bucket = opened(port)
        await bucket.put("a b/ü+&.png", b"first")
        assert names.requested == [NAME, NAME]
        with pytest.raises(UnsafeInput, match="private network") as refused:
            await bucket.put("second.png", b"second")
        assert refused.value.subject == "Shop" and "PACKSHOT_PRIVATE_ENDPOINTS" in refused.value.remedy
        bucket.close()
        assert heard == []
    listed = tls.ask("GET", "shop").decode()
    assert "<Key>photos/a b/ü+&amp;.png</Key>" in listed and "second" not in listed
    assert hashlib.md5(b"first").hexdigest() in listed


async def test_a_connection_that_was_checked_is_used_again(monkeypatch: pytest.MonkeyPatch) -> None:
    names = Names([OPEN], [CLOSED])
    monkeypatch.setattr(pinned, "resolve", names)
    with answering((200, {})) as (port, requested):
        bucket = opened(port, private=True, scheme="http")
        for name in "abc":
            await bucket.put(f"{name}.png", b"a")
        bucket.close()
    assert len(requested) == 3
    assert names.requested == [NAME]


async def test_one_closed_address_among_open_ones_is_refused(tls: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(destinations, "is_public", only_open)
    monkeypatch.setattr(pinned, "resolve", Names([OPEN, CLOSED]))
    bucket = opened(port_of(tls))
    with pytest.raises(UnsafeInput):
        await bucket.probe()


async def test_the_certificate_must_be_of_the_name_whatever_the_address(
    tls: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(destinations, "is_public", only_open)
    monkeypatch.setattr(pinned, "resolve", Names([OPEN]))
    bucket = opened(port_of(tls), name="other.shop.example")
    with pytest.raises(UnsafeInput, match=r"other\.shop\.example"):
        await bucket.probe()


async def test_without_private_endpoints_everything_is_spoken_with_tls() -> None:
    with pytest.raises(UnsafeInput, match="https"):
        opened(9, scheme="http")


async def test_a_probe_writes_a_file_and_takes_it_away(tls: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinned, "resolve", Names([OPEN]))
    bucket = opened(port_of(tls), private=True)
    await bucket.probe()
    bucket.close()
    assert b"packshot-test.txt" not in tls.ask("GET", "shop")


async def test_amazon_s_own_name_may_lead_into_a_private_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """That is how it is reached from a network without the internet."""
    names = Names([CLOSED])
    monkeypatch.setattr(pinned, "resolve", names)
    monkeypatch.setattr(buckets, "TRIES", 1)
    with pytest.raises(FetchFailed):
        await opened(0, endpoint="").put("a.png", b"a")  # nobody listens there
    assert names.requested == ["s3.us-east-1.amazonaws.com"]


# --- what a server may answer ---


@contextmanager
def answering(*answers: tuple[int, dict[str, str]]) -> Iterator[tuple[int, list[str]]]:
    """A server that gives one answer after the other; its port, and the paths of its requests."""
    left, requested = list(answers), list[str]()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            requested.append(self.path.partition("?")[0])
            self.rfile.read(int(self.headers["Content-Length"]))
            status, headers = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def do_DELETE(self) -> None:
            self.do_PUT()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer((OPEN, 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1], requested
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, BadOption), (403, BadOption), (404, BadOption), (301, BadOption), (307, BadOption), (400, BadOption),
     (411, BadOption), (500, FetchFailed), (503, FetchFailed), (429, FetchFailed)],
)  # fmt: skip
async def test_an_answer_says_whether_trying_again_is_of_use(
    status: int, error: type[PackshotError], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pinned, "resolve", Names([OPEN]))
    monkeypatch.setattr(buckets, "TRIES", 2)
    with answering((status, {"Location": f"http://{CLOSED}:9/stolen"})) as (port, requested):
        bucket = opened(port, private=True, scheme="http")
        with pytest.raises(error) as refused:
            await bucket.put("a.png", b"a")
        bucket.close()
    assert refused.value.subject == "Shop"
    assert requested == ["/shop/photos/a.png"] * (2 if error is FetchFailed else 1)


async def test_a_redirect_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinned, "resolve", Names([OPEN]))
    with socket.socket() as inner:
        inner.bind((CLOSED, 0))
        inner.listen()
        inner.settimeout(0.5)
        where = f"http://{CLOSED}:{inner.getsockname()[1]}/shop/photos/a.png"
        with answering((307, {"Location": where})) as (port, _):
            bucket = opened(port, private=True, scheme="http")
            with pytest.raises(BadOption):
                await bucket.put("a.png", b"a")
            bucket.close()
        with pytest.raises(TimeoutError):
            inner.accept()


async def test_a_server_that_is_busy_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinned, "resolve", Names([OPEN]))
    with answering((503, {}), (500, {}), (200, {})) as (port, requested):
        bucket = opened(port, private=True, scheme="http")
        await bucket.put("a.png", b"a")
        bucket.close()
    assert len(requested) == 3


async def test_a_file_that_stays_after_a_probe_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinned, "resolve", Names([OPEN]))
    with answering((200, {}), (403, {})) as (port, _):
        bucket = opened(port, private=True, scheme="http")
        with pytest.raises(BadInput, match=r"packshot-test\.txt"):
            await bucket.probe()
        bucket.close()


async def test_a_server_that_drips_is_given_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pinned, "resolve", Names([OPEN]))
    monkeypatch.setattr(buckets, "TRIES", 1)
    monkeypatch.setattr(buckets, "SEND_SECONDS", 0.5)
    with socket.socket() as server:
        server.bind((OPEN, 0))
        server.listen()
        server.settimeout(30)
        over = threading.Event()

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\n")
                while not over.wait(0.05):
                    try:
                        connection.sendall(b"X")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        began = time.monotonic()
        bucket = opened(server.getsockname()[1], private=True, scheme="http")
        with pytest.raises(FetchFailed):
            await bucket.put("a.png", b"a")
        assert time.monotonic() - began < 20
        over.set()
        thread.join()
        bucket.close()
