"""Whether it can work is said within three seconds, and which part is away, even where a part answers nothing."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

import psutil
import pytest
from child import Child, child
from pydantic import SecretStr

from packshot.service.valkey import Valkey
from packshot.settings import Settings
from servers import Postgres

SOON = 3.0
ALL = {"database": True, "store": True, "queue": True}


@contextmanager
def stopped(*pids: int) -> Iterator[None]:
    """Processes that are there and do nothing."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@pytest.fixture
def apart(tmp_path: Path, postgres: Postgres) -> Iterator[tuple[Child, Valkey]]:
    """An API on a queue and a database that are servers of their own."""
    settings = Settings(data_dir=tmp_path / "data", secret=SecretStr("of the tests"), database_url=postgres.fresh())
    valkey = Valkey(settings)
    valkey.start()
    try:
        with child(settings, log=tmp_path / "log") as api:
            yield api, valkey
    finally:
        valkey.stop()


def ready_of(api: Child) -> tuple[int, dict[str, bool]]:
    with closing(HTTPConnection("127.0.0.1", api.port, timeout=60)) as connection:
        began = time.monotonic()
        connection.request("GET", "/readyz")
        with connection.getresponse() as answer:
            found = answer.status, json.loads(answer.read())
        took = time.monotonic() - began
    assert took < SOON, f"it took {took:.1f} s"
    return found


def recovers(api: Child) -> None:
    deadline = time.monotonic() + 60
    while ready_of(api) != (200, ALL):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_part_that_hangs_is_named_within_three_seconds(apart: tuple[Child, Valkey], postgres: Postgres) -> None:
    api, valkey = apart
    assert valkey.pid is not None
    assert ready_of(api) == (200, ALL)
    with stopped(valkey.pid):
        with ThreadPoolExecutor(8) as pool:  # as several balancers ask, and ask again
            for _ in range(2):
                for status, parts in pool.map(lambda _: ready_of(api), range(8)):
                    assert (status, parts) == (503, ALL | {"queue": False})
        with api.client(**api.shop.headers) as http:
            assert http.get("/products").status_code == 200
            assert 'packshot_up{part="queue"} 0.0' in http.get(f"{api.address}/metrics").text
            began = time.monotonic()
            batch = {"name": "A", "source": {"images": ["img_1"]}, "looks": [{"template": "white"}]}
            assert http.post("/batches", json=batch).status_code == 202
            assert time.monotonic() - began < 15
    recovers(api)
    server = int((postgres.folder / "data" / "postmaster.pid").read_text().split()[0])
    with stopped(server, *(one.pid for one in psutil.Process(server).children())):
        for _ in range(3):
            assert ready_of(api) == (503, ALL | {"database": False})
    recovers(api)
    assert "Traceback" not in api.logged()


def test_parts_that_are_gone_are_named_too(apart: tuple[Child, Valkey]) -> None:
    api, valkey = apart
    valkey.stop()
    assert ready_of(api) == (503, ALL | {"queue": False})
