"""A store that does not answer: the API says so, jobs wait and go on, and no photo is to blame."""

from __future__ import annotations

import io
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from structlog.testing import capture_logs

from packshot.catalog.jobs import Claim
from packshot.catalog.ports import JobRef
from packshot.db import Database
from packshot.db.tables import items
from packshot.errors import StoreAway
from packshot.service import alerts
from packshot.service.alerts import Alerts
from packshot.settings import Settings
from packshot.store import Store
from servers import S3
from waiting import until

pytestmark = pytest.mark.anyio
ME = {"email": "mia@shop.example", "name": "Mia", "password": "correct horse battery"}
KEY = {"name": "test", "scopes": ["read", "write"]}


def test_a_folder_that_is_gone_holds_nothing_and_is_not_made_anew(tmp_path: Path) -> None:
    store = Store(tmp_path / "objects")
    store.put("a/b", b"kept")
    (tmp_path / "objects").rename(tmp_path / "elsewhere")
    for act in (lambda: store.get("a/b"), lambda: store.put("a/c", b"new"), lambda: list(store.entries())):
        with pytest.raises(StoreAway):
            act()
    assert not (tmp_path / "objects").exists()
    (tmp_path / "elsewhere").rename(tmp_path / "objects")
    assert store.get("a/b") == b"kept"
    assert store.get("a/c") is None


def test_a_server_that_refuses_connections_is_away_within_seconds(s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_ALLOW_HTTP")  # an address that begins with http:// is meant so
    there = Store(s3.fresh())
    there.put("a", b"kept")
    assert there.get("a") == b"kept"
    assert there.get("b") is None
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT", f"http://127.0.0.1:{free.getsockname()[1]}")
    began = time.monotonic()
    with pytest.raises(StoreAway):
        Store("s3://bucket/objects").get("a")
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("code", [500, 503])
def test_a_server_in_trouble_is_away_and_a_refusal_is_not(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = [code]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(answer[0])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hidden")
    try:
        with pytest.raises(StoreAway):
            Store("s3://bucket/objects").get("a")
        answer[0] = 403
        with pytest.raises(Exception) as refused:
            Store("s3://bucket/objects").get("a")
        assert not isinstance(refused.value, StoreAway)
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[httpx.Client]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "packshot", "serve", "--data", tmp_path / "data", "--port", str(port)],
            env=os.environ | {"PACKSHOT_FAKE_MODELS": "true"}, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
        )  # fmt: skip
    try:
        seen(lambda: "welcome?token=" in log.read_text())
        found = re.search(r"welcome\?token=(\S+)", log.read_text())
        assert found
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=60, trust_env=False) as http:
            me = http.post("/invites/accept", json=ME | {"token": found[1]}).raise_for_status().json()
            key = http.post("/keys", json=KEY, headers={"X-CSRF-Token": me["csrf"]}).raise_for_status().json()
            http.headers["Authorization"] = f"Bearer {key['key']}"
            yield http
    finally:
        process.terminate()
        process.wait(60)


@pytest.mark.timeout(240)
async def test_ten_items_wait_for_a_store_that_is_away_and_none_has_lost_a_try(
    served: httpx.Client, tmp_path: Path
) -> None:
    photos = [upload(served, number).raise_for_status().json()["id"] for number in range(10)]
    objects, aside = tmp_path / "data" / "objects", tmp_path / "aside"
    objects.rename(aside)
    refused = upload(served, 10)
    assert refused.status_code == 503, refused.text
    assert int(refused.headers["Retry-After"]) > 0
    assert refused.headers["content-type"] == "application/problem+json"
    wish = {"name": "ten", "source": {"images": photos}, "styles": [{"style": "white"}], "channels": ["web"]}
    batch = served.post("/batches", json=wish).raise_for_status().json()["batch"]["id"]
    log = tmp_path / "log"
    seen(lambda: log.read_text().count('"store.away"') >= 1)
    status = served.get(f"/batches/{batch}/status").json()
    assert status["done"] == 0 and not status["counts"].get("failed")
    aside.rename(objects)
    seen(lambda: served.get(f"/batches/{batch}/status").json()["done"] == 10, seconds=120)
    db = Database(f"sqlite:///{tmp_path / 'data' / 'packshot.db'}")
    async with db.read() as tx:
        rows = (await tx.execute(items.select())).all()
    await db.close()
    assert [(row.status, row.attempts, row.error) for row in rows] == [("review", 0, None)] * 10
    assert '"stage.failed"' not in log.read_text()
    assert '"store.back"' in log.read_text()


async def test_what_fails_for_good_is_told_once_a_minute_with_a_count(monkeypatch: pytest.MonkeyPatch) -> None:
    received: list[dict[str, object]] = []

    async def post(address: str, message: dict[str, object]) -> None:
        assert address == "https://alerts.example/hook"
        received.append(message)

    monkeypatch.setattr(alerts, "_post", post)
    told = Alerts(Settings(alert_webhook="https://alerts.example/hook"))  # type: ignore[arg-type]
    claim = Claim(JobRef("segment", "itm_1", 1, 5), "item", "ws_1", "bat_1", 2)
    with capture_logs() as lines:
        told.dead_letter(claim, "damaged_file", "mug.jpg: the file is damaged.")
        await until(lambda: len(received) == 1)
        for _ in range(30):
            told.dead_letter(claim, "damaged_file", "mug.jpg: the file is damaged.")
        await told.close()
    assert [message["count"] for message in received] == [1, 30]
    assert len(received[1]["failures"]) == alerts.SHOWN  # type: ignore[arg-type]
    assert [line["event"] for line in lines] == ["dead_letter"] * 31


async def test_an_alert_that_cannot_be_sent_is_a_line_in_the_log() -> None:
    told = Alerts(Settings(alert_webhook="http://127.0.0.1:9/hook"))  # type: ignore[arg-type]
    with capture_logs() as lines:
        told.dead_letter(Claim(JobRef("segment", "itm_1", 1, 5), "item", "ws_1", None, 2), "fault", "It failed.")
        await told.close()
        assert any(line["event"] == "alert.not_sent" for line in lines)


def upload(http: httpx.Client, number: int) -> httpx.Response:
    out = io.BytesIO()
    pixels = np.full((96, 96, 3), 255, np.uint8)
    pixels[30:70, 30:70] = (200, 40, number)
    Image.fromarray(pixels).save(out, "PNG")
    return http.post("/images", files={"file": (f"photo-{number}.png", out.getvalue(), "image/png")})


def seen(works: Callable[[], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not works():
        assert time.monotonic() < deadline
        time.sleep(0.1)
