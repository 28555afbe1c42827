"""What a request may cost before it is understood: its body, its head, and how the connection ends."""

from __future__ import annotations

import io
import json
import os
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from child import Child

MIB = 2**20
ROOM_BYTES = 24 * MIB  # what the allocator may hold on to; bodies here are far larger


class Watched:
    """The most memory that a program had while something went on."""

    def __init__(self, child: Child) -> None:
        self._child, self._end = child, threading.Event()
        self.before = self.most = child.resident_bytes
        self._thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        while not self._end.wait(0.005):
            self.most = max(self.most, self._child.resident_bytes)

    def __enter__(self) -> Watched:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    @property
    def grown_bytes(self) -> int:
        return self.most - self.before


def head(path: str, *lines: str, method: str = "POST") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *lines, "", ""]).encode()


def answer_of(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    """Read one answer whole, by its Content-Length."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        assert piece, received
        received += piece
    first, _, body = received.partition(b"\r\n\r\n")
    status, *lines = first.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers["content-length"]):
        piece = connection.recv(65536)
        assert piece, "it ended within its answer"
        body += piece
    return int(status.split()[1]), headers, body


def refused_as_too_large(connection: socket.socket) -> None:
    status, headers, body = answer_of(connection)
    problem = json.loads(body)
    assert (status, headers["content-type"], problem["code"]) == (413, "application/problem+json", "too_large")
    assert problem["detail"] and problem["remedy"]
    assert headers["connection"] == "close"
    assert "x-request-id" in headers


def zeros(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield bytes(MIB)


KINDS = ["text/plain", "application/json", "multipart/form-data; boundary=x", "application/octet-stream", ""]


@pytest.mark.parametrize("kind", KINDS)
def test_a_large_body_of_any_kind_is_refused_before_it_is_read(running: Child, kind: str) -> None:
    with running.connection() as connection, Watched(running) as memory:
        named = [f"Content-Type: {kind}"] if kind else []
        connection.sendall(head("/api/v1/session", *named, f"Content-Length: {300 * MIB}"))
        refused_as_too_large(connection)
    assert memory.grown_bytes < ROOM_BYTES


def test_a_body_that_is_sent_all_the_same_is_dropped_and_its_sender_gets_the_answer(running: Child) -> None:
    with running.client() as http, Watched(running) as memory:
        body = io.BytesIO(bytes(100 * MIB))
        answer = http.post("/session", content=body, headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert memory.grown_bytes < ROOM_BYTES


@pytest.mark.parametrize("kind", KINDS)
def test_a_body_without_a_length_is_counted_as_it_comes(running: Child, kind: str) -> None:
    with running.client() as http, Watched(running) as memory:
        headers = {"Content-Type": kind} if kind else {}
        answer = http.post("/session", content=zeros(100), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert memory.grown_bytes < ROOM_BYTES


def test_a_body_for_nobody_is_not_read_either(running: Child) -> None:
    for path, expected in (("/api/v1/nothing", 405), ("/api/v1/images", 401), ("/healthz", 413)):
        method = "GET" if path == "/healthz" else "POST"
        with running.connection() as connection, Watched(running) as memory:
            connection.sendall(head(path, f"Content-Length: {300 * MIB}", "Content-Type: text/plain", method=method))
            connection.sendall(bytes(MIB))
            status, headers, _ = answer_of(connection)
        assert (status, headers["content-type"]) == (expected, "application/problem+json"), path
        assert headers["connection"] == "close"
        assert memory.grown_bytes < ROOM_BYTES


def test_who_says_that_he_waits_is_not_asked_for_a_body_that_is_too_large(running: Child) -> None:
    with running.connection() as connection:
        connection.sendall(head("/api/v1/session", f"Content-Length: {300 * MIB}", "Expect: 100-continue"))
        refused_as_too_large(connection)


def test_each_route_has_its_own_limit(running: Child) -> None:
    as_json, padding = {"Content-Type": "application/json"}, " " * (200 * 1024)
    with running.client(**running.shop.headers) as http:
        sign_in = f'{{"email": "mia@shop.example", "password": "x"}}{padding}'
        assert http.post("/session", content=sign_in, headers=as_json).status_code == 413
        assert http.post("/products", content=f'{{"sku": "A"}}{padding}', headers=as_json).status_code == 201
        assert http.post("/products", content=f'{{"sku": "B"}}{padding * 6}', headers=as_json).status_code == 413
        many = {"urls": [f"https://shop.example/{'x' * 3000}/{n}.jpg" for n in range(900)]}
        assert http.post("/images", json=many).status_code == 202
        batch = {"name": "Large", "source": {"images": [f"img_{n:030d}" for n in range(50_000)]},
                 "looks": [{"template": "white"}]}  # fmt: skip
        assert http.post("/batches", json=batch).status_code != 413
        deep = http.post("/batches", content=b"[" * 9 * MIB, headers=as_json)
        assert (deep.status_code, deep.headers["content-type"]) == (413, "application/problem+json")


def test_an_upload_over_its_limit_is_refused_while_it_comes(running: Child) -> None:
    with running.client(**running.shop.headers) as http, Watched(running) as memory:
        limit = running.settings.limits.photo_bytes
        answer = http.put("/images/img_1/file", content=zeros(limit // MIB + 2))
        assert answer.status_code == 404  # before anything of it is read
        answer = http.post("/images", files={"file": ("a.jpg", io.BytesIO(bytes(limit + MIB)), "image/jpeg")})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert memory.grown_bytes < ROOM_BYTES


def test_a_form_of_endless_small_parts_is_cut_off(running: Child) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="sku"\r\n\r\nA\r\n'
    empty = b'--x\r\nContent-Disposition: form-data; name="file"; filename=""\r\n\r\n\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    for one in (part, empty):
        with running.client(**running.shop.headers | kind) as http:
            answer = http.post("/images", content=(one * 1000 for _ in range(200)))
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_connection_goes_on_after_an_answer_that_left_nothing_behind(running: Child) -> None:
    with running.connection() as connection:
        for _ in range(2):
            connection.sendall(head("/api/v1/session", "Content-Type: application/json", "Content-Length: 2") + b"{}")
            status, headers, _ = answer_of(connection)
            assert status == 422
            assert "connection" not in headers


@pytest.mark.parametrize(
    "line", [b"X-Long: " + b"x" * 4096, b"X-" + os.urandom(4).hex().encode() + b": 1"], ids=["long", "many"]
)
def test_a_head_without_end_is_cut_off(running: Child, line: bytes) -> None:
    with running.connection() as connection, Watched(running) as memory:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        sent, deadline = 0, time.monotonic() + 30
        try:
            while sent < 64 * MIB and time.monotonic() < deadline:
                block = (line + b"\r\n") * max(1, 65536 // len(line))
                connection.sendall(block)
                sent += len(block)
        except OSError:
            pass
        else:
            pytest.fail(f"it took {sent} bytes of head")
    assert memory.grown_bytes < ROOM_BYTES


def test_a_header_line_without_end_is_cut_off(running: Child) -> None:
    with running.connection() as connection, Watched(running) as memory:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Endless: ")
        with pytest.raises(OSError):
            for _ in range(64):
                connection.sendall(b"x" * MIB)
    assert memory.grown_bytes < ROOM_BYTES
