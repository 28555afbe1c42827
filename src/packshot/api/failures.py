"""What failed three times, why, and the call that tries it again."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, model_validator

from packshot.api.access import Editor, Reader
from packshot.api.params import Cursor, Limit, after_id, page_of
from packshot.api.service import Svc
from packshot.catalog.batches.requests import Id
from packshot.catalog.items import dead_letters
from packshot.catalog.items.dead_letters import Failure, FailureGroup, Retried
from packshot.catalog.old_names import JOBS

router = APIRouter(tags=["failures"])


class Failures(BaseModel, frozen=True):
    """By cause, and one by one."""

    groups: tuple[FailureGroup, ...]
    items: tuple[Failure, ...]
    jobs: tuple[Failure, ...] = Field(description="Imports, exports and the like that failed; on the first page only.")
    next_cursor: str | None


_RETRIES: dict[str, Any] = {"examples": [{"cause": "out_of_memory"}, {"items": ["itm_0193a1b2c3d4"]}]}


class RetryRequest(BaseModel, frozen=True, extra="forbid", json_schema_extra=_RETRIES):
    """Which failed things are tried again: those named, or all of a batch or a cause."""

    items: Annotated[tuple[Id, ...], Field(max_length=5_000, description="By id.")] = ()
    jobs: Annotated[tuple[Id, ...], Field(validation_alias=JOBS, max_length=500, description="By id.")] = ()
    batch: Id | None = Field(None, description="All of this batch, by id.")
    cause: str | None = Field(None, min_length=1, max_length=100, description="All with this cause.")

    @model_validator(mode="after")
    def _names_something(self) -> RetryRequest:
        if not (self.items or self.jobs or self.batch or self.cause):
            raise ValueError("name items, jobs, a batch or a cause")
        return self


@router.get("/failures")
async def list_failures(
    svc: Svc,
    who: Reader,
    cursor: Cursor = None,
    limit: Limit = 50,
    batch: Annotated[str | None, Query(max_length=40, description="Only of this batch, by id.")] = None,
    cause: Annotated[str | None, Query(max_length=100, description="Only those with this cause.")] = None,
) -> Failures:
    """The dead-letter list, grouped by cause. Stacks are shown to admins."""
    stacks = "admin" in who.scopes
    async with svc.db.read() as tx:
        groups = await dead_letters.groups(tx, who.workspace_id, batch_id=batch)
        found = await dead_letters.page(
            tx, who.workspace_id, batch_id=batch, cause=cause, stacks=stacks, after=after_id(cursor), limit=limit + 1
        )
        jobs = [] if cursor or batch or cause else await dead_letters.failed_jobs(tx, who.workspace_id, stacks=stacks)
    page = page_of(found, limit, lambda failure: failure.id)
    return Failures(groups=tuple(groups), items=tuple(page.items), jobs=tuple(jobs), next_cursor=page.next_cursor)


@router.post("/failures/retry", status_code=202)
async def retry_failures(body: RetryRequest, svc: Svc, who: Editor) -> Retried:
    """Try again where it stood, at the same version. `left` says how many more there are: call again for them."""
    async with svc.db.write() as tx:
        done, refs = await dead_letters.retry(
            tx, who.workspace_id, item_ids=body.items, job_ids=body.jobs, batch_id=body.batch, cause=body.cause
        )
    await svc.queues.add(refs)
    return done
