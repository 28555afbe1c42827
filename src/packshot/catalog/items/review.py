"""Review: a person decides about items, one or five hundred at once, and takes it back.

Decisions made at once share an `act`, which is undone at once. Approval pins the hashes of the approved files. Each
item is decided for itself: one that changed meanwhile, or that does not allow it, is told and stops no other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, Field, model_validator
from sqlalchemy import Row, bindparam, func, insert, null, select, update

from packshot.catalog.batches.lifecycle import row as batch_row
from packshot.catalog.batches.requests import Id
from packshot.catalog.items import retry_reasons
from packshot.catalog.items.records import differences, redressed
from packshot.catalog.items.retry_reasons import Retry
from packshot.catalog.items.versions import Renewal, latest, remake, renew, reopen, tell_items
from packshot.catalog.ports import JobRef
from packshot.catalog.status import BatchState, ItemStatus
from packshot.channel import Channel
from packshot.db import Tx
from packshot.db.tables import deliveries, items, new_id, now, photos, renditions, reviews
from packshot.errors import BadInput, Conflict, NotFound, PackshotError
from packshot.template import Template

__all__ = ["Decision", "Done", "Outcome", "Result", "ReviewRequest", "decide", "history", "remake", "undo"]

MAX_ITEMS = 500
SEEN_STATUS = "The state that it was seen in. Left out, nobody may have decided about it yet; named, it may be changed."
# Of an item before a decision: what undo brings back.
_KEPT = ("status", "version", "stage", "attempts", "needs_look", "worst", "done_at", "error", "template_id")


class Decision(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"
    SKIP = "skip"
    RETRY = "retry"


_GIVES = {
    Decision.APPROVE: ItemStatus.APPROVED,
    Decision.REJECT: ItemStatus.REJECTED,
    Decision.SKIP: ItemStatus.SKIPPED,
    Decision.RETRY: ItemStatus.PROCESSING,
}
_R, _A, _J, _S, _F = (
    ItemStatus.REVIEW, ItemStatus.APPROVED, ItemStatus.REJECTED, ItemStatus.SKIPPED, ItemStatus.FAILED,
)  # fmt: skip
_FROM: Mapping[Decision, tuple[ItemStatus, ...]] = {
    Decision.APPROVE: (_R, _J, _S),
    Decision.REJECT: (_R, _A, _S, _F),
    Decision.SKIP: (_R, _A, _J, _F),
    Decision.RETRY: (_R, _A, _J, _S, _F),
}
_DECIDED = (_A, _J, _S)
_NOT_YET = {
    ItemStatus.PROCESSING: "It is still in work.",
    ItemStatus.CANCELLED: "Its batch was stopped before it was done.",
    ItemStatus.FAILED: "It failed, so there are no files to approve; try it again instead.",
    ItemStatus.APPROVED: "It is approved already.",
    ItemStatus.REJECTED: "It is rejected already.",
    ItemStatus.SKIPPED: "It is put aside already.",
}


class Seen(BaseModel, frozen=True, extra="forbid"):
    """An item as the person saw it. Is it another by now, nothing is decided."""

    id: Id
    version: int = Field(ge=1, description="The version that was looked at.")
    status: ItemStatus | None = Field(None, description=SEEN_STATUS)


class ReviewRequest(BaseModel, frozen=True, extra="forbid"):
    """One decision about one or many items."""

    items: Annotated[tuple[Seen, ...], Field(min_length=1, max_length=MAX_ITEMS)]
    decision: Decision
    reason: str = Field("", max_length=40, description="Of `GET /review/reasons`; a retry follows its rule.")
    note: str = Field("", max_length=2000)
    anyway: bool = Field(False, description="Approve files too that break a channel's hard rule.")
    retry: bool = Field(False, description="With “reject”: make it anew by the reason's rule.")
    template: Id | None = Field(None, description="For a retry: another template.")
    options: dict[str, Any] | None = Field(None, description="For a retry: other options.")
    channels: Annotated[tuple[Id, ...], Field(min_length=1, max_length=40)] | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> ReviewRequest:
        if len({seen.id for seen in self.items}) < len(self.items):
            raise ValueError("name each item once")
        if self.retry and self.decision not in (Decision.REJECT, Decision.RETRY):
            raise ValueError("“retry” goes with the decision “reject”")
        redressed = self.template is not None or self.options is not None or self.channels is not None
        if redressed and not self.is_retry:
            raise ValueError("template, options and channels go with a retry")
        return self

    @property
    def is_retry(self) -> bool:
        return self.retry or self.decision is Decision.RETRY


class Outcome(StrEnum):
    DONE = "done"
    CHANGED = "changed"  # somebody or something changed the item since it was looked at
    REFUSED = "refused"  # the item does not allow it; the words say why
    MISSING = "missing"


class Result(BaseModel, frozen=True):
    """What came of a decision for one item, and how the item stands now."""

    id: str
    outcome: Outcome
    status: ItemStatus | None = None
    version: int | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Done:
    """act: what undo takes.  Tickets are to be queued, or taken out of the queues, after the commit."""

    act: str
    results: list[Result]
    add: list[JobRef] = field(default_factory=list)
    remove: list[JobRef] = field(default_factory=list)


async def decide(tx: Tx, workspace_id: str, asked: ReviewRequest, *, by: str | None) -> Done:
    """Decide about items.

    Raises BadOption for an unknown reason; Conflict where not one item is as it was seen; BadInput where not one
    allows it; NotFound where not one is there.
    """
    if asked.reason:
        retry_reasons.reason(asked.reason)
    seen = {item.id: item for item in asked.items}
    found = await _locked(tx, workspace_id, list(seen))
    files = await _files(tx, list(found.values())) if asked.decision is Decision.APPROVE else {}
    deciding = _Deciding(tx, workspace_id, asked, new_id("act"), by, files)
    results = [await deciding.one(wanted, found.get(id)) for id, wanted in seen.items()]
    _raise_if_none(results)
    return Done(deciding.act, results, add=await deciding.write())


class _Deciding:
    """One act: item by item, then written down at once."""

    def __init__(
        self, tx: Tx, workspace_id: str, asked: ReviewRequest, act: str, by: str | None,
        files: Mapping[str, list[Row[Any]]],
    ) -> None:  # fmt: skip
        self._tx, self._workspace_id, self._asked, self.act, self._by = tx, workspace_id, asked, act, by
        self._files = files
        self._decision = Decision.RETRY if asked.is_retry else asked.decision
        self._rows: list[dict[str, Any]] = []
        self._items: list[Row[Any]] = []
        self._renewals: list[Renewal] = []

    async def one(self, seen: Seen, item: Row[Any] | None) -> Result:
        if item is None:
            return Result(id=seen.id, outcome=Outcome.MISSING, words="There is no such item.")
        status = ItemStatus(item.status)
        if item.version != seen.version or (seen.status is not None and status is not seen.status):
            words = f"It is {status} at version {item.version} by now."
            return Result(id=item.id, outcome=Outcome.CHANGED, status=status, version=item.version, words=words)
        if status not in _FROM[self._decision]:
            outcome = Outcome.REFUSED if status in (ItemStatus.CANCELLED, ItemStatus.FAILED) else Outcome.CHANGED
            words = _NOT_YET.get(status, f"It is {status}.")
            return Result(id=item.id, outcome=outcome, status=status, version=item.version, words=words)
        if seen.status is None and status in _DECIDED:  # of two that decide at once, the second has not seen the first
            words = f"{_NOT_YET[status]} To change that, name the status that you saw."
            return Result(id=item.id, outcome=Outcome.CHANGED, status=status, version=item.version, words=words)
        try:
            pins = self._pins(item)
            if self._decision is Decision.RETRY:
                self._renewals.append(await self._renewal(item))
        except PackshotError as error:
            return Result(id=item.id, outcome=Outcome.REFUSED, status=status, version=item.version, words=error.message)
        self._rows.append(self._review(item, pins))
        self._items.append(item)
        version = item.highest + 1 if self._decision is Decision.RETRY else item.version
        return Result(id=item.id, outcome=Outcome.DONE, status=_GIVES[self._decision], version=version)

    def _pins(self, item: Row[Any]) -> dict[str, str]:
        if self._decision is not Decision.APPROVE:
            return {}
        files = self._files.get(item.id, [])
        if not files:
            raise BadInput("there are no finished files to approve.", subject=item.photo_name)
        broken = [file.channel for file in files if file.rejected]
        if broken and not self._asked.anyway:
            raise BadInput(
                f"its file for {', '.join(broken)} breaks a rule of that channel.", subject=item.photo_name,
                remedy="Make it anew, or approve it anyway.",
            )  # fmt: skip
        return {file.channel: file.sha256 for file in files}

    async def _renewal(self, item: Row[Any]) -> Renewal:
        """The next version: what was asked for first, then the reason's rule on top."""
        asked = self._asked
        if item.batch_state == BatchState.CANCELLED:
            raise Conflict("its batch was cancelled.", subject=item.photo_name, remedy="Make a new batch.")
        worn, channels = await redressed(
            self._tx, self._workspace_id, item, asked.template, asked.options, asked.channels
        )
        changed = differences(item.template, worn)
        template = worn or Template.model_validate(item.template)
        told = [Channel.model_validate(channel) for channel in item.channels]
        retry = Retry(template, channels if channels is not None else told, item.refined, tuple(changed))
        if asked.reason:
            try:
                retry = retry_reasons.apply(asked.reason, retry)
            except BadInput:
                if not changed and channels is None:
                    raise
        elif not changed and channels is None and item.status != ItemStatus.FAILED:
            raise BadInput(
                "nothing would change, and the picture would come out the same.", subject=item.photo_name,
                remedy="Give a reason, another template or other options.",
            )  # fmt: skip
        return Renewal(
            item, asked.reason or "asked", retry.template, asked.template, channels, retry.refined,
            changed=retry.changed,
        )  # fmt: skip

    def _review(self, item: Row[Any], pins: dict[str, str]) -> dict[str, Any]:
        before = {name: item._mapping[name] for name in _KEPT} | {"next": item.highest + 1}
        return {
            "id": new_id("rev"), "workspace_id": self._workspace_id, "item_id": item.id, "version": item.version,
            "act": self.act, "decision": self._decision.value, "reason": self._asked.reason, "note": self._asked.note,
            "before": before, "pins": pins, "by": self._by, "at": now(), "undone_at": None,
        }  # fmt: skip

    async def write(self) -> list[JobRef]:
        tx, status = self._tx, _GIVES[self._decision]
        await tx.execute(insert(reviews), self._rows)
        if self._decision is Decision.RETRY:
            return await renew(tx, self._workspace_id, self._renewals)
        await tx.execute(
            update(items).where(items.c.workspace_id == self._workspace_id, items.c.id.in_([i.id for i in self._items]))
            .values(status=status, stage="", error=null(), touched_at=now())
        )  # fmt: skip
        await reopen(tx, self._workspace_id, {item.batch_id for item in self._items})
        await tell_items(tx, self._workspace_id, [(item.batch_id, item.id, status) for item in self._items])
        return []


