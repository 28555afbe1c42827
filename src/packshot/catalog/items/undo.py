"""Undo of a review: what one act decided is taken back at once, for those of its items that have not changed since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, func, select, update

from packshot.catalog.items.review import (
    RESTORED,
    STATUS_AFTER,
    Decision,
    Outcome,
    Result,
    ReviewAct,
    raise_if_none,
)
from packshot.catalog.items.versions import LatestItem, locked, record_item_events, reopen
from packshot.catalog.ports import JobRef
from packshot.catalog.status import BatchState, ItemStatus
from packshot.db import Tx, typed
from packshot.db.tables import deliveries, items, now, reviews
from packshot.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True)
class _Review:
    """A row of `reviews`."""

    id: str
    workspace_id: str
    item_id: str
    version: int
    act: str
    decision: str
    reason: str
    note: str
    before: dict[str, Any]
    pins: dict[str, str]
    by: str | None
    at: float
    undone_at: float | None


async def undo(tx: Tx, workspace_id: str, act: str) -> ReviewAct:
    """Undo an act, for those of its items that have not changed since.

    The version that a retry made is left unused; its number is not used again.
    Raises NotFound, Conflict where it was undone before or where all items have changed.
    """
    query = select(reviews).where(reviews.c.workspace_id == workspace_id, reviews.c.act == act).order_by(reviews.c.id)
    of_act = [typed(_Review, row) for row in await tx.execute(query)]
    if not of_act:
        raise NotFound("there is no such review.", subject=act)
    standing = [review for review in of_act if review.undone_at is None]
    if not standing:
        raise Conflict("it was undone already.", subject=act)
    current = await locked(tx, workspace_id, [review.item_id for review in standing])
    last = await _last_decisions(tx, list(current))
    delivered = await _delivered_since(tx, standing)
    results, undone, remove = [], [], []
    for review in standing:
        item = current.get(review.item_id)
        words = _why_not(review, item, last.get(review.item_id), review.item_id in delivered)
        if item is None or words:
            status, version = (ItemStatus(item.status), item.version) if item else (None, None)
            outcome = Outcome.CHANGED if item else Outcome.MISSING
            results.append(Result(id=review.item_id, outcome=outcome, status=status, version=version, words=words))
            continue
        undone.append((review, item))
        if item.status == ItemStatus.PROCESSING:
            remove.append(JobRef(item.stage, item.id, item.version, item.priority))
        before = review.before
        results.append(Result(
            id=item.id, outcome=Outcome.DONE, status=ItemStatus(before["status"]), version=before["version"]
        ))  # fmt: skip
    raise_if_none(results)
    await _restore(tx, workspace_id, undone)
    return ReviewAct(act, results, remove=remove)


def _why_not(review: _Review, item: LatestItem | None, last: str | None, delivered: bool) -> str:
    """Why a decision cannot be undone; empty where it can."""
    if item is None:
        return "There is no such item any more."
    if item.batch_state == BatchState.CANCELLED and review.decision == Decision.RETRY:
        return "Its batch was cancelled since."
    if last != review.id:
        return "Somebody has decided about it since."
    if review.decision == Decision.RETRY:
        same = item.version == review.before["next"] and item.status in (
            ItemStatus.REVIEW,
            ItemStatus.FAILED,
            ItemStatus.PROCESSING,
        )
    else:
        same = item.version == review.version and item.status == STATUS_AFTER[Decision(review.decision)]
    if not same:
        return f"It has changed since: it is {item.status} at version {item.version}."
    return "Its files have been delivered since." if delivered else ""


async def _last_decisions(tx: Tx, item_ids: Sequence[str]) -> dict[str, str]:
    """Item → its last review that stands."""
    rows = await tx.execute(
        select(reviews.c.item_id, func.max(reviews.c.id))
        .where(reviews.c.item_id.in_(item_ids), reviews.c.undone_at.is_(None))
        .group_by(reviews.c.item_id)
    )
    return {row[0]: row[1] for row in rows}


async def _delivered_since(tx: Tx, standing: Sequence[_Review]) -> set[str]:
    """Items of which a file was delivered since it was approved."""
    since = min(review.at for review in standing)
    approved = [review.item_id for review in standing if review.decision == Decision.APPROVE]
    return set(await tx.scalars(
        select(deliveries.c.item_id).where(
            deliveries.c.item_id.in_(approved), deliveries.c.status == "delivered", deliveries.c.at >= since
        )
    ))  # fmt: skip


async def _restore(tx: Tx, workspace_id: str, undone: Sequence[tuple[_Review, LatestItem]]) -> None:
    at = now()
    await tx.execute(update(reviews).where(reviews.c.id.in_([review.id for review, _ in undone])).values(undone_at=at))
    before = {name: bindparam(f"before_{name}", type_=items.c[name].type) for name in RESTORED}
    await tx.execute(
        update(items).where(items.c.id == bindparam("item")).values(touched_at=at, not_before=None, **before),
        [
            {"item": item.id, **{f"before_{name}": review.before[name] for name in RESTORED}}
            for review, item in undone
        ],
    )  # fmt: skip
    await reopen(tx, workspace_id, {item.batch_id for _, item in undone})
    await record_item_events(
        tx, workspace_id, [(item.batch_id, item.id, ItemStatus(review.before["status"])) for review, item in undone]
    )
