"""Review: a person decides about items, one or five hundred at once.

Decisions of one request share an `act`, which is undone at once (undo.py). Approval pins the hashes of the approved
files. Each item is decided for itself: one that changed meanwhile, or that does not allow it, does not stop the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BaseModel, Field, model_validator
from sqlalchemy import insert, null, select, update

from packshot.catalog.batches.lifecycle import row as batch_row
from packshot.catalog.batches.requests import Id
from packshot.catalog.items import retry_reasons
from packshot.catalog.items.records import differences, restyled
from packshot.catalog.items.retry_reasons import Retry
from packshot.catalog.items.versions import LatestItem, Renewal, locked, record_item_events, renew, reopen
from packshot.catalog.old_names import STYLE
from packshot.catalog.ports import JobRef
from packshot.catalog.status import BatchState, ItemStatus
from packshot.channel import Channel
from packshot.db import Tx, typed
from packshot.db.tables import items, new_id, now, photos, renditions, reviews
from packshot.errors import BadInput, BreaksRule, Conflict, NotFound, PackshotError
from packshot.finding import Verdict
from packshot.template import Template

MAX_ITEMS = 500
ANYWAY = (
    "Approve files too that break a channel's hard rule; without it they are left out, and the result's words say "
    "which and why. An approved item takes it as well. `note` says why; else the rules' own words are recorded."
)
SEEN_STATUS = "The state that it was seen in. Left out, nobody may have decided about it yet; named, it may be changed."
# Of an item before a decision: what undo restores.
RESTORED = ("status", "version", "stage", "attempts", "needs_look", "worst", "done_at", "error", "style_id")


class Decision(StrEnum):
    """What a reviewer decides: take the files, refuse them, put the item aside, or have it made anew."""

    APPROVE = "approve"
    REJECT = "reject"
    SKIP = "skip"
    RETRY = "retry"


STATUS_AFTER = {
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


class ReviewItem(BaseModel, frozen=True, extra="forbid"):
    """An item at the version that the person looked at. If it is at another by now, nothing is decided about it."""

    id: Id
    version: int = Field(ge=1, description="The version that was looked at.")
    status: ItemStatus | None = Field(None, description=SEEN_STATUS)


class ReviewRequest(BaseModel, frozen=True, extra="forbid"):
    """One decision about one or many items."""

    items: Annotated[tuple[ReviewItem, ...], Field(min_length=1, max_length=MAX_ITEMS)]
    decision: Decision
    reason: str = Field("", max_length=40, description="Of `GET /review/reasons`; a retry follows its rule.")
    note: str = Field("", max_length=2000)
    anyway: bool = Field(False, description=ANYWAY)
    retry: bool = Field(False, description="With “reject”: make it again by the reason's rule.")
    style: Id | None = Field(None, validation_alias=STYLE, description="For a retry: another style.")
    options: dict[str, Any] | None = Field(None, description="For a retry: other options.")
    channels: Annotated[tuple[Id, ...], Field(min_length=1, max_length=40)] | None = Field(
        None, description="Of an approval: only these channels' files. Of a retry: other channels."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> ReviewRequest:
        if len({item.id for item in self.items}) < len(self.items):
            raise ValueError("name each item once")
        if self.retry and self.decision not in (Decision.REJECT, Decision.RETRY):
            raise ValueError("“retry” goes with the decision “reject”")
        restyled = self.style is not None or self.options is not None
        if restyled and not self.is_retry:
            raise ValueError("style and options go with a retry")
        if self.channels is not None and not self.is_retry and self.decision is not Decision.APPROVE:
            raise ValueError("channels go with a retry or an approval")
        return self

    @property
    def is_retry(self) -> bool:
        return self.retry or self.decision is Decision.RETRY


class Outcome(StrEnum):
    """What came of a decision about one item."""

    DONE = "done"
    CHANGED = "changed"  # the item has changed since the person looked at it
    REFUSED = "refused"  # the item does not allow it; the words say why
    MISSING = "missing"


class Result(BaseModel, frozen=True):
    """The outcome of a decision for one item, and the item's status now."""

    id: str
    outcome: Outcome
    status: ItemStatus | None = None
    version: int | None = None
    words: str = ""
    code: str = Field("", description="Of the error that stood in the way, as a problem's `code`.")


@dataclass(frozen=True, slots=True)
class ReviewAct:
    """act: what `undo` takes.  add, remove: jobs to queue, or to remove from the queues, after the commit."""

    act: str
    results: list[Result]
    add: list[JobRef] = field(default_factory=list)
    remove: list[JobRef] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _File:
    """What a decision needs of a rendition."""

    item_id: str
    channel: str
    sha256: str
    rejected: bool
    findings: list[dict[str, Any]]

    @property
    def broken(self) -> str:
        """Which hard rules it breaks, in words."""
        return " ".join(finding["words"] for finding in self.findings if finding["verdict"] == Verdict.FAIL)


