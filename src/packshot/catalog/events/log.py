"""What happened, in order: recorded in the transaction in which it happened, so that no reader misses it."""

from __future__ import annotations

from sqlalchemy import insert

from packshot.db import Tx
from packshot.db.tables import events, now


async def record_event(
    tx: Tx,
    workspace_id: str,
    kind: str,
    *,
    batch_id: str | None = None,
    item_id: str | None = None,
    job_id: str | None = None,
) -> None:
    """kind: `item.review`, `batch.paused`, `job.done` …"""
    await tx.execute(
        insert(events).values(
            workspace_id=workspace_id, kind=kind, batch_id=batch_id, item_id=item_id, job_id=job_id, at=now()
        )
    )
