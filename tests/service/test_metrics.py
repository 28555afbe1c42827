"""Metrics: every number under its name, processes added up, labels bounded, and told even when a part is away."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import insert
from studio import WS, Studio

from packshot.db import tables as t
from packshot.errors import Unavailable
from packshot.service import metrics

pytestmark = pytest.mark.anyio


class Depths:
    async def counts(self) -> dict[str, dict[str, int]]:
        return {"segment": {"waiting": 3, "failed": 1}}


class Away:
    async def counts(self) -> dict[str, dict[str, int]]:
        raise Unavailable("the queue cannot be reached.")


def read(told: bytes) -> dict[tuple[str, ...], float]:
    """(name, label values by label name …) → value; a name twice would be refused by Prometheus."""
    found: dict[tuple[str, ...], float] = {}
    families = list(text_string_to_metric_families(told.decode()))
    assert len({family.name for family in families}) == len(families)
    for family in families:
        for sample in family.samples:
            found[sample.name, *(value for _, value in sorted(sample.labels.items()))] = sample.value
    return found


async def collected(db: Any, queues: Any = None) -> dict[tuple[str, ...], float]:
    return read(await metrics.collect(SimpleNamespace(db=db, queues=queues or Depths())))


async def test_what_happens_is_counted(studio: Studio) -> None:
    before = await collected(studio.db)
    metrics.observe_stage("segment", 1.5, "done")
    metrics.failed("damaged_file")
    metrics.cache("cutout", True)
    metrics.cache("cutout", False)
    metrics.memory("segment", 5_000_000)
    metrics.event_lag(0.3)
    after = await collected(studio.db)

    def grown(*key: str) -> float:
        return after[key] - before.get(key, 0)

    assert grown("packshot_stage_seconds_count", "done", "segment") == 1
    assert grown("packshot_stage_seconds_sum", "done", "segment") == 1.5
    assert grown("packshot_failures_total", "damaged_file") == 1
    assert grown("packshot_cache_total", "cutout", "hit") == grown("packshot_cache_total", "cutout", "miss") == 1
    assert grown("packshot_event_lag_seconds_count") == 1
    assert after["packshot_memory_bytes", "segment"] == 5_000_000
    assert after["packshot_memory_bytes", "api"] > 1_000_000


async def test_depths_items_and_dead_letters_are_asked_when_collected(studio: Studio) -> None:
    batch = await studio.make({"source": {"images": await studio.add_photos(4)}})
    ids = [item.id for item in await studio.rows(t.items, t.items.c.batch_id == batch)]
    await studio.finish(batch, only=ids[:2])
    async with studio.db.write() as tx:
        await tx.execute(t.items.update().where(t.items.c.id == ids[3]).values(status="failed"))
        await tx.execute(insert(t.jobs).values(
            id="job_1", workspace_id=WS, kind="export", status="failed", stage="", stages=[], request={}, result={},
            priority=5, created_at=0, touched_at=0,
        ))  # fmt: skip
    told = await collected(studio.db)
    assert (told["packshot_queue_tickets", "segment", "waiting"], told["packshot_up", "queue"]) == (3, 1)
    assert [told["packshot_items", status] for status in ("review", "processing", "failed")] == [2, 1, 1]
    assert (told["packshot_dead_letters", "item"], told["packshot_dead_letters", "job"]) == (1, 1)


async def test_what_is_away_is_told_and_the_rest_is_told_all_the_same(studio: Studio) -> None:
    told = await collected(studio.db, Away())
    assert (told["packshot_up", "queue"], told["packshot_up", "database"]) == (0, 1)
    told = await collected(None)
    assert (told["packshot_up", "queue"], told["packshot_up", "database"]) == (1, 0)


async def test_requests_are_counted_by_their_route_and_never_by_their_address() -> None:
    router = APIRouter()

    @router.get("/images/{id}")
    async def image(id: str) -> str:
        if id == "broken":
            raise RuntimeError
        return id

    app = FastAPI()
    app.include_router(router, prefix="/api/v1")
    app.add_middleware(metrics.Requests)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    before = await collected(None)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        for n in range(50):
            await client.get(f"/api/v1/images/{n}")
            await client.get(f"/wp-admin/{n}")
            await client.request(f"ODD{n}", "/api/v1/images/1")
        await client.get("/api/v1/images/broken")
    after = await collected(None)
    counted = {
        key: value - before.get(key, 0) for key, value in after.items() if key[0] == "packshot_http_requests_total"
    }
    new = {key: value for key, value in counted.items() if value}
    style = "/api/v1/images/{id}"
    assert {key[1:]: value for key, value in new.items()} == {
        ("GET", style, "2xx"): 50,
        ("GET", style, "5xx"): 1,
        ("GET", "other", "4xx"): 50,
        ("other", style, "4xx"): 50,
    }
    assert after["packshot_http_request_seconds_count", "GET", style] == 51


async def test_a_cause_that_is_no_code_does_not_become_a_label() -> None:
    for n in range(20):
        metrics.failed(f"photo {n}.jpg could not be read")
    told = await collected(None)
    assert told["packshot_failures_total", "other"] >= 20
    assert not [key for key in told if any("jpg" in part for part in key)]


PROGRAM = """
import asyncio, sys
from types import SimpleNamespace
from packshot.service import metrics

class Queues:
    async def counts(self):
        return {}

metrics.observe_stage("segment", 1.0, "done")
metrics.cache("cutout", True)
metrics.memory("segment", int(sys.argv[1]))
sys.stdout.buffer.write(asyncio.run(metrics.collect(SimpleNamespace(db=None, queues=Queues()))))
"""


def run(folder: Path, memory: int) -> dict[tuple[str, ...], float]:
    """What a program of its own collects."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(memory)],
        env=os.environ | {metrics.FOLDER_VARIABLE: str(folder)},
        stdout=subprocess.PIPE,
        check=True,
    )
    return read(done.stdout[done.stdout.index(b"# HELP") :])  # where logs are not configured they come first


async def test_programs_that_share_a_folder_add_up_and_the_newest_memory_counts(tmp_path: Path) -> None:
    for memory in (1, 2, 3):
        told = run(tmp_path / "metrics", memory)
    assert told["packshot_stage_seconds_count", "done", "segment"] == 3
    assert told["packshot_cache_total", "cutout", "hit"] == 3
    assert told["packshot_memory_bytes", "segment"] == 3


async def test_without_room_for_the_shared_numbers_a_program_counts_for_itself(tmp_path: Path) -> None:
    (tmp_path / "metrics").write_text("in the way")
    told = run(tmp_path / "metrics", 3)
    assert told["packshot_stage_seconds_count", "done", "segment"] == 1
