"""The event stream: what changed is told once, newest, at most four times a second, and nothing is missed."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any

import pytest
from sqlalchemy import delete, insert, select, update
from studio import OTHER, WS, Studio

from packshot.catalog import jobs
from packshot.catalog.batches import lifecycle, progress
from packshot.catalog.batches.progress import BatchStatus, ItemCount
from packshot.catalog.events.hub import LOOK_BACK, Hub, Listener, since
from packshot.catalog.events.log import record_event
from packshot.catalog.events.messages import Event
from packshot.catalog.events.tally import Tallies
from packshot.catalog.items import review
from packshot.catalog.items.review import ReviewRequest
from packshot.catalog.ports import JobRef
from packshot.db import Tx
from packshot.db import tables as t
from packshot.errors import BadInput, TooManyTries
from waiting import SOON, until

pytestmark = pytest.mark.anyio


async def batch_in_review(studio: Studio, count: int = 2) -> tuple[str, list[str]]:
    id = await studio.make({"source": {"images": await studio.add_photos(count)}})
    return id, await studio.finish(id)


async def approve(studio: Studio, ids: list[str], by: str = "usr_1") -> None:
    async with studio.db.write() as tx:
        seen = [{"id": id, "version": 1} for id in ids]
        asked = ReviewRequest.model_validate({"items": seen, "decision": "approve"})
        await review.decide(tx, WS, asked, by=by)


async def status_of(studio: Studio, batch: str) -> BatchStatus:
    async with studio.db.read() as tx:
        return await progress.status(tx, WS, batch)


async def of_batch(listener: Listener, batch: str) -> dict[str, Any]:
    """The next message about a batch; PostgreSQL's readers are told again what happened just before they came."""
    while (told := await listener.next(SOON)) is not None:
        if told.get("batch") == batch and "items" in told:
            return told
    raise AssertionError("nothing was told")


async def shout(studio: Studio, *, ws: str = WS, **about: Any) -> None:
    async with studio.db.write() as tx:
        await record_event(tx, ws, "batch.processing", **about)


async def test_two_reviewers_see_each_others_decisions(studio: Studio) -> None:
    batch, ids = await batch_in_review(studio)
    hub = Hub(studio.db, every=0.01)
    async with hub.listen(WS) as one, hub.listen(WS, batch=batch) as two, hub.listen(OTHER) as stranger:
        await approve(studio, ids[:1], by="usr_7")
        for listener in (one, two):
            told = await listener.next(SOON)
            assert told is not None
            assert (told["batch"], told["state"], told["done"], told["total"]) == (batch, "review", 2, 2)
            assert told["counts"]["approved"] == 1
            assert told["items"] == [{"id": ids[0], "status": "approved", "version": 1, "stage": "", "by": "usr_7"}]
        assert await stranger.next(0.2) is None
    assert hub._loop is None


async def test_readers_that_come_at_once_share_one_loop_and_leave_none(studio: Studio) -> None:
    hub = Hub(studio.db, every=0.01)
    before = asyncio.all_tasks()

    async def visit() -> None:
        async with hub.listen(WS):
            await asyncio.sleep(0)

    await asyncio.gather(visit(), visit(), visit())
    assert asyncio.all_tasks() <= before


