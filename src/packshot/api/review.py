"""Review: approve, reject, put aside, make anew; one item or five hundred at once; and take it back."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError

from packshot.api.access import Reader, Reviewer
from packshot.api.batches import BatchId
from packshot.api.items import ItemId
from packshot.api.params import Cursor, Limit, Page, after_id, page_of
from packshot.api.service import Svc
from packshot.catalog.batches.requests import Id
from packshot.catalog.items import retry_reasons, review
from packshot.catalog.items.review import (
    ANYWAY,
    SEEN_STATUS,
    Decision,
    HistoryEntry,
    Result,
    ReviewAct,
    ReviewItem,
    ReviewRequest,
)
from packshot.catalog.items.undo import undo
from packshot.catalog.old_names import STYLE
from packshot.catalog.status import ItemStatus

router = APIRouter(tags=["review"])


class ReasonView(BaseModel, frozen=True):
    """A reason, and what a retry does because of it."""

    id: str
    title: str
    rule: str


class Reviewed(BaseModel, frozen=True):
    """What came of it, item by item. `act` is what undo takes."""

    act: str
    done: int
    results: tuple[Result, ...]


_DECISIONS: dict[str, Any] = {
    "examples": [
        {"version": 1, "decision": "approve"},
        {"version": 1, "decision": "reject", "reason": "shadow_unnatural", "note": "Too dark.", "retry": True},
    ]
}


class DecisionRequest(BaseModel, frozen=True, extra="forbid", json_schema_extra=_DECISIONS):
    """A decision about one item."""

    version: int = Field(ge=1, description="The version that was looked at.")
    status: ItemStatus | None = Field(None, description=SEEN_STATUS)
    decision: Decision
    reason: str = Field("", max_length=40, description="Of a “reject” or a “retry”: an id of GET /review/reasons.")
    note: str = Field("", max_length=2000, description="For whoever reads it.")
    anyway: bool = Field(False, description=ANYWAY)
    retry: bool = Field(False, description="With “reject”: make it anew by the reason's rule.")
    style: Id | None = Field(None, validation_alias=STYLE, description="Of a retry: another style, by id.")
    options: dict[str, Any] | None = Field(None, description="Of a retry: the style's options that change.")
    channels: Annotated[tuple[Id, ...], Field(min_length=1, max_length=40)] | None = Field(
        None, description="Of an approval: only these channels' files. Of a retry: other channels."
    )


@router.get("/review/reasons")
async def list_reasons(who: Reader) -> list[ReasonView]:
    """Why a picture may not be taken, and what a retry changes because of it."""
    return [ReasonView(id=reason.id, title=reason.title, rule=reason.rule) for reason in retry_reasons.REASONS]


@router.post("/items/{item_id}/review")
async def review_item(item_id: ItemId, body: DecisionRequest, svc: Svc, who: Reviewer) -> Reviewed:
    """Decide about one item. Refused with 409 if it is no longer as it was seen."""
    seen = ReviewItem(id=item_id, version=body.version, status=body.status)
    fields = body.model_dump(exclude={"version", "status"})
    try:
        one = ReviewRequest(items=(seen,), **fields)
    except ValidationError as wrong:
        raise RequestValidationError([error | {"loc": ("body", *error["loc"])} for error in wrong.errors()]) from wrong
    return await _decide(svc, who, one)


@router.post("/review")
async def review_items(body: ReviewRequest, svc: Svc, who: Reviewer) -> Reviewed:
    """Decide about many items at once, which is undone at once.

    Each is decided for itself: `results` says which were not, because they changed meanwhile or do not allow it. Only
    if not one was decided is the answer an error.
    """
    return await _decide(svc, who, body)


@router.post("/review/{act}/undo")
async def undo_review(
    act: Annotated[str, Path(description="What the decision's answer named.", max_length=40)], svc: Svc, who: Reviewer
) -> Reviewed:
    """Take a decision back, for those of its items to which nothing has happened since."""
    async with svc.db.write() as tx:
        done = await undo(tx, who.workspace_id, act)
    await svc.queues.remove(done.remove)
    return _reviewed(done)


@router.get("/batches/{batch_id}/reviews")
async def list_reviews(
    batch_id: BatchId, svc: Svc, who: Reader, cursor: Cursor = None, limit: Limit = 50
) -> Page[HistoryEntry]:
    """What was decided in a batch and by whom, the newest first."""
    async with svc.db.read() as tx:
        found = await review.history(tx, who.workspace_id, batch_id, after=after_id(cursor), limit=limit + 1)
    return page_of(found, limit, lambda entry: entry.id)


async def _decide(svc: Svc, who: Reviewer, body: ReviewRequest) -> Reviewed:
    async with svc.db.write() as tx:
        done = await review.decide(tx, who.workspace_id, body, by=who.by)
    await svc.queues.add(done.add)
    return _reviewed(done)


def _reviewed(done: ReviewAct) -> Reviewed:
    count = sum(result.outcome is review.Outcome.DONE for result in done.results)
    return Reviewed(act=done.act, done=count, results=tuple(done.results))
