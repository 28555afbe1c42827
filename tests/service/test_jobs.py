"""Jobs: items and single pieces of work go one way: claimed, moved on, failed, retried, and found when they stall."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from shelf import InProcess, photo, settings_in
from sqlalchemy import update
from studio import WS, Studio

from packshot.catalog import jobs
from packshot.catalog.items import dead_letters, stages
from packshot.catalog.library import photo_jobs
from packshot.catalog.ports import JobRef
from packshot.catalog.tasks import AnalyseUpload
from packshot.db import tables as t
from packshot.errors import BadInput, Fault, NotFound, OutOfMemory
from packshot.service.queues import Queues
from packshot.service.valkey import Valkey
from packshot.service.worker import requeue_stalled
from packshot.settings import Settings
from packshot.template import template

pytestmark = pytest.mark.anyio


async def item_ref(studio: Studio) -> JobRef:
    await studio.make({"source": {"images": await studio.add_photos(1)}})
    [ref] = studio.queues.refs.values()
    return ref


async def job_ref(studio: Studio) -> JobRef:
    [photo_id] = await studio.add_photos(1)
    async with studio.db.write() as tx:
        return await photo_jobs.start_segment(tx, WS, photo_id, refined=False, by=None)


BOTH = pytest.mark.parametrize("made", [item_ref, job_ref])


async def fail(studio: Studio, claim: jobs.Claim, error: Exception) -> jobs.Failed:
    async with studio.db.write() as tx:
        return await (stages if claim.kind == "item" else photo_jobs).fail(tx, claim, error)


async def row(studio: Studio, ref: JobRef) -> object:
    table = jobs.ledger_of(ref.id).table
    [found] = await studio.rows(table, table.c.id == ref.id)
    return found


@BOTH
async def test_three_failed_tries_make_a_dead_letter_that_can_be_retried(studio: Studio, made) -> None:
    ref = await made(studio)
    for attempt in (1, 2, 3):
        failed = await fail(studio, await studio.claim(ref), Fault("it broke.", remedy="Report it."))
        assert (failed.final, failed.instead) == (attempt == 3, None)
    found = await row(studio, ref)
    assert (found.status, found.attempts, found.error["code"], found.error["stage"]) == (
        "failed",
        3,
        "fault",
        "segment",
    )
    async with studio.db.write() as tx:
        names = {"item_ids": [ref.id]} if ref.id.startswith("itm_") else {"job_ids": [ref.id]}
        _, refs = await dead_letters.retry(tx, WS, **names)
    assert refs == [ref]
    assert (await studio.claim(ref)).attempts == 0
    assert (await row(studio, ref)).error is None


@BOTH
async def test_what_a_retry_cannot_help_is_final_at_once(studio: Studio, made) -> None:
    ref = await made(studio)
    failed = await fail(studio, await studio.claim(ref), BadInput("it is no photo.", subject="a.jpg"))
    assert failed.final and "a.jpg" in failed.reason


@BOTH
async def test_one_that_had_failed_for_good_is_taken_up_from_the_queue_itself(studio: Studio, made) -> None:
    ref = await made(studio)
    await fail(studio, await studio.claim(ref), BadInput("it is no photo."))
    claim = await studio.claim(ref)  # somebody retried it at the queue
    assert claim.attempts == 0
    found = await row(studio, ref)
    assert (found.status in ("processing", "running"), found.error, found.done_at) == (True, None, None)


@BOTH
async def test_for_want_of_memory_it_begins_again_with_fewer_pixels(studio: Studio, made) -> None:
    ref = await made(studio)
    failed = await fail(studio, await studio.claim(ref), OutOfMemory("too large."))
    assert (failed.final, failed.instead) == (False, None)  # it stands at its first stage already
    async with studio.db.read() as tx:
        claim = (await jobs.claim(tx, ref)).claim
        assert claim is not None
        work = await (stages if claim.kind == "item" else photo_jobs).load(tx, claim)
    assert work.photos[0].file.max_pixels == 12_000_000


async def test_a_layer_that_is_gone_sends_a_job_back_to_its_cutout(studio: Studio) -> None:
    ref = await item_ref(studio)
    async with studio.db.write() as tx:
        await tx.execute(update(t.items).values(stage="export"))
    later = replace(ref, stage="export")
    failed = await fail(studio, await studio.claim(later), NotFound("the file is no longer in the store."))
    assert failed.instead == ref
    assert (await row(studio, ref)).stage == "segment"


@BOTH
async def test_a_result_that_comes_twice_is_recorded_once(studio: Studio, made) -> None:
    ref = await made(studio)
    claim = await studio.claim(ref)
    async with studio.db.write() as tx:
        assert await jobs.advance(tx, claim, "generate")
        assert not await jobs.advance(tx, claim, "generate")


@pytest.fixture
async def queues(tmp_path: Path) -> AsyncIterator[Queues]:
    settings = Settings(data_dir=tmp_path / "valkey")
    valkey = Valkey(settings)
    valkey.start()
    made = Queues(settings.redis)
    yield made
    await made.close()
    valkey.stop()


async def test_what_waits_in_a_queue_is_never_queued_again_and_what_is_lost_is_once(
    studio: Studio, queues: Queues
) -> None:
    await studio.make({"source": {"images": await studio.add_photos(120)}})
    async with studio.db.write() as tx:
        single = await photo_jobs.start_segment(tx, WS, "img_ws_a_00000", refined=False, by=None)
        for table in (t.items, t.jobs):
            await tx.execute(update(table).values(touched_at=0.0))
        await tx.execute(update(t.jobs).where(t.jobs.c.id != single.id).values(status="done", stage=""))
    refs = [*studio.queues.refs.values(), single]
    assert len(refs) == 121
    await queues.add(refs)
    assert await requeue_stalled(studio.db, queues, since=t.now()) == 0  # they have waited long, and are not lost
    assert {item.touched_at for item in await studio.rows(t.items)} == {0.0}  # and nothing is written for it
    await queues.remove([refs[3], single])
    assert await requeue_stalled(studio.db, queues, since=t.now()) == 2
    assert await requeue_stalled(studio.db, queues, since=t.now() - 60) == 0
    assert await queues.missing(refs) == []


async def test_a_job_at_work_that_says_so_has_not_stalled(studio: Studio) -> None:
    ref = await job_ref(studio)
    claim = await studio.claim(ref)
    async with studio.db.write() as tx:
        await tx.execute(update(t.jobs).values(touched_at=0.0))
    since = t.now() - 1
    async with studio.db.read() as tx:
        assert await jobs.stalled(tx, jobs.JOBS, since=since) == [ref]
    async with studio.db.write() as tx:
        await jobs.alive(tx, claim)
        assert await jobs.stalled(tx, jobs.JOBS, since=since) == []


# --- one photo goes the way of a batch's ---


async def test_a_picture_of_one_photo_is_the_file_that_a_batch_makes_of_it(studio: Studio, tmp_path: Path) -> None:
    studio.pixels = InProcess(settings_in(tmp_path))
    file = tmp_path / "shoe.jpg"
    file.write_bytes(photo(1))
    uploaded = await studio.pixels.do(AnalyseUpload("shoe.jpg", WS, str(file)))
    [id] = await studio.add_photos(1, key=uploaded.key, sha256=uploaded.sha256, name="shoe.jpg")
    batch = await studio.make({"source": {"images": [id]}, "styles": [{"style": "color"}], "channels": ["web"]})
    await studio.work_off(next(iter(studio.queues.refs.values())))
    [item] = await studio.rows(t.items, t.items.c.batch_id == batch)
    assert item.status == "review", item.error
    [made] = await studio.rows(t.renditions, t.renditions.c.channel == "web")
    [version] = await studio.rows(t.item_versions)
    channel = next(photo_jobs.Channel.model_validate(one) for one in version.channels if one["id"] == "web")
    async with studio.db.write() as tx:
        ref = await photo_jobs.start_generate(tx, WS, id, template("color"), channel, by=None)
    await studio.work_off(ref)
    job = await studio.job(ref.id)
    assert (job.status, job.result["key"], job.result["format"]) == ("done", made.key, "webp")
    assert "work" not in job.result
