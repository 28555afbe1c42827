"""Whatever stands in a field of a body, it is taken or refused, and what was taken can be read again."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from child import Child, child
from pydantic import SecretStr

from packshot.settings import Settings
from servers import Postgres

# As they stand in the body: most of them no JSON library would write.
ODD = (
    "NaN", "Infinity", "1e999", "9" * 400, "9" * 5000, "9223372036854775808", '"\\ud800"', '"a\\u0000b"',
    '{"\\u0000": 1}', '{"\\ud800": 1}', "[" * 900 + "]" * 900, '"../../etc/passwd"', '"' + "x" * 100_000 + '"', "null",
)  # fmt: skip
MARK = "@@@"


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory, postgres: Postgres) -> Iterator[Child]:
    """On PostgreSQL, which refuses more than SQLite does."""
    folder = tmp_path_factory.mktemp("api")
    settings = Settings(data_dir=folder / "data", secret=SecretStr("of the tests"), database_url=postgres.fresh())
    with child(settings, log=folder / "log") as found:
        yield found


def bodies() -> dict[tuple[str, str], dict[str, Any]]:
    look = {"template": "white", "options": {"shadow": 0.2}}
    nights = {"start": "22:00", "end": "06:00", "time_zone": "Europe/Berlin"}
    return {
        ("POST", "/products"): {"sku": "A", "title": "t", "gtin": "", "asin": "", "category": "c"},
        ("POST", "/collections"): {"name": "x", "kind": "season", "parent_id": None},
        ("POST", "/templates"): {"name": "x", "base": "white", "options": {"shadow": 0.2}, "words": "w"},
        ("POST", "/batches"): {
            "name": "x", "source": {"images": ["img_1"]}, "looks": [look], "channels": ["shopify"],
            "items": [{"sku": "A"} | look],
        },
        ("POST", "/previews"): look | {"images": ["img_1"], "channel": "shopify"},
        ("POST", "/images/img_1/generate"): look | {"size": [100, 100]},
        ("POST", "/images/img_1/matte/hints"): {"keep": [[1.0, 2.0]], "boxes": [[1, 2, 3, 4]], "save": False},
        ("PATCH", "/workspace"): {"name": "x", "settings": {"off_peak": nights, "watch": look | {"channels": ["web"]}}},
        ("POST", "/members"): {"email": "a@b.example", "role": "member"},
        ("POST", "/keys"): {"name": "x", "scopes": ["read"]},
        ("POST", "/session"): {"email": "a@b.example", "password": "x"},
        ("POST", "/invites/accept"): {"token": "x", "email": "a@b.example", "name": "n", "password": "x" * 12},
        ("POST", "/destinations"): {
            "name": "d", "bucket": "bucket", "prefix": "p", "access_key_id": "k", "secret_access_key": "s",
        },
        ("POST", "/exports"): {"items": ["itm_1"], "to": {"kind": "folder", "folder": "x"}, "channels": ["web"]},
        ("POST", "/review"): {"items": [{"id": "i", "version": 1}], "decision": "approve", "note": "n"},
        ("PATCH", "/items/itm_1"): {"version": 1, "options": {"shadow": 0.1}},
        ("POST", "/failures/retry"): {"items": ["a"], "cause": "x"},
        ("POST", "/images"): {"url": "https://x.invalid/a.jpg", "sku": "A", "role": "main"},
    }  # fmt: skip


def places(body: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where something can be put in place of what stands there."""
    if path:
        yield path
    for name, value in body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ():
        yield from places(value, (*path, name))


@pytest.mark.parametrize(("method", "path"), bodies(), ids=lambda word: word)
def test_an_odd_value_falls_over_nothing(strict: Child, method: str, path: str) -> None:
    before = len(strict.logged())
    with strict.client(**strict.shop.headers) as http:
        for place in places(bodies()[method, path]):
            body = copy.deepcopy(bodies()[method, path])
            inner = body
            for name in place[:-1]:
                inner = inner[name]
            inner[place[-1]] = MARK
            for odd in ODD:
                content = json.dumps(body).replace(f'"{MARK}"', odd).encode()
                answer = http.request(method, path, content=content, headers={"Content-Type": "application/json"})
                assert answer.status_code < 500, f"{place} {odd[:40]}: {answer.text[:300]}"
        for listed in ("/products", "/collections", "/templates", "/batches", "/runs", "/destinations", "/workspace"):
            assert http.get(listed).status_code == 200, listed
    assert "Traceback" not in strict.logged()[before:]