async def decide(tx: Tx, workspace_id: str, request: ReviewRequest, *, by: str | None) -> ReviewAct:
    """Decide about items.

    Raises BadOption for an unknown reason; where no item at all was decided: Conflict if one has changed since,
    BreaksRule if all of its files break a hard rule and `anyway` is not set, else BadInput, or NotFound where none
    exists.
    """
    if request.reason:
        retry_reasons.reason(request.reason)
    current = await locked(tx, workspace_id, [item.id for item in request.items])
    files = await _files(tx, list(current)) if request.decision is Decision.APPROVE else {}
    deciding = _Deciding(tx, workspace_id, request, new_id("act"), by, files)
    results = [await deciding.one(item, current.get(item.id)) for item in request.items]
    raise_if_none(results)
    return ReviewAct(deciding.act, results, add=await deciding.write())


class _Deciding:
    """One act: item by item, then stored at once."""

    def __init__(
        self, tx: Tx, workspace_id: str, request: ReviewRequest, act: str, by: str | None,
        files: Mapping[str, list[_File]],
    ) -> None:  # fmt: skip
        self._tx, self._workspace_id, self._request, self.act, self._by = tx, workspace_id, request, act, by
        self._files = files
        self._decision = Decision.RETRY if request.is_retry else request.decision
        self._rows: list[dict[str, Any]] = []
        self._items: list[LatestItem] = []
        self._renewals: list[Renewal] = []

    async def one(self, named: ReviewItem, item: LatestItem | None) -> Result:
        if item is None:
            return Result(id=named.id, outcome=Outcome.MISSING, words="There is no such item.")
        status = ItemStatus(item.status)
        if item.version != named.version or (named.status is not None and status is not named.status):
            words = f"It is {status} at version {item.version} by now."
            return Result(id=item.id, outcome=Outcome.CHANGED, status=status, version=item.version, words=words)
        if status not in _FROM[self._decision] and not (status is _A and self._adds_files):
            outcome = Outcome.REFUSED if status in (ItemStatus.CANCELLED, ItemStatus.FAILED) else Outcome.CHANGED
            words = _NOT_YET.get(status, f"It is {status}.")
            return Result(id=item.id, outcome=outcome, status=status, version=item.version, words=words)
        if (
            named.status is None and status in _DECIDED and not (status is _A and self._adds_files)
        ):  # of two that decide at once, the second has not seen the first
            words = f"{_NOT_YET[status]} To change that, name the status that you saw."
            return Result(id=item.id, outcome=Outcome.CHANGED, status=status, version=item.version, words=words)
        words, note = "", self._request.note
        try:
            pins, words, overruled = self._pins(item)
            note = note or overruled
            if self._decision is Decision.RETRY:
                self._renewals.append(await self._renewal(item))
        except PackshotError as error:
            return Result(id=item.id, outcome=Outcome.REFUSED, status=status, version=item.version,
                          words=error.message, code=error.code)  # fmt: skip
        self._rows.append(self._review(item, pins, note))
        self._items.append(item)
        version = item.highest + 1 if self._decision is Decision.RETRY else item.version
        return Result(
            id=item.id, outcome=Outcome.DONE, status=STATUS_AFTER[self._decision], version=version, words=words
        )

    @property
    def _adds_files(self) -> bool:
        """Whether files are approved that an earlier approval left out."""
        return self._decision is Decision.APPROVE and self._request.anyway

    def _pins(self, item: LatestItem) -> tuple[dict[str, str], str, str]:
        """The approved files, channel → hash; which were left out, and which rules were overruled, in words."""
        if self._decision is not Decision.APPROVE:
            return {}, "", ""
        wanted = self._request.channels
        files = [file for file in self._files.get(item.id, []) if wanted is None or file.channel in wanted]
        if not files:
            raise BadInput("there are no finished files to approve.", subject=item.photo_name)
        broken = [file for file in files if file.rejected]
        words = " ".join(f"{file.channel}: {file.broken}" for file in broken)
        if self._request.anyway:
            return {file.channel: file.sha256 for file in files}, "", words and f"Approved all the same. {words}"
        if len(broken) == len(files):
            raise BreaksRule(
                f"it breaks a rule of each of its channels. {words}", subject=item.photo_name,
                remedy="Make it again, or approve it anyway.",
            )  # fmt: skip
        pins = {file.channel: file.sha256 for file in files if not file.rejected}
        return pins, words and f"Left out: {words}", ""

    async def _renewal(self, item: LatestItem) -> Renewal:
        """The next version: first the settings in the request, then the reason's rule."""
        request = self._request
        if item.batch_state == BatchState.CANCELLED:
            raise Conflict("its batch was cancelled.", subject=item.photo_name, remedy="Make a new batch.")
        changed_style, channels = await restyled(
            self._tx, self._workspace_id, item, request.style, request.options, request.channels
        )
        changed = differences(item.style, changed_style)
        style = changed_style or Template.model_validate(item.style)
        present = [Channel.model_validate(channel) for channel in item.channels]
        retry = Retry(style, channels if channels is not None else present, item.refined, tuple(changed))
        if request.reason:
            try:
                retry = retry_reasons.apply(request.reason, retry)
            except BadInput:
                if not changed and channels is None:
                    raise
        elif not changed and channels is None and item.status != ItemStatus.FAILED:
            raise BadInput(
                "nothing would change, and the picture would come out the same.", subject=item.photo_name,
                remedy="Give a reason, another style or other options.",
            )  # fmt: skip
        return Renewal(
            item, request.reason or "asked", retry.style, request.style, channels, retry.refined,
            changed=retry.changed,
        )  # fmt: skip

    def _review(self, item: LatestItem, pins: dict[str, str], note: str) -> dict[str, Any]:
        before = {name: getattr(item, name) for name in RESTORED} | {"next": item.highest + 1}
        return {
            "id": new_id("rev"), "workspace_id": self._workspace_id, "item_id": item.id, "version": item.version,
            "act": self.act, "decision": self._decision.value, "reason": self._request.reason,
            "note": note[:2000],
            "before": before, "pins": pins, "by": self._by, "at": now(), "undone_at": None,
        }  # fmt: skip

    async def write(self) -> list[JobRef]:
        tx, status = self._tx, STATUS_AFTER[self._decision]
        await tx.execute(insert(reviews), self._rows)
        if self._decision is Decision.RETRY:
            return await renew(tx, self._workspace_id, self._renewals)
        await tx.execute(
            update(items).where(items.c.workspace_id == self._workspace_id, items.c.id.in_([i.id for i in self._items]))
            .values(status=status, stage="", error=null(), touched_at=now())
        )  # fmt: skip
        await reopen(tx, self._workspace_id, {item.batch_id for item in self._items})
        await record_item_events(tx, self._workspace_id, [(item.batch_id, item.id, status) for item in self._items])
        return []


