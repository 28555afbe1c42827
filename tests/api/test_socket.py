"""The event stream's connection: whatever comes first, it is closed with a code and nothing falls over."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Iterator

import pytest
from child import Child
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

JUNK = {
    "brackets": "[" * 100_000,
    "braces": '{"key":' * 20_000,
    "surrogates": '{"key": "\\ud800\\udfff\\ud800"}',
    "a surrogate in a name": '{"\\ud800": 1}',
    "binary": b"\x00\xff" * 1000,
    "binary JSON": b'{"key": "psk_x"}',
    "nothing": "",
    "no JSON": "key",
    "no object": "[1, 2]",
    "no text": '{"key": {"a": ["b"]}}',
    "null": '{"key": null}',
    "a long number": '{"key": ' + "9" * 10_000 + "}",
    "a key of nobody": '{"key": "psk_x"}',
    "a long key": json.dumps({"key": "x" * 100_000}),
}


def listen(api: Child, query: str = "", **headers: str) -> ClientConnection:
    address = f"ws://127.0.0.1:{api.port}/api/v1/events{query}"
    return connect(address, additional_headers=headers, proxy=None, open_timeout=30, close_timeout=30, max_size=None)


def closed(connection: ClientConnection, seconds: float = 30) -> int:
    with pytest.raises(ConnectionClosed) as end:
        connection.recv(timeout=seconds)
    assert end.value.rcvd is not None
    return end.value.rcvd.code


@pytest.fixture
def api(running: Child) -> Iterator[Child]:
    """It still answers afterwards, and has logged no traceback."""
    before = len(running.logged())
    yield running
    with running.client() as http:
        assert http.get(f"{running.address}/healthz").status_code == 200
    logged = running.logged()[before:]
    assert "Traceback" not in logged and '"level": "error"' not in logged, logged


@pytest.mark.parametrize("words", JUNK.values(), ids=list(JUNK))
def test_junk_instead_of_a_key_closes_the_connection_as_not_signed_in(api: Child, words: str | bytes) -> None:
    with listen(api) as connection:
        connection.send(words)
        assert closed(connection) == 4401


def test_a_message_that_is_far_too_large_ends_the_connection(api: Child) -> None:
    with listen(api) as connection:
        connection.send(" " * 2**22)
        assert closed(connection) == 1009


def test_who_says_nothing_is_let_go(api: Child) -> None:
    began = time.monotonic()
    with listen(api) as connection:
        assert closed(connection, 60) == 4401
    assert time.monotonic() - began > 9


@pytest.mark.parametrize("words", [b"[", b'{"key": "psk_x"}', b""])
def test_who_leaves_at_once_leaves_no_trace(api: Child, words: bytes) -> None:
    for _ in range(5):
        with api.connection() as connection:
            connection.sendall(
                b"GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            )
            assert b" 101 " in connection.recv(4096)
            if words:
                connection.sendall(b"\x81" + bytes([0x80 | len(words)]) + bytes(4) + words)  # a text, masked with zeros
            # Gone without a word, as when a cable is pulled.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    time.sleep(0.5)


@pytest.mark.parametrize(
    "query", ["?after=x", "?after=99999999999999999999999", "?after=-99999999999999999999999", "?after=&batch=",
              "?after=1&after=2", f"?batch={'x' * 10_000}", "?batch=%00%ff", "?batch=%ed%a0%80"],
)  # fmt: skip
def test_a_query_that_makes_no_sense_falls_over_nothing(api: Child, query: str) -> None:
    try:
        with listen(api, query, **api.shop.headers) as connection:
            connection.recv(timeout=1.0)
    except TimeoutError:
        pass
    except InvalidStatus as refused:
        assert refused.response.status_code in (403, 422)
    except ConnectionClosed as end:
        assert end.rcvd is not None and end.rcvd.code in (1008, 4401, 4422)


def test_a_key_in_the_first_message_or_the_header_is_let_in(api: Child) -> None:
    with listen(api) as connection:
        connection.send(json.dumps({"key": api.shop.key}))
        with pytest.raises(TimeoutError):
            connection.recv(timeout=1.0)
    for scheme in ("Bearer", "bearer", "BEARER"):
        with listen(api, Authorization=f"{scheme} {api.shop.key}") as connection:
            connection.send(b"\x00 whatever else is sent is dropped")
            connection.send("[" * 100_000)
            with pytest.raises(TimeoutError):
                connection.recv(timeout=1.0)
