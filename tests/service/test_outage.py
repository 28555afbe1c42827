"""What is away for a while is one log line a state, however often it is tried; and nothing hangs on it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import select
from structlog.testing import capture_logs

from packshot.catalog.ports import JobRef
from packshot.db import Database
from packshot.db.tables import workspaces
from packshot.db.upgrade import upgrade
from packshot.logs import AWAY_EVERY_SECONDS, Outage
from packshot.service.queues import Consumer, Queues
from packshot.service.valkey import Valkey
from packshot.settings import Settings
from waiting import until

pytestmark = pytest.mark.anyio


def events(lines: list[Any]) -> list[str]:
    return [line["event"] for line in lines]


async def test_one_line_a_state_and_one_a_minute_between() -> None:
    at = 0.0
    outage = Outage("queue", clock=lambda: at)
    with capture_logs() as lines:
        outage.back()
        for _ in range(54 * 150):  # 54 a second, for two and a half minutes
            outage.away(OSError("refused"))
            at += 1 / 54
        outage.back()
        outage.back()
    assert events(lines) == ["queue.away", "queue.still_away", "queue.still_away", "queue.back"]
    assert [line["seconds"] for line in lines] == [0, 60, 120, 150]
    assert lines[0]["error"] == "refused"


async def test_what_comes_and_goes_writes_two_lines_a_minute_at_most() -> None:
    at = 0.0
    outage = Outage("database", clock=lambda: at)
    with capture_logs() as lines:
        for _ in range(600):
            outage.away("disk I/O error")
            at += 0.5
            outage.back()
            at += 0.5
    assert len(lines) == 2 * 600 / AWAY_EVERY_SECONDS


async def test_a_queue_that_takes_no_work_is_logged_once_and_again_when_it_does(
    settings: Settings, valkey: Valkey
) -> None:
    """As where its disk or its memory is full: BullMQ tries, and reports, some ten times a second."""
    queues = Queues(settings.redis)
    server = redis.Redis(unix_socket_path=str(settings.valkey_socket))
    done: list[str] = []

    async def handle(ref: JobRef) -> None:
        done.append(ref.id)

    with capture_logs() as lines:
        consumer = Consumer(settings.redis, "segment", handle, concurrency=2, outage=queues.outage)
        await consumer.start()
        assert await queues.ping()
        server.config_set("maxmemory", "1")
        await until(lambda: "queue.away" in events(lines))
        await asyncio.sleep(2)
        assert not await queues.ping()
        assert events(lines) == ["queue.away"]
        server.config_set("maxmemory", "0")
        assert await queues.ping()
        await queues.add([JobRef("segment", "itm_1", 1, 5)])
        await until(lambda: done == ["itm_1"])
        await consumer.close()
    assert events(lines) == ["queue.away", "queue.back"]
    await queues.close()
    server.close()


async def test_a_queue_that_hangs_is_logged_and_a_program_at_work_still_ends(
    settings: Settings, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("packshot.service.queues.PING_SECONDS", 0.2)
    monkeypatch.setattr("packshot.service.queues.CLOSE_SECONDS", 0.5)
    started, hangs = asyncio.Event(), asyncio.Event()

    async def handle(ref: JobRef) -> None:
        started.set()
        await hangs.wait()

    queues = Queues(settings.redis)
    consumer = Consumer(settings.redis, "segment", handle, concurrency=1, outage=queues.outage)
    await consumer.start()
    await queues.add([JobRef("segment", "itm_1", 1, 5)])
    assert valkey.pid
    await started.wait()
    os.kill(valkey.pid, signal.SIGSTOP)
    hangs.set()
    try:
        with capture_logs() as lines:
            assert not await queues.ping()
            assert not await queues.ping()
            begun = time.monotonic()
            await consumer.close()
            assert time.monotonic() - begun < 10
        assert events(lines) == ["queue.away"]
        assert "no answer" in lines[0]["error"]
    finally:
        os.kill(valkey.pid, signal.SIGCONT)
    await queues.close()


async def test_a_lost_lock_is_one_line_a_job(settings: Settings, valkey: Valkey) -> None:
    """BullMQ reports it at each renewal, every few seconds, and at the job's end."""

    async def handle(ref: JobRef) -> None:
        pass

    consumer = Consumer(settings.redis, "segment", handle, concurrency=1, outage=Outage("queue"))
    with capture_logs() as lines:
        for _ in range(5):
            consumer._note(RuntimeError("could not renew lock for job itm_1_1"))
        consumer._note(TypeError("Missing lock for job itm_1_1. moveToFinished"))
    assert events(lines) == ["queue.error"]
    assert "Missing lock" in lines[0]["error"]
    await consumer.close()


async def test_a_worker_waits_for_its_queue_in_one_line_and_ends_on_a_signal(settings: Settings) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"redis://127.0.0.1:{free.getsockname()[1]}"
        command = [sys.executable, "-m", "packshot", "worker", "export", "--data", str(settings.data_dir)]
        worker = subprocess.Popen(
            command, env={**os.environ, "PACKSHOT_REDIS_URL": url}, stderr=subprocess.PIPE, text=True
        )
        assert worker.stderr is not None
        lines = [json.loads(worker.stderr.readline()) for _ in range(2)]
        assert events(lines) == ["database.upgraded", "queue.away"]
        await asyncio.sleep(2)
        worker.send_signal(signal.SIGTERM)
        rest = await asyncio.to_thread(worker.communicate, timeout=30)
    assert worker.returncode == 0
    assert events([json.loads(line) for line in rest[1].splitlines()]) == ["worker.stopped"]


async def test_a_database_that_is_away_is_logged_once(tmp_path: Path) -> None:
    path = tmp_path / "packshot.db"
    upgrade(f"sqlite:///{path}")
    content = path.read_bytes()
    path.write_bytes(os.urandom(len(content)))
    db = Database(f"sqlite:///{path}")
    with capture_logs() as lines:
        for _ in range(5):
            assert not await db.ping()
        path.write_bytes(content)
        assert await db.ping()
    assert events(lines) == ["database.away", "database.back"]
    assert "not a database" in lines[0]["error"]
    await db.close()


async def test_reading_goes_on_where_nothing_can_be_written(tmp_path: Path) -> None:
    """It stays away until a write succeeds: a read that does says nothing of it."""
    url = f"sqlite:///{tmp_path / 'packshot.db'}"
    upgrade(url)
    db = Database(url, connections=1)
    with capture_logs() as lines:
        for on in (True, False):
            async with db.read() as tx:
                await tx.exec_driver_sql(f"PRAGMA query_only={'ON' if on else 'OFF'}")
            for _ in range(3):
                try:
                    async with db.write() as tx:
                        await tx.execute(workspaces.insert().values(id=f"w{on}", name="", settings={}, created_at=0))
                        await tx.execute(workspaces.delete())
                except Exception as error:
                    assert "readonly" in str(error), error
                async with db.read() as tx:
                    await tx.execute(select(workspaces.c.id))
    assert events(lines) == ["database.writes.away", "database.writes.back"]
    await db.close()