async def test_at_most_four_messages_a_second_and_the_last_is_the_newest(studio: Studio) -> None:
    batch, ids = await batch_in_review(studio, 3)
    hub = Hub(studio.db, every=0.01)
    told: list[dict[str, Any]] = []
    began = time.monotonic()
    async with hub.listen(WS) as listener:

        async def work() -> None:
            for n in range(12):
                await asyncio.sleep(0.08)
                await (approve(studio, [ids[n // 5]]) if n % 5 == 0 else shout(studio, batch_id=batch))

        task = asyncio.create_task(work())
        while not task.done() or told[-1]["counts"]["approved"] < 3:
            message = await listener.next(SOON)
            assert message is not None, "the last decision was never told"
            told.append(message)
        await task
    assert len(told) <= 4 * (time.monotonic() - began) + 1
    assert told[-1]["counts"]["approved"] == 3
    assert [m["seq"] for m in told] == sorted(m["seq"] for m in told)


async def test_a_reader_resumes_behind_a_number_and_misses_nothing(studio: Studio) -> None:
    batch, ids = await batch_in_review(studio)
    hub = Hub(studio.db, every=0.01, pace=0.01)
    async with hub.listen(WS) as listener:
        await approve(studio, ids[:1])
        first = await listener.next(SOON)
    assert first is not None
    await approve(studio, ids[1:])
    async with hub.listen(WS, after=first["seq"]) as listener:
        told = await of_batch(listener, batch)
        assert ids[1] in [item["id"] for item in told["items"]]
        assert await listener.next(0.1) is None
    async with studio.db.read() as tx:
        answer = await since(tx, WS, first["seq"], batch=batch)
    assert answer["reset"] is False and [item["id"] for item in answer["messages"][0]["items"]] == [ids[1]]
    assert answer["seq"] == told["seq"]


async def test_a_number_in_a_message_never_passes_over_what_waits(studio: Studio) -> None:
    one = await studio.make({"source": {"images": await studio.add_photos(1)}})
    two = await studio.make({"source": {"images": await studio.add_photos(1, first=5)}})
    hub = Hub(studio.db, every=0.01, pace=0.01)
    async with hub.listen(WS) as listener:
        await shout(studio, batch_id=one)
        await shout(studio, batch_id=two)
        await until(lambda: len(listener.changes.batches) == 2)
        first = await listener.next(SOON)
        assert first is not None and first["batch"] == one
    async with hub.listen(WS, after=first["seq"]) as listener:
        assert (await of_batch(listener, two))["seq"] > first["seq"]


async def test_what_is_too_old_or_unknown_is_a_reset(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    batch, _ = await batch_in_review(studio)
    async with studio.db.write() as tx:
        await tx.execute(delete(t.events).where(t.events.c.seq <= 2))
    hub = Hub(studio.db, every=0.01)
    for after in (0, 999_999):
        async with hub.listen(WS, after=after) as listener:
            told = await listener.next(SOON)
            assert told is not None and told["reset"] is True and told["seq"] > 2
        async with studio.db.read() as tx:
            assert (await since(tx, WS, after))["reset"] is True
    monkeypatch.setattr("packshot.catalog.events.hub.MOST_MISSED", 1)
    async with studio.db.read() as tx:
        assert (await since(tx, WS, 2))["reset"] is True
    assert batch


async def test_runs_are_told_and_a_deleted_batch_is_told_as_such(studio: Studio) -> None:
    batch, ref = await studio.ask({"source": {"images": await studio.add_photos(1)}})
    hub = Hub(studio.db, every=0.01, pace=0.01)
    async with hub.listen(WS) as listener:
        async with studio.db.write() as tx:
            await tx.execute(update(t.batches).values(deleted_at=1.0))
            await record_event(tx, WS, "batch.deleted", batch_id=batch)
            await record_event(tx, WS, "job.running", job_id=ref.id)
        first, second = await listener.next(SOON), await listener.next(SOON)
    assert first is not None and (first["batch"], first["state"]) == (batch, "deleted")
    assert second is not None and (second["job"], second["status"], second["kind"]) == (ref.id, "queued", "batch")


async def test_more_than_a_hundred_items_are_to_be_fetched_anew(studio: Studio) -> None:
    batch, ids = await batch_in_review(studio, 101)
    async with studio.db.read() as tx:
        seq = await tx.scalar(select(t.events.c.seq).order_by(t.events.c.seq.desc()))
    await approve(studio, ids)
    async with studio.db.read() as tx:
        answer = await since(tx, WS, seq)
    assert [m["items"] for m in answer["messages"]] == [None]
    assert batch


async def test_a_wait_that_ends_while_its_message_is_read_loses_nothing(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, _ = await batch_in_review(studio)
    hub = Hub(studio.db, every=0.01, pace=0.01)
    real, reached = hub.messages, asyncio.Event()

    async def stuck(*args: Any) -> Any:
        reached.set()
        await asyncio.Event().wait()

    async with hub.listen(WS) as listener:
        monkeypatch.setattr(hub, "messages", stuck)
        await shout(studio, batch_id=batch)
        await until(lambda: bool(listener.changes.batches))
        assert await listener.next(0.05) is None
        assert reached.is_set()
        monkeypatch.setattr(hub, "messages", real)
        message = await listener.next(SOON)
    assert message is not None and message["batch"] == batch


async def test_a_state_is_read_once_however_many_listen(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    batch, ids = await batch_in_review(studio)
    real, reads = Tallies.count_items, list[list[str]]()

    async def counted(self: Tallies, tx: Tx, workspace_id: str, batch_ids: list[str]) -> dict[str, ItemCount]:
        reads.append(batch_ids)
        return await real(self, tx, workspace_id, batch_ids)

    monkeypatch.setattr(Tallies, "count_items", counted)
    hub = Hub(studio.db, every=0.01, pace=0.01)
    async with AsyncExitStack() as stack:
        listeners = [await stack.enter_async_context(hub.listen(WS)) for _ in range(20)]
        await approve(studio, ids[:1])
        told = await asyncio.gather(*(of_batch(listener, batch) for listener in listeners))
    assert reads == [[batch]]
    assert [(message["counts"]["approved"], message["items"][0]["id"]) for message in told] == [(1, ids[0])] * 20


async def test_a_state_read_before_something_happened_is_not_told_after_it(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, ids = await batch_in_review(studio)
    real, read, go_on = Tallies.count_items, asyncio.Event(), asyncio.Event()

    async def slow(self: Tallies, tx: Tx, workspace_id: str, batch_ids: list[str]) -> dict[str, ItemCount]:
        counts = await real(self, tx, workspace_id, batch_ids)
        if not read.is_set():
            read.set()
            await go_on.wait()
        return counts

    monkeypatch.setattr(Tallies, "count_items", slow)
    hub = Hub(studio.db, every=0.01, pace=0.01)
    async with hub.listen(WS) as early, hub.listen(WS) as late:
        await approve(studio, ids[:1])
        first = asyncio.create_task(of_batch(early, batch))
        await read.wait()
        await approve(studio, ids[1:])
        await until(lambda: ids[1] in (late.changes.items.get(batch) or ()))
        go_on.set()
        assert (await first)["counts"]["approved"] == 1
        assert (await of_batch(late, batch))["counts"]["approved"] == 2
        assert (await of_batch(early, batch))["counts"]["approved"] == 2


async def test_counts_in_messages_are_those_of_the_status_whatever_changes_items(studio: Studio) -> None:
    batch, ids = await batch_in_review(studio, 4)
    hub = Hub(studio.db, every=0.01, pace=0.01)

    async def decide(chosen: list[str], decision: str, **more: str) -> None:
        seen = [{"id": item.id, "version": item.version} for item in await studio.rows(t.items) if item.id in chosen]
        request = ReviewRequest.model_validate({"items": seen, "decision": decision} | more)
        async with studio.db.write() as tx:
            await review.decide(tx, WS, request, by="usr_1")

    async def fail(id: str) -> None:
        [item] = await studio.rows(t.items, t.items.c.id == id)
        held = await studio.claim(JobRef(item.stage, id, item.version, item.priority))
        async with studio.db.write() as tx:
            await jobs.fail(tx, held, BadInput("it is no photo."))

    async with hub.listen(WS, batch=batch) as listener:

        async def compare() -> None:
            status = await status_of(studio, batch)
            expected = status.model_dump(include={"counts", "stages", "done", "total"}, mode="json")
            message: dict[str, Any] = {}
            while {name: message.get(name) for name in expected} != expected:
                message = await of_batch(listener, batch)

        await decide(ids[:2], "approve")
        await compare()
        await decide(ids[2:], "retry", style="sweep")
        await compare()
        await fail(ids[3])
        await compare()
        async with studio.db.write() as tx:
            await lifecycle.cancel(tx, WS, batch)
        await compare()


async def test_of_a_followed_batch_only_items_that_changed_are_read(studio: Studio) -> None:
    batch, ids = await batch_in_review(studio, 3)
    tallies = Tallies()

    async def approved() -> int:
        async with studio.db.read() as tx:
            return (await tallies.count_items(tx, WS, [batch]))[batch].by_status["approved"]

    def event(item: str | None) -> Event:
        return Event(1, WS, "item.approved", batch, item, None, 0.0)

    assert await approved() == 0
    async with studio.db.write() as tx:
        await tx.execute(update(t.items).where(t.items.c.id != ids[2]).values(status="approved"))
    tallies.add([event(ids[0])])
    assert await approved() == 1
    tallies.add([event(None)])  # it may concern all
    assert await approved() == 2


async def test_one_who_resumes_is_not_told_a_state_from_before(studio: Studio) -> None:
    batch, ids = await batch_in_review(studio)
    hub = Hub(studio.db, every=SOON, pace=0.01)  # its loop reads nothing in this time
    async with hub.listen(WS, after=0) as one:
        assert (await of_batch(one, batch))["counts"]["approved"] == 0
        await approve(studio, ids)
        async with hub.listen(WS, after=0) as two:
            assert (await of_batch(two, batch))["counts"]["approved"] == 2


async def test_a_number_that_becomes_visible_late_is_still_told(studio: Studio) -> None:
    batch, _ = await batch_in_review(studio)
    other, _ = await studio.ask({"source": {"images": ["x"]}})
    hub = Hub(studio.db, every=0.01, pace=0.01)
    hub._look_back = LOOK_BACK  # as on PostgreSQL
    async with hub.listen(WS) as listener:
        async with studio.db.write() as tx:
            await tx.execute(insert(t.events).values(seq=1000, workspace_id=WS, kind="batch.x", batch_id=batch, at=1.0))
        told = await listener.next(SOON)
        assert told is not None and told["batch"] == batch
        async with studio.db.write() as tx:
            await tx.execute(insert(t.events).values(seq=998, workspace_id=WS, kind="batch.x", batch_id=other, at=1.0))
        told = await listener.next(SOON)
        assert told is not None and told["batch"] == other
        assert await listener.next(0.1) is None


async def test_a_workspace_has_only_so_many_listeners(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("packshot.catalog.events.hub.MOST_LISTENERS", 1)
    hub = Hub(studio.db)
    async with hub.listen(WS):
        with pytest.raises(TooManyTries):
            async with hub.listen(WS):
                pass
        async with hub.listen(OTHER):
            pass
    async with hub.listen(WS):
        pass


async def test_the_loop_outlives_a_database_that_is_away(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    batch, _ = await batch_in_review(studio)
    hub = Hub(studio.db, every=0.01, pace=0.01)
    real, failed = hub._read, asyncio.Event()

    async def away() -> Any:
        if not failed.is_set():
            failed.set()
            raise OSError("away")
        return await real()

    monkeypatch.setattr(hub, "_read", away)
    async with hub.listen(WS) as listener:
        await failed.wait()
        await shout(studio, batch_id=batch)
        assert (await listener.next(SOON)) is not None
