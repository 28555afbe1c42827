"""Batches: made, filled, held, paused, cancelled, and how far they are."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from sqlalchemy import insert, select, update
from studio import OTHER, WS, Studio, photo_row

from packshot.catalog.batches import expand, lifecycle, progress
from packshot.catalog.batches.offpeak import window
from packshot.catalog.batches.plan import Entry, enlarging
from packshot.catalog.batches.requests import BatchRequest
from packshot.catalog.items import records
from packshot.catalog.library import photos as library
from packshot.catalog.status import BatchState, ItemStatus, Priority
from packshot.db import tables as t
from packshot.errors import BadOption, Conflict, NotFound

pytestmark = pytest.mark.anyio


async def view(studio: Studio, id: str, ws: str = WS) -> lifecycle.BatchView:
    async with studio.db.read() as tx:
        return await lifecycle.get(tx, ws, id)


async def test_a_batch_is_photos_times_looks_in_all_channels_and_master(studio: Studio) -> None:
    photos = await studio.add_photos(3)
    styles = [{"style": "white"}, {"style": "color", "options": {"color": "#112233"}}]
    id = await studio.make({"source": {"images": photos}, "styles": styles, "channels": ["web"]})
    shown = await view(studio, id)
    assert (shown.state, shown.total, shown.done) == (BatchState.PROCESSING, 6, 0)
    assert (shown.channels, shown.specification) == (("master", "web"), None)
    rows = await studio.rows(t.items)
    assert [row.style_id for row in sorted(rows, key=lambda row: row.position)] == ["white"] * 3 + ["color"] * 3
    style_of = {row.id: row.style_id for row in rows}
    for version in await studio.rows(t.item_versions):  # the master is made once a photo
        first = style_of[version.item_id] == "white"
        assert [channel["id"] for channel in version.channels] == (["master", "web"] if first else ["web"])
        pattern = version.channels[-1]["name_pattern"]
        assert pattern == ("{sku}-{role}" if first else "{sku}-{role}-color")
    assert len(studio.queues.refs) == 6
    assert {(x.stage, x.version, x.priority) for x in studio.queues.refs.values()} == {("segment", 1, 5)}


async def test_what_is_not_there_is_refused_before_work_or_listed_with_its_reason(studio: Studio) -> None:
    photos = await studio.add_photos(1)
    strangers = await studio.add_photos(1, ws=OTHER, first=50)
    for wrong, error in (
        ({"styles": [{"style": "nope"}]}, NotFound),
        ({"styles": [{"style": "white", "options": {"nope": 1}}]}, BadOption),
        ({"channels": ["nope"]}, NotFound),
        ({"source": {"collection": "col_nope"}}, NotFound),
        ({"source": {"upload": "upl_nope"}}, NotFound),
        ({"source": {"upload": "job_nope"}}, NotFound),
    ):
        with pytest.raises(error):
            await studio.ask({"source": {"images": photos}} | wrong)
    id = await studio.make({"source": {"images": [*photos, "img_nope", *strangers]}})
    shown = await view(studio, id)
    assert shown.total == 1
    assert [u.name for u in shown.unmatched] == ["img_nope", *strangers]
    assert (await studio.rows(t.batches, t.batches.c.name == "Spring"))[0].id == id


async def test_a_batch_of_nothing_has_failed_and_says_so(studio: Studio) -> None:
    id = await studio.make({"source": {"images": ["img_nope"]}})
    shown = await view(studio, id)
    assert shown.state is BatchState.FAILED
    assert "Not one photo" in shown.error


async def test_products_and_collections_bring_their_photos_those_below_too(studio: Studio) -> None:
    await studio.add_photos(4)
    async with studio.db.write() as tx:
        for id, parent in (("col_top", None), ("col_sub", "col_top"), ("col_else", None)):
            await tx.execute(insert(t.collections).values(
                id=id, workspace_id=WS, parent_id=parent, kind="collection", name=id, position=0, revision=1,
                created_at=0,
            ))  # fmt: skip
        for n, collection in enumerate(("col_top", "col_sub", "col_else")):
            await tx.execute(
                insert(t.product_collections).values(product_id=f"prd_{WS}_{n:05d}", collection_id=collection)
            )
    assert (await view(studio, await studio.make({"source": {"collection": "col_top"}}))).total == 2
    id = await studio.make({"source": {"products": [f"prd_{WS}_00002", f"prd_{WS}_00003", "prd_nope"]}})
    shown = await view(studio, id)
    assert (shown.total, [u.name for u in shown.unmatched]) == (2, ["prd_nope"])


async def test_single_photos_get_their_own_template_channels_and_priority(studio: Studio) -> None:
    photos = await studio.add_photos(3)
    id = await studio.make({
        "source": {"images": photos},
        "items": [
            {"image": photos[0], "style": "gradient", "priority": "urgent"},
            {"sku": "SKU-00001", "options": {"shadow": 0.2}, "channels": ["web"]},
            {"sku": "SKU-99999", "style": "color"},
        ],
    })  # fmt: skip
    rows = {row.photo_id: row for row in await studio.rows(t.items)}
    assert [(rows[p].style_id, rows[p].priority) for p in photos] == [("gradient", 1), ("white", 5), ("white", 5)]
    versions = {v.item_id: v for v in await studio.rows(t.item_versions)}
    second = versions[rows[photos[1]].id]
    assert [channel["id"] for channel in second.channels] == ["master", "web"]
    assert next(step for step in second.style["steps"] if step["kind"] == "rendered")["shadow"] == 0.2
    assert [u.name for u in (await view(studio, id)).unmatched] == ["SKU-99999"]


async def test_filling_that_is_killed_goes_on_and_makes_no_item_twice(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expand, "CHUNK", 4)
    photos = await studio.add_photos(10)
    id, ref = await studio.ask({"source": {"images": photos}})
    calls = 0
    real = expand._insert

    async def dies(*args: Any, **rest: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        return await real(*args, **rest)

    monkeypatch.setattr(expand, "_insert", dies)
    with pytest.raises(KeyboardInterrupt):
        await expand.work(await studio.job(ref.id), studio)
    assert len(await studio.rows(t.items)) == 8
    await expand.work(await studio.job(ref.id), studio)
    again = await expand.work(await studio.job(ref.id), studio)
    assert len(await studio.rows(t.items)) == len(await studio.rows(t.item_versions)) == 10
    assert sorted(row.position for row in await studio.rows(t.items)) == list(range(10))
    assert again["filled"] and again["items"] == 10
    assert len(studio.queues.refs) == 10
    assert (await studio.job(ref.id)).total_count == 10
    assert (await view(studio, id)).state is BatchState.PROCESSING


async def test_a_batch_cancelled_while_it_is_filled_gets_no_more_items(
    studio: Studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expand, "CHUNK", 2)
    photos = await studio.add_photos(6)
    id, ref = await studio.ask({"source": {"images": photos}})
    real = expand._insert

    async def cancelled_after(*args: Any) -> Any:
        return await real(*args)

    async with studio.db.write() as tx:
        await lifecycle.cancel(tx, WS, id)
    monkeypatch.setattr(expand, "_insert", cancelled_after)
    await expand.work(await studio.job(ref.id), studio)
    assert await studio.rows(t.items) == []
    assert (await view(studio, id)).state is BatchState.CANCELLED
    assert not studio.queues.refs


async def test_flags_are_counted_before_work_and_a_held_batch_waits_for_its_start(studio: Studio) -> None:
    blurred = [{"check": "blur", "verdict": "warn", "words": "The product looks blurred."}]
    one = await studio.add_photos(2, findings=blurred, fingerprint="00000000000000ff")
    small = await studio.add_photos(1, first=10, width=400, height=300)
    id, ref = await studio.ask({"source": {"images": one + small}, "channels": ["amazon"], "hold": True})
    with pytest.raises(Conflict):
        async with studio.db.write() as tx:
            await lifecycle.start(tx, WS, id)
    await expand.work(await studio.job(ref.id), studio)
    shown = await view(studio, id)
    assert (shown.state, shown.hold, len(studio.queues.refs)) == (BatchState.VALIDATING, True, 0)
    counts = {flag.check: flag.count for flag in shown.flags}
    assert counts == {"blur": 2, "small for Amazon main image": 1, "duplicate": 1}
    async with studio.db.write() as tx:
        refs = await lifecycle.start(tx, WS, id)
    assert len(refs) == 3
    assert (await view(studio, id)).state is BatchState.PROCESSING


def test_what_enlarging_takes_is_told_before_work_where_something_is_small() -> None:
    entries = [Entry(f"img_{n}", "", side, side, "", []) for n, side in enumerate((400, 600, 3000))]
    asked = {"largest": 2048, "tile_side": 256, "overlap": 64, "tile_seconds": 15.0}
    flag = enlarging(entries, **asked)
    assert flag is not None
    assert (flag["check"], flag["count"], flag["photos"]) == ("upscale", 2, ["img_0", "img_1"])
    assert "1 to 3 minutes" in flag["words"]  # 4 and 9 tiles at most
    assert enlarging(entries[2:], **asked) is None


async def test_alike_photos_are_found_among_ten_thousand_in_a_second() -> None:
    import hashlib

    from packshot.catalog.batches.plan import twins

    def photo(n: int, mark: int) -> Entry:
        return Entry(f"img_{n}", "", 10, 10, f"{mark:016x}", [], name=f"{n}.jpg")

    marks = [int(hashlib.sha256(str(n).encode()).hexdigest()[:16], 16) for n in range(10_000)]
    marks[9_000] = marks[17] ^ 0b1001000000000000000000000000000000000000000010000000000000000001
    began = time.process_time()
    found = twins([photo(n, mark) for n, mark in enumerate(marks)])
    assert ("img_9000", "17.jpg") in found
    assert time.process_time() - began < 2
    assert len(twins([photo(n, 5) for n in range(10_000)])) == 9_999


async def test_a_second_copy_of_a_product_s_photo_is_left_out_and_made_on_request(studio: Studio) -> None:
    photos = await studio.add_photos(4, fingerprint="00000000000000ff")  # alike, but each of another product
    mine = {"product_id": f"prd_{WS}_00000", "role": "angle 2"}
    async with studio.db.write() as tx:
        for n, more in ((4, {"fingerprint": "00000000000000fe"}), (5, {"fingerprint": "ffffffff00000000"})):
            await tx.execute(insert(t.photos).values(**photo_row(f"img_{WS}_{n:05d}", WS, n) | mine | more))
    copy, other = f"img_{WS}_00004", f"img_{WS}_00005"
    asked = {"source": {"images": [copy, *photos, other]}, "hold": True}
    id = await studio.make(asked)
    shown = await view(studio, id)
    assert shown.total == 5 and {row.photo_id for row in await studio.rows(t.items)} == {*photos, other}
    [left] = shown.left_out
    assert (left.check, left.count, left.photos) == ("duplicate", 1, (copy,))
    assert "photo-00004.jpg" in left.words and "photo-00000.jpg" in left.words
    assert {flag.check: flag.count for flag in shown.flags} == {"duplicate": 3}  # of other products: said, and made

    async with studio.db.write() as tx:
        await lifecycle.start(tx, WS, id)
        ref = await lifecycle.include_duplicates(tx, WS, id, by=None)
    await expand.work(await studio.job(ref.id), studio)
    shown = await view(studio, id)
    assert (shown.total, shown.left_out) == (6, ()) and len(studio.queues.refs) == 6
    rows = await studio.rows(t.items)
    assert sorted(row.position for row in rows) == list(range(6))
    with pytest.raises(Conflict):
        async with studio.db.write() as tx:
            await lifecycle.include_duplicates(tx, WS, id, by=None)

    assert (await view(studio, await studio.make(asked | {"duplicates": True}))).total == 6
    chosen = asked | {"items": [{"image": copy, "style": "gradient"}]}  # named by itself: it is meant
    assert (await view(studio, await studio.make(chosen))).total == 5
    assert (await view(studio, await studio.make(asked | {"source": {"images": [copy]}}))).left_out == ()


async def test_photos_deleted_before_a_batch_begins_are_told(studio: Studio) -> None:
    ids = await studio.add_photos(4)
    async with studio.db.write() as tx:
        await library.delete(tx, WS, ids[0])
    named, ref = await studio.ask({"source": {"images": ids}, "hold": True})
    of_products, other = await studio.ask({"source": {"products": [f"prd_{WS}_{n:05d}" for n in range(4)]}})
    async with studio.db.write() as tx:
        await library.delete(tx, WS, ids[1])
    for one in (ref, other):
        await expand.work(await studio.job(one.id), studio)
    async with studio.db.write() as tx:
        await library.delete(tx, WS, ids[2])
        refs = await lifecycle.start(tx, WS, named)
    assert len(refs) == 1  # it had an item, which nobody works on
    shown = await view(studio, named)
    [left] = shown.left_out
    assert (left.check, left.count, left.photos) == ("deleted", 3, tuple(ids[:3])) and "photo-00000.jpg" in left.words
    assert shown.unmatched == () and shown.counts["cancelled"] == 1
    [left] = (await view(studio, of_products)).left_out  # what was deleted long ago is not asked for with its product
    assert left.photos == (ids[1],)


async def test_a_batch_says_of_size_and_copies_what_holds_for_itself(studio: Studio) -> None:
    said = [{"check": check, "verdict": "warn", "words": "."} for check in ("small", "duplicate", "other_product")]
    ids = await studio.add_photos(1, findings=said, width=900, height=600, product_px=450)
    shown = await view(studio, await studio.make({"source": {"images": ids}, "channels": ["web"]}))
    assert {flag.check for flag in shown.flags} == {"other_product"}
    shown = await view(studio, await studio.make({"source": {"images": ids}, "channels": ["amazon"]}))
    assert {flag.check for flag in shown.flags} == {"other_product", "small for Amazon main image"}


async def test_pause_resume_cancel_and_delete(studio: Studio) -> None:
    photos = await studio.add_photos(3)
    id = await studio.make({"source": {"images": photos}, "paused": True})
    assert (await view(studio, id)).state is BatchState.PAUSED
    assert not studio.queues.refs
    async with studio.db.write() as tx:
        assert len(await lifecycle.resume(tx, WS, id)) == 3
    assert (await view(studio, id)).state is BatchState.PROCESSING
    done = await studio.finish(id, only=[(await studio.rows(t.items))[0].id])
    async with studio.db.write() as tx:
        await lifecycle.pause(tx, WS, id)
        await lifecycle.pause(tx, WS, id)
        assert len(await lifecycle.resume(tx, WS, id)) == 2
        with pytest.raises(Conflict):
            await lifecycle.resume(tx, WS, id)
        gone = await lifecycle.cancel(tx, WS, id)
    assert len(gone) == 2
    shown = await view(studio, id)
    assert (shown.state, shown.counts["cancelled"], shown.counts["review"]) == (BatchState.CANCELLED, 2, len(done))
    assert (shown.done, shown.total) == (len(done), len(done) + 2)  # what was cancelled is not done
    async with studio.db.write() as tx:
        await lifecycle.delete(tx, WS, id)
    with pytest.raises(NotFound):
        await view(studio, id)


async def test_a_batch_paused_while_it_is_filled_waits_and_one_resumed_queues_at_the_end(studio: Studio) -> None:
    photos = await studio.add_photos(2)
    id, ref = await studio.ask({"source": {"images": photos}})
    async with studio.db.write() as tx:
        await lifecycle.pause(tx, WS, id)
    await expand.work(await studio.job(ref.id), studio)
    assert (await view(studio, id)).state is BatchState.PAUSED
    assert not studio.queues.refs
    second, ref = await studio.ask({"source": {"images": photos}})
    async with studio.db.write() as tx:
        await lifecycle.pause(tx, WS, second)
        assert await lifecycle.resume(tx, WS, second) == []
    await expand.work(await studio.job(ref.id), studio)
    assert (await view(studio, second)).state is BatchState.PROCESSING
    assert len(studio.queues.refs) == 2


async def test_another_priority_queues_what_is_not_done_anew(studio: Studio) -> None:
    photos = await studio.add_photos(2)
    id = await studio.make({"source": {"images": photos}})
    async with studio.db.write() as tx:
        refs = await lifecycle.change(tx, WS, id, name="Autumn", priority=Priority.URGENT)
    assert [ref.priority for ref in refs] == [1, 1]
    shown = await view(studio, id)
    assert (shown.name, shown.priority, shown.revision) == ("Autumn", Priority.URGENT, 4)


async def test_overnight_items_wait_for_the_window(studio: Studio) -> None:
    now = datetime.now(ZoneInfo("Europe/Berlin"))
    start, end = f"{(now.hour + 2) % 24:02d}:00", f"{(now.hour + 4) % 24:02d}:00"
    async with studio.db.write() as tx:
        off_peak = {"start": start, "end": end, "time_zone": "Europe/Berlin"}
        await tx.execute(update(t.workspaces).where(t.workspaces.c.id == WS).values(settings={"off_peak": off_peak}))
    photos = await studio.add_photos(2)
    special = [{"image": photos[0], "priority": "standard"}]
    id = await studio.make({"source": {"images": photos}, "priority": "overnight", "items": special})
    by_priority = {ref.priority: ref for ref in studio.queues.refs.values()}
    assert by_priority[5].not_before == 0
    assert 3000 < by_priority[10].not_before - time.time() < 2 * 3600 + 1
    async with studio.db.read() as tx:
        status = await progress.status(tx, WS, id)
    assert status.waits_until is not None
    async with studio.db.write() as tx:
        refs = await lifecycle.change(tx, WS, id, priority=Priority.STANDARD)
    assert {ref.not_before for ref in refs} == {0}


@pytest.mark.parametrize(
    ("at", "is_open", "opens"),
    [
        ("2026-07-01T21:59:59", False, "2026-07-01T22:00:00"),
        ("2026-07-01T22:00:00", True, "2026-07-01T22:00:00"),
        ("2026-07-02T05:59:59", True, "2026-07-02T05:59:59"),
        ("2026-07-02T06:00:00", False, "2026-07-02T22:00:00"),
        ("2026-03-29T05:30:00", True, "2026-03-29T05:30:00"),  # the night is an hour short
        ("2026-10-25T06:00:00", False, "2026-10-25T22:00:00"),
    ],
)
async def test_the_window_goes_over_midnight(at: str, is_open: bool, opens: str) -> None:
    zone = ZoneInfo("Europe/Berlin")
    settings = {"off_peak": {"start": "22:00", "end": "06:00", "time_zone": "Europe/Berlin"}}
    moment = datetime.fromisoformat(at).replace(tzinfo=zone).timestamp()
    assert window(moment, settings) == (is_open, datetime.fromisoformat(opens).replace(tzinfo=zone).timestamp())


async def test_the_window_opens_with_the_jump_and_holds_both_hours_that_come_twice() -> None:
    settings = {"off_peak": {"start": "02:30", "end": "05:00", "time_zone": "Europe/Berlin"}}
    jump = datetime.fromisoformat("2026-03-29T01:00:00+00:00").timestamp()  # 02:00 becomes 03:00
    assert window(jump - 1, settings) == (False, jump)
    assert window(jump, settings) == (True, jump)
    first = datetime.fromisoformat("2026-10-25T00:30:00+00:00").timestamp()  # 02:30, and again an hour later
    assert window(first - 1, settings) == (False, first)
    for minute in range(0, 200, 10):  # 02:30 … 05:00, an hour longer than on the wall
        assert window(first + 60 * minute, settings)[0] is True
    assert window(first + 60 * 211, settings)[0] is False
    assert window(5.0, {}) == window(5.0, {"off_peak": None}) == (True, 5.0)
    assert window(5.0, {"off_peak": {"start": "00:00", "end": "00:00", "time_zone": "UTC"}})[0] is True


async def test_the_state_follows_from_the_items(studio: Studio) -> None:
    photos = await studio.add_photos(2)
    id = await studio.make({"source": {"images": photos}})
    async with studio.db.read() as tx:
        assert (await progress.status(tx, WS, id)).stages == {"segment": 2}
    done = await studio.finish(id)

    async def states(*statuses: ItemStatus) -> BatchState:
        async with studio.db.write() as tx:
            for item, status in zip(done, statuses, strict=True):
                await tx.execute(update(t.items).where(t.items.c.id == item).values(status=status))
        shown = (await view(studio, id)).state
        async with studio.db.read() as tx:
            listed = [b.id for b in await lifecycle.page(tx, WS, state=shown)]
            others = [b.id for s in BatchState if s is not shown for b in await lifecycle.page(tx, WS, state=s)]
        assert (listed, others) == ([id], [])
        return shown

    assert await states(ItemStatus.PROCESSING, ItemStatus.APPROVED) is BatchState.PROCESSING
    assert await states(ItemStatus.REVIEW, ItemStatus.APPROVED) is BatchState.REVIEW
    assert await states(ItemStatus.REJECTED, ItemStatus.SKIPPED) is BatchState.REVIEW
    assert await states(ItemStatus.APPROVED, ItemStatus.FAILED) is BatchState.APPROVED


async def test_the_time_left_is_a_range_that_a_break_does_not_move() -> None:
    steady = [float(n) for n in range(100)]
    left = progress.seconds_left(steady, 50, 99.5)
    assert left is not None and left.low <= 40 and left.high >= 62 and left.high < 70
    broken = steady[:50] + [second + 3600 for second in steady[50:]]
    after = progress.seconds_left(broken, 50, 3600 + 99.5)
    assert after is not None and after.high < 70
    stuck = progress.seconds_left(steady, 50, 400.0)
    assert stuck is not None and stuck.high > 200
    assert progress.seconds_left(steady[:4], 50, 10.0) is None
    assert progress.seconds_left([], 0, 10.0) == progress.Range(low=0, high=0)
    assert progress.seconds_left([5.0] * 20, 10, 5.0) is not None


async def test_failures_are_grouped_by_cause(studio: Studio) -> None:
    photos = await studio.add_photos(3)
    id = await studio.make({"source": {"images": photos}})
    async with studio.db.write() as tx:
        for row, cause in zip(
            await studio.rows(t.items), ("out of memory", "damaged_file", "damaged_file"), strict=True
        ):
            error = {"cause": cause, "reason": "words", "stack": "Traceback", "at": 1.0}
            await tx.execute(update(t.items).where(t.items.c.id == row.id).values(status="failed", error=error))
    async with studio.db.read() as tx:
        status = await progress.status(tx, WS, id)
    assert [(f.cause, f.count) for f in status.failures] == [("damaged_file", 2), ("out of memory", 1)]


async def test_nobody_sees_anothers_batch(studio: Studio) -> None:
    id = await studio.make({"source": {"images": await studio.add_photos(1)}})
    item = (await studio.rows(t.items))[0].id
    async with studio.db.write() as tx:
        assert await lifecycle.page(tx, OTHER) == []
        for attempt in (
            lambda: lifecycle.get(tx, OTHER, id),
            lambda: progress.status(tx, OTHER, id),
            lambda: lifecycle.pause(tx, OTHER, id),
            lambda: lifecycle.cancel(tx, OTHER, id),
            lambda: lifecycle.delete(tx, OTHER, id),
            lambda: records.page(tx, OTHER, id),
            lambda: records.get(tx, OTHER, item),
            lambda: records.change(tx, OTHER, item, style="color"),
        ):
            with pytest.raises(NotFound):
                await attempt()


async def test_ten_thousand_items_are_listed_in_a_minute_and_their_status_is_cheap(studio: Studio) -> None:
    async with studio.db.write() as tx:
        rows = []
        for n in range(5_000):
            rows.append(photo := __import__("studio").photo_row(f"img_{n:05d}", WS, n))
            photo["product_id"] = None
        await tx.execute(insert(t.photos), rows)
    styles = [{"style": "white"}, {"style": "gradient"}]
    source = {"images": [f"img_{n:05d}" for n in range(5_000)]}
    id, ref = await studio.ask({"source": source, "styles": styles, "channels": ["web"]})
    began = time.process_time()
    result = await expand.work(await studio.job(ref.id), studio)
    spent = time.process_time() - began
    assert result["items"] == len(studio.queues.refs) == 10_000
    assert spent < 30
    async with studio.db.write() as tx:
        chosen = select(t.items.c.id).where(t.items.c.position < 4_000)
        await tx.execute(
            update(t.items).where(t.items.c.id.in_(chosen)).values(status="review", done_at=t.items.c.position * 0.7)
        )
    took = []
    for _ in range(20):
        async with studio.db.read() as tx:
            began = time.process_time()
            status = await progress.status(tx, WS, id)
            took.append(time.process_time() - began)
    print(f"10,000 items: {spent:.1f} s of CPU; status {sorted(took)[10] * 1000:.1f} ms")
    assert status.done == 4_000 and status.seconds_left is not None
    assert sorted(took)[10] < 0.02


def test_a_source_is_exactly_one_thing() -> None:
    for source in ({}, {"images": ["a"], "collection": "b"}, {"images": []}):
        with pytest.raises(ValidationError):
            BatchRequest.model_validate({"name": "x", "source": source, "styles": [{"style": "white"}]})


async def test_another_priority_leaves_items_alone_that_have_their_own(studio: Studio) -> None:
    photos = await studio.add_photos(2)
    special = [{"image": photos[0], "priority": "overnight"}]
    id = await studio.make({"source": {"images": photos}, "items": special})
    async with studio.db.write() as tx:
        refs = await lifecycle.change(tx, WS, id, priority=Priority.URGENT)
    assert [ref.priority for ref in refs] == [1]
    assert {row.photo_id: row.priority for row in await studio.rows(t.items)} == {photos[0]: 10, photos[1]: 1}