async def _locked(tx: Tx, workspace_id: str, ids: Sequence[str]) -> dict[str, Row[Any]]:
    """Items by id, which nobody else changes until this is committed.

    Locked in one order, so that no two wait for each other, and before they are read: what PostgreSQL waited for while
    it joined, it would leave out.
    """
    mine = items.c.workspace_id == workspace_id, items.c.id.in_(ids)
    await tx.execute(select(items.c.id).where(*mine).order_by(items.c.id).with_for_update())
    return {item.id: item for item in await tx.execute(latest().where(*mine))}


async def _files(tx: Tx, found: Sequence[Row[Any]]) -> dict[str, list[Any]]:
    """Renditions of the items' present versions, by item."""
    files: dict[str, list[Any]] = {}
    query = (
        select(renditions.c.item_id, renditions.c.channel, renditions.c.sha256, renditions.c.rejected)
        .join(items, (items.c.id == renditions.c.item_id) & (items.c.version == renditions.c.version))
        .where(items.c.id.in_([item.id for item in found]))
    )  # fmt: skip
    for file in await tx.execute(query):
        files.setdefault(file.item_id, []).append(file)
    return files


def _raise_if_none(results: Sequence[Result]) -> None:
    """Where not one item was decided, the answer as a whole is an error."""
    outcomes = {result.outcome for result in results}
    if Outcome.DONE in outcomes:
        return
    told = " ".join(dict.fromkeys(result.words for result in results[:5]))
    if outcomes == {Outcome.MISSING}:
        raise NotFound("there is no such item." if len(results) == 1 else "there are no such items.")
    if Outcome.CHANGED in outcomes:
        raise Conflict(told, remedy="Load them again and look at what changed." if len(results) > 1 else "")
    raise BadInput(told)


