"""Which checks warn or fail, as rows: lists and counts find them by an index, not by reading every finding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import ColumnElement, delete, insert, select

from packshot.db import Tx
from packshot.db.tables import findings
from packshot.finding import Finding, Verdict

_FLAGGED = (Verdict.WARN, Verdict.FAIL)  # the graver one last


async def store(
    tx: Tx, workspace_id: str, owner_id: str, by_channel: Mapping[str, Iterable[Finding]], *, version: int = 0
) -> None:
    """Write down what warns or fails, in place of what these channels had before.

    owner_id: a photo, or an item at `version`.  by_channel: channel → findings about its file; "" holds those about the
    photo or the composition.
    """
    rows = [
        {"workspace_id": workspace_id, "owner_id": owner_id, "version": version, "channel": channel,
         "check": check, "verdict": verdict.value}
        for channel, about in by_channel.items() for check, verdict in _gravest(about).items()
    ]  # fmt: skip
    before = (
        findings.c.owner_id == owner_id, findings.c.version == version, findings.c.channel.in_(list(by_channel)),
    )  # fmt: skip
    await tx.execute(delete(findings).where(*before))
    if rows:
        await tx.execute(insert(findings), rows)


def flagged(
    owner_id: ColumnElement[str],
    version: ColumnElement[int] | int = 0,
    *,
    channel: str | None = None,
    check: str | None = None,
) -> ColumnElement[bool]:
    """Whether a check warns or fails; only this one, only about this channel's file, where they are named."""
    query = select(findings.c.owner_id).where(findings.c.owner_id == owner_id, findings.c.version == version)
    if channel is not None:
        query = query.where(findings.c.channel == channel)
    if check is not None:
        query = query.where(findings.c.check == check)
    return query.exists()


def _gravest(about: Iterable[Finding]) -> dict[str, Verdict]:
    """Check → its gravest verdict, of those that warn or fail."""
    flagged = [finding for finding in about if finding.verdict in _FLAGGED]
    return {finding.check: finding.verdict for finding in sorted(flagged, key=lambda f: _FLAGGED.index(f.verdict))}
