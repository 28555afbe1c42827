"""Photos a batch takes from an upload: a ZIP is imported, a CSV list matched, and what it names elsewhere fetched."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, select

from packshot.catalog import imports, matching
from packshot.catalog.asked import Source
from packshot.catalog.listing import Unmatched, entries
from packshot.catalog.planning import Entry
from packshot.db.tables import runs, uploads
from packshot.errors import BadInput, NotFound
from packshot.intake.manifest import rows as manifest_rows


async def taken(run: Row[Any], ctx: Any, source: Source) -> tuple[list[Entry], Unmatched]:
    """All photos of a wish, each once, and what matched none."""
    if source.upload is None:
        found, unmatched = await entries(run, ctx, source)
    elif source.upload.startswith("run_"):
        found, unmatched = await _of_import(run, ctx, source.upload)
    else:
        found, unmatched = await _of_upload(run, ctx, source.upload)
    return list({entry.photo_id: entry for entry in reversed(found)}.values())[::-1], unmatched


async def _of_import(run: Row[Any], ctx: Any, import_id: str) -> tuple[list[Entry], Unmatched]:
    async with ctx.db.read() as tx:
        result = await tx.scalar(
            select(runs.c.result).where(runs.c.workspace_id == run.workspace_id, runs.c.id == import_id)
        )
    return await _named(run, ctx, result or {})


async def _of_upload(run: Row[Any], ctx: Any, upload_id: str) -> tuple[list[Entry], Unmatched]:
    async with ctx.db.read() as tx:
        upload = (await tx.execute(
            select(uploads).where(uploads.c.workspace_id == run.workspace_id, uploads.c.id == upload_id)
        )).first()  # fmt: skip
    if upload is None:
        raise NotFound("this upload is gone.", subject=upload_id, remedy="Upload it again.")
    if upload.kind == "zip":
        return await _named(run, ctx, await imports.bring(run, ctx, upload_id))
    content = await ctx.store.aget(upload.key)
    if content is None:
        raise NotFound("this list is gone.", subject=upload.name, remedy="Upload it again.")
    try:
        listed = await asyncio.to_thread(lambda: list(manifest_rows(content, ctx.settings.limits, names_photos=False)))
    except BadInput as error:
        raise type(error)(error.problem, subject=upload.name, remedy=error.remedy) from error
    async with ctx.db.read() as tx:
        matched = await matching.match(tx, run.workspace_id, listed)
    if not matched.missing:
        return matched.found, matched.unmatched
    fetched, refused = await _named(run, ctx, await imports.bring_rows(run, ctx, matched.missing))
    return matched.found + fetched, matched.unmatched + refused


async def _named(run: Row[Any], ctx: Any, result: Mapping[str, Any]) -> tuple[list[Entry], Unmatched]:
    """The photos of an import's result, each with what its row of a list wants for it."""
    ids: Sequence[str] = result.get("images") or ()
    refused = [{"name": one["name"], "reason": one["reason"]} for one in result.get("refused") or ()]
    if not ids:
        return [], refused
    found, gone = await entries(run, ctx, Source(images=tuple(dict.fromkeys(ids))))
    wished: list[Entry] = []
    for entry in found:
        want = (result.get("wishes") or {}).get(entry.photo_id) or {"template": "", "channels": (), "priority": ""}
        special, wrong = matching.wish(**want)
        if wrong:
            refused.append({"name": entry.name, "reason": wrong})
        else:
            wished.append(replace(entry, special=special))
    return wished, refused + gone