async def undo(tx: Tx, workspace_id: str, act: str) -> Done:
    """Take an act back, for those of its items to which nothing happened since.

    The version that a retry made is left aside if nobody has decided about it; its number is not given again.
    Raises NotFound, Conflict where it was undone before or where all items have changed.
    """
    rows = (await tx.execute(
        select(reviews).where(reviews.c.workspace_id == workspace_id, reviews.c.act == act).order_by(reviews.c.id)
    )).all()  # fmt: skip
    if not rows:
        raise NotFound("there is no such review.", subject=act)
    open_rows = [row for row in rows if row.undone_at is None]
    if not open_rows:
        raise Conflict("it was undone already.", subject=act)
    found = await _locked(tx, workspace_id, [row.item_id for row in open_rows])
    last = await _last_decisions(tx, list(found))
    delivered = await _delivered_since(tx, open_rows)
    results, undone, remove = [], [], []
    for row in open_rows:
        item = found.get(row.item_id)
        words = _why_not(row, item, last.get(row.item_id), row.item_id in delivered)
        if item is None or words:
            status, version = (ItemStatus(item.status), item.version) if item else (None, None)
            outcome = Outcome.CHANGED if item else Outcome.MISSING
            results.append(Result(id=row.item_id, outcome=outcome, status=status, version=version, words=words))
            continue
        undone.append((row, item))
        if item.status == ItemStatus.PROCESSING:
            remove.append(JobRef(item.stage, item.id, item.version, item.priority))
        results.append(Result(
            id=item.id, outcome=Outcome.DONE, status=ItemStatus(row.before["status"]), version=row.before["version"]
        ))  # fmt: skip
    _raise_if_none(results)
    await _take_back(tx, workspace_id, undone)
    return Done(act, results, remove=remove)