ADDRESSES = (
    "/..%2f..%2fetc/passwd", "/assets/docs/..%2f..%2f..%2f__init__.py", "/assets/docs/%2e%2e/%2e%2e/METADATA",
    "/assets/studio/..%5c..%5cindex.html", "/assets/docs/%00", "/assets/%ff%fe", "//elsewhere.example/%2f..",
    "/api/v1/products/%2e%2e/keys", "/api/v1/products/%00", "/api/v1/products/%ed%a0%80", "/api/v1/files/..%2f..",
    "/api/v1/files/" + "x" * 5000, "/api/v1/batches/%00", "/api/v1/items/a%00b", "/api/v1/exports/%ed%a0%80",
    "/api/v1/products?q=%00", "/api/v1/products?sku=%ed%a0%80", "/api/v1/items?sku=%00", "/api/v1/failures?cause=%00",
    "/api/v1/products?cursor=bnVsbA", "/api/v1/batches?cursor=IgAi", "/api/v1/events?after=1&batch=%00",
    "/api/v1/products?limit=" + "9" * 4500, "/api/v1/images?" + "ids=a&" * 5000,
)  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES, ids=range(len(ADDRESSES)))
def test_an_odd_address_leads_nowhere(strict: Child, address: str) -> None:
    before = len(strict.logged())
    with strict.connection() as connection:
        connection.sendall(
            f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {strict.shop.key}\r\n"
            "Connection: close\r\n\r\n".encode()
        )
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.split()[1] in (b"200", b"404", b"422"), answer[:300]
    for inside in (b"root:", b"Metadata-Version", b"from __future__"):
        assert inside not in answer
    assert "Traceback" not in strict.logged()[before:]


HEADERS = {
    "Authorization": ("Bearer \xff\xfe", "Basic eDp5", "Bearer", "Bearer " + "x" * 50_000),
    "Cookie": ("packshot_session=\xff\xfe", ";;;=;packshot_session", "packshot_session=" + "x" * 50_000),
    "X-CSRF-Token": ("\xff", ""), "If-Match": ("\xff", '"', "*, *"), "If-None-Match": ("\xff",),
    "Prefer": ("wait=" + "9" * 5000, "wait"), "X-Request-Id": ("\xff", "x" * 1000),
    "Idempotency-Key": ("\xff" * 200,), "Content-Type": ("\xff;;;=json", "application/json; " + "x=y;" * 5000),
    "Content-Length": ("9" * 5000, "-1", "+2", "0x2"), "Transfer-Encoding": ("gzip, chunked", "xchunked"),
    "Host": ("<script>", "a" * 5000), "Upgrade": ("h2c", "websocket"),
}  # fmt: skip


@pytest.mark.parametrize("name", HEADERS)
def test_an_odd_header_falls_over_nothing(strict: Child, name: str) -> None:
    before = len(strict.logged())
    for value in HEADERS[name]:
        lines = {
            "Host": "127.0.0.1", "Authorization": f"Bearer {strict.shop.key}", "Content-Type": "application/json",
            "Content-Length": "2", "Connection": "close",
        } | {name: value}  # fmt: skip
        if name in ("Cookie", "X-CSRF-Token", "Origin"):
            del lines["Authorization"]
        head = "".join(f"{line}: {words}\r\n" for line, words in lines.items())
        with strict.connection() as connection:
            connection.sendall(f"POST /api/v1/batches HTTP/1.1\r\n{head}\r\n{{}}".encode("latin-1"))
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        assert answer.split()[1] in (b"400", b"401", b"403", b"413", b"422"), (value[:40], answer[:300])
    assert "Traceback" not in strict.logged()[before:]


@pytest.mark.parametrize(
    "origin", ["null", "http://[", "http://[::1", "\xff", "http://elsewhere.example", "http://127.0.0.1@x"]
)
def test_nobody_signs_in_from_an_odd_page(strict: Child, origin: str) -> None:
    with strict.client() as http:
        me = {"email": "mia@shop.example", "password": "x"}
        answer = http.post("/session", json=me, headers=[("Origin", origin.encode("latin-1"))])
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