async def _files(tx: Tx, item_ids: Sequence[str]) -> dict[str, list[_File]]:
    """Item → the files of its present version."""
    files: dict[str, list[_File]] = {}
    query = (
        select(
            renditions.c.item_id, renditions.c.channel, renditions.c.sha256, renditions.c.rejected,
            renditions.c.findings,
        )
        .join(items, (items.c.id == renditions.c.item_id) & (items.c.version == renditions.c.version))
        .where(items.c.id.in_(item_ids))
        .order_by(renditions.c.channel)
    )  # fmt: skip
    for row in await tx.execute(query):
        files.setdefault(row.item_id, []).append(typed(_File, row))
    return files


def raise_if_none(results: Sequence[Result]) -> None:
    """Where no item at all was decided, the answer is an error."""
    outcomes = {result.outcome for result in results}
    if Outcome.DONE in outcomes:
        return
    words = " ".join(dict.fromkeys(result.words for result in results[:5]))
    if outcomes == {Outcome.MISSING}:
        raise NotFound("there is no such item." if len(results) == 1 else "there are no such items.")
    if Outcome.CHANGED in outcomes:
        raise Conflict(words, remedy="Load them again and look at what changed." if len(results) > 1 else "")
    raise BreaksRule(words) if any(result.code == BreaksRule.code for result in results) else BadInput(words)


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
    """The decisions of a batch, the newest first.  after: the id of the last one on the page before."""
    await batch_row(tx, workspace_id, batch_id)
    query = (
        select(reviews, reviews.c.item_id.label("item"), photos.c.name.label("photo_name"))
        .join(items, items.c.id == reviews.c.item_id)
        .join(photos, photos.c.id == items.c.photo_id)
        .where(reviews.c.workspace_id == workspace_id, items.c.batch_id == batch_id)
        .order_by(reviews.c.id.desc())
        .limit(limit)
    )
    if after:
        query = query.where(reviews.c.id < after)
    return [HistoryEntry.model_validate(row, from_attributes=True) for row in await tx.execute(query)]