def _why_not(row: Row[Any], item: Row[Any] | None, last: str | None, delivered: bool) -> str:
    if item is None:
        return "There is no such item any more."
    if item.batch_state == BatchState.CANCELLED and row.decision == Decision.RETRY:
        return "Its batch was cancelled since."
    if last != row.id:
        return "Somebody has decided about it since."
    if row.decision == Decision.RETRY:
        same = item.version == row.before["next"] and item.status in (_R, _F, ItemStatus.PROCESSING)
    else:
        same = item.version == row.version and item.status == _GIVES[Decision(row.decision)]
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


async def _delivered_since(tx: Tx, rows: Sequence[Row[Any]]) -> set[str]:
    since = min(row.at for row in rows)
    decided = [row.item_id for row in rows if row.decision == Decision.APPROVE]
    return set(await tx.scalars(
        select(deliveries.c.item_id).where(
            deliveries.c.item_id.in_(decided), deliveries.c.status == "delivered", deliveries.c.at >= since
        )
    ))  # fmt: skip


async def _take_back(tx: Tx, workspace_id: str, undone: Sequence[tuple[Row[Any], Row[Any]]]) -> None:
    at = now()
    await tx.execute(update(reviews).where(reviews.c.id.in_([row.id for row, _ in undone])).values(undone_at=at))
    kinds = {name: bindparam(f"was_{name}", type_=items.c[name].type) for name in _KEPT}
    await tx.execute(
        update(items).where(items.c.id == bindparam("item")).values(touched_at=at, not_before=None, **kinds),
        [{"item": item.id, **{f"was_{name}": row.before[name] for name in _KEPT}} for row, item in undone],
    )  # fmt: skip
    await reopen(tx, workspace_id, {item.batch_id for _, item in undone})
    await tell_items(
        tx, workspace_id, [(item.batch_id, item.id, ItemStatus(row.before["status"])) for row, item in undone]
    )


class HistoryEntry(BaseModel, frozen=True):
    """One decision in a batch's history."""

    id: str
    act: str
    item: str
    photo_name: str
    version: int
    decision: Decision
    reason: str
    note: str
    by: str | None
    at: datetime
    undone_at: datetime | None


async def history(
    tx: Tx, workspace_id: str, batch_id: str, *, after: str | None = None, limit: int = 50
) -> list[HistoryEntry]:
    """What was decided in a batch, the newest first.  after: the id of the last one seen."""
    await batch_row(tx, workspace_id, batch_id)
    query = (
        select(reviews, photos.c.name.label("photo_name"))
        .join(items, items.c.id == reviews.c.item_id)
        .join(photos, photos.c.id == items.c.photo_id)
        .where(reviews.c.workspace_id == workspace_id, items.c.batch_id == batch_id)
        .order_by(reviews.c.id.desc())
        .limit(limit)
    )
    if after:
        query = query.where(reviews.c.id < after)
    return [HistoryEntry.model_validate({**row._mapping, "item": row.item_id}) for row in await tx.execute(query)]
