"""Decisions about one item at the same moment: the first is made, and the others hear of it."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from studio import WS, Studio

from packshot.catalog.items import review, undo
from packshot.catalog.items.review import ReviewRequest
from packshot.db import Database
from packshot.db import tables as t
from packshot.errors import Conflict, PackshotError

pytestmark = pytest.mark.anyio
FOUR_AND_FOUR = ["approve", "reject"] * 4


def at_once(url: str, requests: list[dict[str, Any]]) -> list[str]:
    """Each in a thread of its own, with a loop and a connection of its own: what came of them."""
    ready = threading.Barrier(len(requests))

    async def decide(request: dict[str, Any]) -> str:
        db = Database(url)
        try:
            async with db.read() as tx:  # the connection is there before anybody begins
                await tx.exec_driver_sql("SELECT 1")
            ready.wait(60)
            async with db.write() as tx:
                if "act" in request:
                    await undo.undo(tx, WS, request["act"])
                    return "undo"
                done = await review.decide(tx, WS, ReviewRequest.model_validate(request), by=None)
            assert [one.outcome for one in done.results] == ["done"] * len(done.results)
            return str(request["decision"])
        except Conflict as refused:
            return f"{refused.status}"
        except PackshotError as other:
            return type(other).__name__
        finally:
            await db.close()

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(lambda request: asyncio.run(decide(request)), requests))


async def an_item(studio: Studio) -> str:
    images = [row.id for row in await studio.rows(t.photos)] or await studio.add_photos(1)
    batch = await studio.make({"source": {"images": images}})
    return (await studio.finish(batch))[0]


async def test_of_opposite_decisions_at_once_the_first_is_made_and_the_others_conflict(
    studio: Studio, database_url: str
) -> None:
    for _ in range(3):
        id = await an_item(studio)
        seen = [{"id": id, "version": 1}]
        came = await asyncio.to_thread(
            at_once, database_url, [{"items": seen, "decision": decision} for decision in FOUR_AND_FOUR]
        )
        assert Counter(came)["409"] == 7, came
        winner = next(one for one in came if one != "409")
        item = (await studio.rows(t.items, t.items.c.id == id))[0]
        assert item.status == {"approve": "approved", "reject": "rejected"}[winner]
        assert [row.decision for row in await studio.rows(t.reviews, t.reviews.c.item_id == id)] == [winner]


async def test_of_decisions_that_name_the_state_they_saw_the_first_is_made_too(
    studio: Studio, database_url: str
) -> None:
    id = await an_item(studio)
    seen = [{"id": id, "version": 1, "status": "review"}]
    requests = [{"items": seen, "decision": decision} for decision in FOUR_AND_FOUR]
    assert Counter(await asyncio.to_thread(at_once, database_url, requests))["409"] == 7


async def test_a_retry_and_an_approval_at_once_do_not_both_pass(studio: Studio, database_url: str) -> None:
    for _ in range(3):
        seen = [{"id": await an_item(studio), "version": 1}]
        retry = {"items": seen, "decision": "retry", "reason": "edge_rough"}
        requests = [retry, {"items": seen, "decision": "approve"}] * 3
        came = await asyncio.to_thread(at_once, database_url, requests)
        assert Counter(came)["409"] == 5, came


async def test_many_items_in_any_order_are_decided_once_each(studio: Studio, database_url: str) -> None:
    """Two people decide about the same items in other orders: none waits for the other for ever."""
    batch = await studio.make({"source": {"images": await studio.add_photos(30)}})
    ids = await studio.finish(batch)
    seen = [{"id": id, "version": 1} for id in ids]
    requests = [
        {"items": seen if n % 2 else seen[::-1], "decision": decision} for n, decision in enumerate(FOUR_AND_FOUR)
    ]
    came = await asyncio.to_thread(at_once, database_url, requests)
    assert Counter(came)["409"] == 7, came
    assert len(await studio.rows(t.reviews)) == 30


async def test_an_undo_and_a_decision_at_once_do_not_both_pass(studio: Studio, database_url: str) -> None:
    for _ in range(3):
        id = await an_item(studio)
        async with studio.db.write() as tx:
            request = ReviewRequest.model_validate({"items": [{"id": id, "version": 1}], "decision": "approve"})
            act = (await review.decide(tx, WS, request, by=None)).act
        again = {"items": [{"id": id, "version": 1, "status": "approved"}], "decision": "reject"}
        came = await asyncio.to_thread(at_once, database_url, [{"act": act}, again, {"act": act}, again])
        assert Counter(came)["409"] == 3, came
        item = (await studio.rows(t.items, t.items.c.id == id))[0]
        assert item.status == {"undo": "review", "reject": "rejected"}[next(one for one in came if one != "409")]
