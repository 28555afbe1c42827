"""Review: decisions about items, their undo, and what a reason changes."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select, update
from studio import OTHER, WS, Studio

from packshot.catalog.batches import lifecycle
from packshot.catalog.delivery import exports
from packshot.catalog.delivery.exports import ExportRequest
from packshot.catalog.items import dead_letters, findings, records, retry_reasons, review
from packshot.catalog.items.retry_reasons import Retry
from packshot.catalog.items.review import Outcome, ReviewRequest
from packshot.catalog.items.undo import undo as undo_act
from packshot.catalog.items.versions import remake
from packshot.catalog.status import BatchState, ItemStatus, Priority
from packshot.channel import Channel, channel
from packshot.db import tables as t
from packshot.errors import BadInput, BadOption, BreaksRule, Conflict, NotFound, OutOfDate
from packshot.finding import Finding, Verdict
from packshot.template import Template, template

pytestmark = pytest.mark.anyio


async def decide(
    studio: Studio, ids: list[str], decision: str, *, version: int = 1, status: str | None = None, by: str = "usr_1",
    **rest: Any,
) -> Any:  # fmt: skip
    seen = [{"id": id, "version": version, "status": status} for id in ids]
    async with studio.db.write() as tx:
        asked = ReviewRequest.model_validate({"items": seen, "decision": decision} | rest)
        done = await review.decide(tx, WS, asked, by=by)
    await studio.queues.remove(done.remove)
    await studio.queues.add(done.add)
    return done


async def undo(studio: Studio, act: str) -> Any:
    async with studio.db.write() as tx:
        return await undo_act(tx, WS, act)


async def statuses(studio: Studio) -> list[tuple[str, int]]:
    rows = await studio.rows(t.items)
    return [(row.status, row.version) for row in sorted(rows, key=lambda row: row.position)]


async def reviewed(studio: Studio, count: int = 3, **asked: Any) -> tuple[str, list[str]]:
    """A batch whose items all wait for review."""
    id = await studio.make({"source": {"images": await studio.add_photos(count)}} | asked)
    studio.queues.refs.clear()
    return id, await studio.finish(id)


async def test_approval_pins_the_hashes_of_all_files(studio: Studio) -> None:
    batch, ids = await reviewed(studio, channels=["amazon"])
    done = await decide(studio, ids, "approve", note="fine")
    assert {result.outcome for result in done.results} == {Outcome.DONE}
    files = {(f.item_id, f.channel): f.sha256 for f in await studio.rows(t.renditions)}
    for row in await studio.rows(t.reviews):
        assert row.pins == {name: files[row.item_id, name] for name in ("master", "amazon")}
    async with studio.db.read() as tx:
        assert (await lifecycle.get(tx, WS, batch)).state is BatchState.APPROVED
        history = await review.history(tx, WS, batch)
        detail = await records.get(tx, WS, ids[0])
    assert len(history) == 3 and {entry.act for entry in history} == {done.act}
    assert detail.decisions[0].note == "fine" and len(detail.versions[0].renditions) == 2


async def test_many_decided_at_once_are_undone_at_once(studio: Studio) -> None:
    _, ids = await reviewed(studio)
    first = await decide(studio, ids, "reject", reason="other")
    assert await statuses(studio) == [("rejected", 1)] * 3
    with pytest.raises(Conflict, match=r"rejected already\. To change that, name the status"):
        await decide(studio, ids, "approve")
    second = await decide(studio, ids, "approve", status="rejected")
    with pytest.raises(Conflict, match="decided about it since"):
        await undo(studio, first.act)
    await undo(studio, second.act)
    assert await statuses(studio) == [("rejected", 1)] * 3
    await undo(studio, first.act)
    assert await statuses(studio) == [("review", 1)] * 3
    with pytest.raises(Conflict, match="undone already"):
        await undo(studio, first.act)
    with pytest.raises(NotFound):
        await undo(studio, "act_nope")


async def test_what_changed_meanwhile_is_told_and_the_others_are_done(studio: Studio) -> None:
    _, ids = await reviewed(studio)
    await decide(studio, ids[:1], "approve", by="usr_2")
    done = await decide(studio, [*ids, "itm_nope"], "approve")
    assert [result.outcome for result in done.results] == [Outcome.CHANGED, Outcome.DONE, Outcome.DONE, Outcome.MISSING]
    assert done.results[0].words == "It is approved already."
    with pytest.raises(Conflict, match="approved already"):
        await decide(studio, ids[:1], "approve")
    with pytest.raises(Conflict, match="at version 1 by now"):
        await decide(studio, ids[:1], "reject", version=2)
    with pytest.raises(Conflict):
        async with studio.db.write() as tx:
            seen = [{"id": ids[0], "version": 1, "status": "review"}]
            await review.decide(tx, WS, ReviewRequest.model_validate({"items": seen, "decision": "reject"}), by=None)
    with pytest.raises(NotFound):
        await decide(studio, ["itm_nope"], "approve")


async def test_a_file_that_breaks_a_hard_rule_is_approved_only_anyway(studio: Studio) -> None:
    id = await studio.make({"source": {"images": await studio.add_photos(1)}})
    ids = await studio.finish(id, rejected=True)
    with pytest.raises(BreaksRule, match=r"breaks a rule of each of its channels\. .*Not white"):
        await decide(studio, ids, "approve")
    await decide(studio, ids, "approve", anyway=True)
    assert await statuses(studio) == [("approved", 1)]


async def test_files_that_break_no_rule_are_approved_and_the_other_one_by_a_second_decision(studio: Studio) -> None:
    asked = {"source": {"images": await studio.add_photos(1)}, "channels": ["amazon", "web"]}
    [id] = await studio.finish(await studio.make(asked), rejected={"amazon"})

    async def delivered() -> tuple[dict[str, bool], list[str]]:
        async with studio.db.read() as tx:
            plan = await exports.plan(tx, WS, ExportRequest.model_validate({"items": [id], "to": {"kind": "zip"}}))
        return {file.channel: file.breaks_rule for file in plan.files}, [one.reason for one in plan.left_out]

    first = await decide(studio, [id], "approve")
    assert first.results[0].words == "Left out: amazon: Not white."
    assert await delivered() == (
        {"master": False, "web": False}, ["Its file for amazon was not approved: it breaks a rule of that channel."]
    )  # fmt: skip
    with pytest.raises(Conflict, match="approved already"):
        await decide(studio, [id], "approve")
    second = await decide(studio, [id], "approve", anyway=True)
    assert await delivered() == ({"amazon": True, "master": False, "web": False}, [])
    notes = [row.note for row in await studio.rows(t.reviews)]
    assert sorted(notes) == ["", "Approved all the same. amazon: Not white."]
    await undo(studio, second.act)
    assert set((await delivered())[0]) == {"master", "web"}
    assert await statuses(studio) == [("approved", 1)]


async def test_an_approval_may_be_of_some_channels_only(studio: Studio) -> None:
    asked = {"source": {"images": await studio.add_photos(1)}, "channels": ["amazon", "web"]}
    [id] = await studio.finish(await studio.make(asked))
    await decide(studio, [id], "approve", channels=["web"])
    [row] = await studio.rows(t.reviews)
    assert set(row.pins) == {"web"}
    with pytest.raises(BadInput, match="no finished files"):
        await decide(studio, [id], "approve", anyway=True, channels=["etsy"])


async def test_a_retry_makes_a_version_with_what_its_reason_changes_and_undo_leaves_it(studio: Studio) -> None:
    _, ids = await reviewed(studio, 1)
    done = await decide(studio, ids, "reject", retry=True, reason="shadow_unnatural")
    assert await statuses(studio) == [("processing", 2)]
    assert [(x.job_id, x.stage) for x in done.add] == [(f"{ids[0]}-v2-segment", "segment")]
    async with studio.db.read() as tx:
        detail = await records.get(tx, WS, ids[0])
    told = {change.parameter: (change.before, change.after) for change in detail.versions[0].changed}
    assert told == {"rendered.shadow": (1.0, 0.6), "rendered.softness": (None, "more")}
    assert detail.versions[0].reason == "shadow_unnatural"
    assert (detail.versions[0].options["shadow"], detail.versions[1].options["shadow"]) == (0.6, 1.0)
    undone = await undo(studio, done.act)
    assert [x.job_id for x in undone.remove] == [f"{ids[0]}-v2-segment"]
    assert await statuses(studio) == [("review", 1)]
    assert (await studio.rows(t.items))[0].done_at is not None
    again = await decide(studio, ids, "retry", reason="edge_rough")
    assert await statuses(studio) == [("processing", 3)]
    assert (await studio.rows(t.item_versions, t.item_versions.c.version == 3))[0].refined is True
    await studio.finish((await studio.rows(t.items))[0].batch_id)
    await decide(studio, ids, "approve", version=3)
    with pytest.raises(Conflict):
        await undo(studio, again.act)


async def test_a_retry_that_would_change_nothing_says_so(studio: Studio) -> None:
    _, ids = await reviewed(studio, 1)
    for rest in ({"reason": "background_wrong"}, {"reason": "other"}, {"reason": "colour_shifted"}, {}):
        with pytest.raises(BadInput, match="the same"):
            await decide(studio, ids, "retry", **rest)
    with pytest.raises(BadOption):
        await decide(studio, ids, "retry", reason="nope")
    await decide(studio, ids, "retry", reason="background_wrong", style="color", options={"color": "#ffeedd"})
    row = (await studio.rows(t.items))[0]
    assert (row.style_id, row.version) == ("color", 2)
    changed = (await studio.rows(t.item_versions, t.item_versions.c.version == 2))[0].changed
    assert changed == [{"parameter": "style", "before": "Pure white", "after": "Solid colour", "why": "Asked for."}]


async def test_a_paused_batch_keeps_its_retries_until_it_goes_on(studio: Studio) -> None:
    batch, ids = await reviewed(studio, 2)
    async with studio.db.write() as tx:
        await lifecycle.pause(tx, WS, batch)
    done = await decide(studio, ids[:1], "retry", reason="edge_rough")
    assert done.add == []
    async with studio.db.write() as tx:
        assert [x.job_id for x in await lifecycle.resume(tx, WS, batch)] == [f"{ids[0]}-v2-segment"]
        await lifecycle.cancel(tx, WS, batch)
    with pytest.raises(BadInput, match="cancelled"):
        await decide(studio, ids[1:], "retry", reason="edge_rough")


async def test_a_changed_look_makes_a_version_and_a_changed_priority_none(studio: Studio) -> None:
    _, ids = await reviewed(studio, 1)
    await decide(studio, ids, "approve")
    async with studio.db.write() as tx:
        assert await records.change(tx, WS, ids[0], priority=Priority.URGENT) == []
        assert await records.change(tx, WS, ids[0], version=1, options={"shadow": 1.0}) == []
        with pytest.raises(OutOfDate):
            await records.change(tx, WS, ids[0], version=2, options={"shadow": 0.1})
        refs = await records.change(tx, WS, ids[0], version=1, options={"shadow": 0.1}, channels=["web"])
    assert [(x.version, x.priority) for x in refs] == [(2, 1)]
    async with studio.db.read() as tx:
        detail = await records.get(tx, WS, ids[0])
    assert [change.parameter for change in detail.versions[0].changed] == ["rendered.shadow", "channels"]
    assert detail.versions[0].channels == ("master", "web")
    assert detail.versions[1].renditions and not detail.versions[0].renditions
    async with studio.db.write() as tx:
        refs = await records.change(tx, WS, ids[0], priority=Priority.STANDARD)
    assert [(x.version, x.priority) for x in refs] == [(2, 5)]


async def test_a_new_photo_makes_everything_anew_but_what_was_approved(studio: Studio) -> None:
    _, ids = await reviewed(studio, 4)
    photo = (await studio.rows(t.items))[0].photo_id
    async with studio.db.write() as tx:
        await tx.execute(update(t.items).values(photo_id=photo))
        await tx.execute(update(t.photos).where(t.photos.c.id == photo).values(sha256="new"))
        for id, status in zip(ids, ("approved", "rejected", "processing", "cancelled"), strict=True):
            await tx.execute(update(t.items).where(t.items.c.id == id).values(status=status))
        refs = await remake(tx, WS, photo_id=photo, reason="photo_replaced")
        assert await remake(tx, OTHER, photo_id=photo) == []
    assert {x.id for x in refs} == set(ids[1:3])
    assert await statuses(studio) == [("approved", 1), ("processing", 2), ("processing", 2), ("cancelled", 1)]
    made = await studio.rows(t.item_versions, t.item_versions.c.version == 2)
    assert {(row.photo_sha256, row.reason) for row in made} == {("new", "photo_replaced")}
    async with studio.db.write() as tx:
        assert await remake(tx, WS, photo_id=photo) == []


async def test_items_are_found_by_status_sku_and_what_was_found(studio: Studio) -> None:
    batch, ids = await reviewed(studio, 3)
    async with studio.db.write() as tx:
        await tx.execute(update(t.items).where(t.items.c.id == ids[1]).values(worst=2.0, needs_look=True))
        warns = Finding(check="white", verdict=Verdict.WARN, words="Not white.")
        await findings.store(tx, WS, ids[1], {"master": [warns]}, version=1)

    async def page(**by: Any) -> list[str]:
        async with studio.db.read() as tx:
            return [item.id for item in await records.page(tx, WS, batch, **by)]

    assert await page() == ids
    assert await page(order="worst") == [ids[1], ids[0], ids[2]]
    assert await page(order="worst", after=(2.0, 1, ids[1])) == [ids[0], ids[2]]
    assert await page(limit=1, after=(0.0, 0, ids[0])) == [ids[1]]
    assert await page(needs_look=True) == await page(finding="white") == await page(channel="master") == [ids[1]]
    assert await page(channel="master", finding="fill") == await page(channel="amazon") == []
    assert await page(sku="SKU-00002") == [ids[2]]
    assert await page(status=[ItemStatus.APPROVED]) == []
    with pytest.raises(NotFound):
        async with studio.db.read() as tx:
            await records.page(tx, WS, "bat_nope")


async def test_what_was_made_of_a_product_is_found_over_all_batches_the_newest_first(studio: Studio) -> None:
    images = await studio.add_photos(3)
    one, two = [await studio.make({"name": name, "source": {"images": images}}) for name in ("Spring", "Summer")]
    await studio.make({"source": {"images": await studio.add_photos(3, ws=OTHER)}}, ws=OTHER)
    product = (await studio.rows(t.photos, t.photos.c.id == images[1]))[0].product_id

    async def found(**by: Any) -> list[records.ItemView]:
        async with studio.db.read() as tx:
            return await records.recent(tx, WS, **by)

    made = await found(product_id=product)
    assert [(item.batch, item.batch_name, item.photo) for item in made] == [
        (two, "Summer", images[1]), (one, "Spring", images[1]),
    ]  # fmt: skip
    assert await found(sku="SKU-00001") == await found(image_id=images[1]) == made
    assert await found(sku="SKU-00001", image_id=images[0]) == [] == await found(product_id=f"prd_{OTHER}_00001")
    first = await found(limit=4)
    assert len({item.id for item in [*first, *await found(after=first[-1].id)]}) == 6
    async with studio.db.write() as tx:
        await lifecycle.delete(tx, WS, two)
    assert [item.batch for item in await found(product_id=product)] == [one]


async def test_failed_items_are_listed_by_cause_and_tried_again_where_they_stood(studio: Studio) -> None:
    batch = await studio.make({"source": {"images": await studio.add_photos(3)}})
    ids = [row.id for row in sorted(await studio.rows(t.items), key=lambda row: row.position)]
    async with studio.db.write() as tx:
        for id, cause in zip(ids[:2], ("out_of_memory", "damaged_file"), strict=True):
            error = {"cause": cause, "reason": "Too large.", "stack": "Traceback", "at": 5.0}
            await tx.execute(
                update(t.items).where(t.items.c.id == id)
                .values(status="failed", stage="generate", attempts=3, error=error)
            )  # fmt: skip
        groups = await dead_letters.groups(tx, WS)
        assert {(g.cause, g.count, g.reason) for g in groups} == {
            ("out_of_memory", 1, "Too large."), ("damaged_file", 1, "Too large."),
        }  # fmt: skip
        page = await dead_letters.page(tx, WS, batch_id=batch, cause="damaged_file")
        assert [(f.id, f.stack, f.attempts) for f in page] == [(ids[1], None, 3)]
        assert (await dead_letters.page(tx, WS, stacks=True))[0].stack == "Traceback"
        assert await dead_letters.groups(tx, OTHER) == []
        with pytest.raises(NotFound):
            await dead_letters.retry(tx, OTHER, item_ids=ids)
        done, refs = await dead_letters.retry(tx, WS, cause="damaged_file")
    assert (done.items, [(x.id, x.stage, x.version) for x in refs]) == (1, [(ids[1], "generate", 1)])
    row = (await studio.rows(t.items, t.items.c.id == ids[1]))[0]
    assert (row.status, row.attempts, row.error, row.stage) == ("processing", 0, None, "generate")


async def test_a_failed_run_is_tried_again_too(studio: Studio) -> None:
    _, ref = await studio.ask({"source": {"images": await studio.add_photos(1)}})
    async with studio.db.write() as tx:
        await tx.execute(update(t.jobs).values(status="failed", attempts=3, error={"cause": "x", "reason": "Gone."}))
        await tx.execute(update(t.batches).values(state="failed"))
        assert [(f.id, f.reason) for f in await dead_letters.failed_jobs(tx, WS)] == [(ref.id, "Gone.")]
        done, refs = await dead_letters.retry(tx, WS, job_ids=[ref.id])
    assert (done.jobs, refs[0].job_id) == (1, ref.job_id)
    assert (await studio.job(ref.id)).status == "queued"


async def test_every_change_is_told_in_order(studio: Studio) -> None:
    _, ids = await reviewed(studio, 2)
    await decide(studio, ids, "approve")
    rows = await studio.rows(t.events, t.events.c.kind == "item.approved")
    assert {row.item_id for row in rows} == set(ids)


# --- reasons ---


def asked(style_id: str, *channels: str, **options: Any) -> Retry:
    made: list[Channel] = [channel(id) for id in channels]
    return Retry(template(style_id).with_options(options), made, False)


def value(style: Template, step: str, field: str) -> Any:
    return getattr(next(s for s in style.steps if s.kind == step), field)


def test_a_shadow_gets_softer_and_weaker_within_its_bounds() -> None:
    retry = asked("color", "amazon", shadow=0.7, softness=2.4)
    once = retry_reasons.apply("shadow_unnatural", retry)
    assert (value(once.style, "shadow", "strength"), value(once.style, "shadow", "softness")) == (0.42, 2.5)
    twice = retry_reasons.apply("shadow_unnatural", once)
    assert value(twice.style, "shadow", "strength") == 0.252
    with pytest.raises(BadInput):
        retry_reasons.apply("shadow_unnatural", asked("color", shadow=0))
    with pytest.raises(BadInput):
        retry_reasons.apply("shadow_unnatural", asked("white", shadow=0))
    with pytest.raises(BadInput):
        retry_reasons.apply("shadow_unnatural", asked("transparent"))


def test_a_product_that_floats_is_seen_from_the_other_height_once() -> None:
    once = retry_reasons.apply("floats", asked("marble"))
    assert value(once.style, "rendered", "height") == "other"
    for nothing_left in (once, asked("marble", height="high"), asked("color")):
        with pytest.raises(BadInput):
            retry_reasons.apply("floats", Retry(nothing_left.style, nothing_left.channels, False))


def test_a_shifted_colour_takes_all_warmth_out() -> None:
    retry = retry_reasons.apply("colour_shifted", asked("color", warmth=0.4))
    assert value(retry.style, "color", "warmth") == 0
    assert [change.parameter for change in retry.changed] == ["color.warmth"]


def test_a_size_goes_to_what_the_channels_allow_even_if_it_was_set_by_hand() -> None:
    larger = retry_reasons.apply("too_small_in_frame", asked("gradient", "master", "google", size=0.5))
    assert value(larger.style, "layout", "fill") == 0.885
    assert "layout.fill" not in larger.style.chosen
    assert (
        value(retry_reasons.apply("too_small_in_frame", asked("gradient", "amazon")).style, "layout", "fill") == 0.955
    )
    assert value(retry_reasons.apply("too_small_in_frame", asked("gradient", "web")).style, "layout", "fill") == 0.92
    smaller = retry_reasons.apply("too_large_in_frame", asked("white", "google"))
    assert value(smaller.style, "layout", "fill") == 0.765
    with pytest.raises(BadInput):
        retry_reasons.apply("too_large_in_frame", asked("gradient", "amazon"))


def test_a_rough_edge_is_refined_once() -> None:
    retry = retry_reasons.apply("edge_rough", asked("white"))
    assert retry.refined
    with pytest.raises(BadInput):
        retry_reasons.apply("edge_rough", retry.__class__(retry.style, retry.channels, True))


def test_every_reason_says_what_a_retry_does() -> None:
    assert all(reason.title and reason.rule for reason in retry_reasons.REASONS)
    assert len({reason.id for reason in retry_reasons.REASONS}) == len(retry_reasons.REASONS)


async def test_no_version_is_ever_given_twice(studio: Studio) -> None:
    _, ids = await reviewed(studio, 1)
    for _ in range(3):
        await undo(studio, (await decide(studio, ids, "retry", reason="edge_rough")).act)
    async with studio.db.read() as tx:
        assert await tx.scalar(select(func.max(t.item_versions.c.version))) == 4
