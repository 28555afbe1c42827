"""Imports: a ZIP, a list or addresses become photos, one after the other. What is refused is listed, with the reason.

An import may end anywhere and start again: a member's photo has an id that follows from the job and the member's
place and name in it, so what exists already is passed over.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import re
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import select

from packshot.catalog import jobs
from packshot.catalog.accounts import workspaces
from packshot.catalog.jobs import JobRecord
from packshot.catalog.library import collections, photos, products
from packshot.catalog.library.photos import safe_name
from packshot.catalog.ports import JobContext
from packshot.catalog.status import JobStatus
from packshot.catalog.tasks import AnalyseUpload, UploadedPhoto
from packshot.db import Tx, typed
from packshot.db.tables import jobs as job_rows
from packshot.db.tables import photos as photo_rows
from packshot.db.tables import uploads
from packshot.errors import BadInput, DamagedFile, DiskFull, Fault, FetchFailed, NotFound, OutOfMemory, PackshotError
from packshot.intake import Collected, Note, Refused, Source, collect
from packshot.intake.manifest import from_rows, from_table
from packshot.intake.table import ColumnMap, table

RECORD_SECONDS = 1.0  # how often progress is recorded
_AHEAD = 3  # members that are read or downloaded while one is looked at
_TRIES = 2  # of a download, and of a photo that ended the pixel process
_AT_ONCE = 500
Result = dict[str, Any]
Report = Callable[["_Progress"], Awaitable[bool]]  # records progress; whether to go on


@dataclass(frozen=True, slots=True)
class Placement:
    """Where all photos of an import go, and who sent them."""

    product_id: str | None = None
    role: str | None = None
    collection_id: str | None = None
    by: str | None = None


async def work(job: JobRecord, context: JobContext) -> Result:
    """An import.  Gives {images: [ids], refused: [{name, code, words, remedy, reason}], wishes, notes}.

    wishes: photo → {style, channels, priority}, where its row of a list says so: for a batch of these photos.
    notes: [{name, words}], how lists and names were read, where a person should look at it.
    job.request: {upload} or {urls}; and product_id, role, collection_id, columns, each or none.
    Raises NotFound where the upload is gone, DiskFull.
    """
    request = job.request
    placement = Placement(request.get("product_id"), request.get("role"), request.get("collection_id"), job.created_by)

    async def report(progress: _Progress) -> bool:
        result = dict(job.result) | progress.result()
        async with context.db.write() as tx:
            await jobs.progressed(tx, job.id, done=progress.done, total=progress.total, result=result)
            status = await tx.scalar(select(job_rows.c.status).where(job_rows.c.id == job.id))
        return bool(status != JobStatus.CANCELLED)

    if "urls" in request:
        sources, refused, _ = await asyncio.to_thread(_addresses, request["urls"], context)
        brought = await _bring(job, context, sources, refused, placement=placement, report=report)
        return dict(job.result) | brought
    brought = await bring(
        job, context, request["upload"], placement=placement, report=report, columns=request.get("columns")
    )
    return dict(job.result) | brought


@dataclass(frozen=True, slots=True)
class UploadRecord:
    """A ZIP or CSV list that was uploaded."""

    kind: str  # zip | csv
    name: str
    key: str


async def upload_of(tx: Tx, workspace_id: str, upload_id: str) -> UploadRecord:
    """Raises NotFound."""
    query = select(uploads.c.kind, uploads.c.name, uploads.c.key)
    row = (await tx.execute(query.where(uploads.c.workspace_id == workspace_id, uploads.c.id == upload_id))).first()
    if row is None:
        raise NotFound("this upload is gone.", subject=upload_id, remedy="Upload it again.")
    return typed(UploadRecord, row)


async def bring(
    job: JobRecord,
    context: JobContext,
    upload_id: str,
    *,
    placement: Placement | None = None,
    report: Report | None = None,
    columns: Mapping[str, str] | None = None,
) -> Result:
    """The photos of an upload, for a job of any kind.  The same result as `work`.

    columns: what those of its list mean, beside what the workspace remembers.
    """
    async with context.db.read() as tx:
        upload = await upload_of(tx, job.workspace_id, upload_id)
        means = ColumnMap(given=columns or {}, remembered=await workspaces.list_columns(tx, job.workspace_id))
    with tempfile.TemporaryDirectory(prefix="packshot-import-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / _file_name(upload)
        if not await asyncio.to_thread(context.store.get_file, upload.key, path):
            raise NotFound("this upload is no longer in the store.", subject=upload.name, remedy="Upload it again.")
        read = _list if upload.kind == "csv" else _archive
        sources, refused, notes = await asyncio.to_thread(read, path, upload.name, context, means)
        brought = await _bring(
            job, context, sources, refused, placement=placement or Placement(), report=report, salt=upload_id
        )
        return brought | {"notes": [{"name": note.name, "words": note.words} for note in notes]}


async def bring_rows(job: JobRecord, context: JobContext, rows: Sequence[tuple[int, Mapping[str, str]]]) -> Result:
    """The photos that rows of a list name by address.  rows: (number, column → value).  As `bring`."""
    listed = [(number, dict(row)) for number, row in rows]
    found = await asyncio.to_thread(lambda: list(from_rows(listed, "list", context.settings.limits)))
    sources = [one for one in found if isinstance(one, Source)]
    refused = [one for one in found if isinstance(one, Refused)]
    # A second time fewer rows may come, for what was brought is matched then: their own numbers stay.
    places = [number for (number, _), one in zip(listed, found, strict=True) if isinstance(one, Source)]
    return await _bring(job, context, sources, refused, placement=Placement(), report=None, salt="rows", places=places)


# --- what is in it; these read files and look names up, so they run on a thread ---


def _addresses(urls: Sequence[str], context: JobContext) -> Collected:
    # `collect` takes names of files too, and a stranger's must not be opened.
    strange = [url for url in urls if not re.match(r"(?i)https?://", url)]
    found = collect([url for url in urls if url not in strange], limits=context.settings.limits)
    words = BadInput("this is not a web address.", remedy="It begins with https://.")
    return found._replace(refused=found.refused + [Refused(safe_name(url), words) for url in strange])


def _archive(path: Path, name: str, context: JobContext, columns: ColumnMap) -> Collected:
    return collect([str(path)], limits=context.settings.limits, columns=columns)


def _list(path: Path, name: str, context: JobContext, columns: ColumnMap) -> Collected:
    limits = context.settings.limits
    try:
        found = list(from_table(table(path.read_bytes(), limits, columns=columns), name, limits))
    except PackshotError as error:
        return Collected([], [Refused(name, error)], [])
    return Collected(
        [one for one in found if isinstance(one, Source)],
        [one for one in found if isinstance(one, Refused)],
        [one for one in found if isinstance(one, Note)],
    )


def _file_name(upload: UploadRecord) -> str:
    """Its members are shown under this name; it ends as `collect` wants it."""
    suffix = ".csv" if upload.kind == "csv" else ".zip"
    name = re.sub(r"[/\\\0]", "-", safe_name(upload.name))
    stem = name[: -len(suffix)] if name.lower().endswith(suffix) else name
    while len(stem.encode()) > 150:
        stem = stem[:-1]
    return f"{stem or 'upload'}{suffix}"


# --- one after the other ---


@dataclass
class _Progress:
    """How far it is."""

    total: int
    images: dict[int, str] = field(default_factory=dict)
    refused: list[dict[str, str]] = field(default_factory=list)

    @property
    def done(self) -> int:
        return len(self.images) + len(self.refused)

    def result(self) -> Result:
        ids = [self.images[place] for place in sorted(self.images)]
        return {"images": list(dict.fromkeys(ids)), "refused": self.refused}


async def _bring(
    job: JobRecord,
    context: JobContext,
    sources: Sequence[Source],
    refused: Sequence[Refused],
    *,
    placement: Placement,
    report: Report | None,
    salt: str = "",
    places: Sequence[int] = (),
) -> Result:
    numbered = zip(places or range(len(sources)), sources, strict=True)
    ids = [_photo_id(job.id, salt, place, source) for place, source in numbered]
    progress = _Progress(len(sources) + len(refused), refused=[_refusal(r.name, r.error) for r in refused])
    async with context.db.read() as tx:
        existing = await _existing(tx, job.workspace_id, ids)
    progress.images = {place: id for place, id in enumerate(ids) if id in existing}
    if report is not None and not await report(progress):
        return progress.result() | {"wishes": {}}
    left = [(place, source) for place, source in enumerate(sources) if ids[place] not in existing]
    with tempfile.TemporaryDirectory(prefix="packshot-import-", ignore_cleanup_errors=True) as folder:
        async with aclosing(_read_ahead(left, Path(folder))) as members:
            await _take(job, context, members, progress, ids, placement=placement, report=report)
    if report is not None:
        await report(progress)
    return progress.result() | {"wishes": _choices(sources, progress.images)}


async def _take(
    job: JobRecord,
    context: JobContext,
    members: AsyncGenerator[tuple[int, Source, Path, PackshotError | None]],
    progress: _Progress,
    ids: Sequence[str],
    *,
    placement: Placement,
    report: Report | None,
) -> None:
    """Until the last, or until the job is cancelled."""
    last = time.monotonic()
    async for place, source, path, error in members:
        try:
            if error is not None:
                raise error
            uploaded = await _analysed(job, context, source, path)
            async with context.db.write() as tx:
                progress.images[place] = await _add(tx, job.workspace_id, source, uploaded, placement, ids[place])
        except DiskFull:
            raise
        except PackshotError as wrong:
            progress.refused.append(_refusal(source.name, wrong))
        finally:
            path.unlink(missing_ok=True)
        if report is not None and time.monotonic() - last > RECORD_SECONDS:
            last = time.monotonic()
            if not await report(progress):
                return


async def _read_ahead(
    members: Sequence[tuple[int, Source]], folder: Path
) -> AsyncGenerator[tuple[int, Source, Path, PackshotError | None]]:
    """Members in order, their bytes in files, the next few already on their way."""
    tasks: list[asyncio.Task[PackshotError | None]] = []
    try:
        for at, (place, source) in enumerate(members):
            while len(tasks) < min(at + 1 + _AHEAD, len(members)):
                ahead, coming = members[len(tasks)]
                tasks.append(asyncio.create_task(asyncio.to_thread(_read, coming, folder / str(ahead))))
            error = await tasks[at]
            yield place, source, folder / str(place), error
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _read(source: Source, path: Path) -> PackshotError | None:
    for tries in range(1, _TRIES + 1):
        try:
            path.write_bytes(source.load())
            return None
        except FetchFailed as error:
            if tries == _TRIES:
                return error
            time.sleep(1.0)
        except PackshotError as error:
            return error
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT):
                return DiskFull("the disk for uploads is full.", remedy="Make room; the import goes on by itself.")
            return DamagedFile("it could not be read.", subject=source.name, remedy="Upload it again.")
    return None


async def _analysed(job: JobRecord, context: JobContext, source: Source, path: Path) -> UploadedPhoto:
    for tries in range(1, _TRIES + 1):
        try:
            return await context.pixels.do(AnalyseUpload(source.name, job.workspace_id, str(path)))
        except (OutOfMemory, Fault):  # it may have been another photo's fault, or the store was away
            if tries == _TRIES:
                raise
            await asyncio.sleep(0.5)
    raise AssertionError


async def _add(
    tx: Tx, workspace_id: str, source: Source, uploaded: UploadedPhoto, placement: Placement, photo_id: str
) -> str:
    """Add a photo, once: where an import runs again the same file of the same product exists.  Returns its id."""
    product_id = placement.product_id
    if product_id is None:
        request = products.ProductRequest(sku=_sku(source), title=_cut(source.title, 500))
        product_id = await products.for_sku(
            tx, workspace_id, request.sku, title=request.title, gtin=source.gtin, asin=source.asin
        )
    await products.row(tx, workspace_id, product_id, lock=True)  # of two workers on the same import, one goes first
    same = select(photo_rows.c.id).where(
        photo_rows.c.workspace_id == workspace_id, photo_rows.c.product_id == product_id,
        photo_rows.c.sha256 == uploaded.sha256, photo_rows.c.deleted_at.is_(None),
    )  # fmt: skip
    existing = await tx.scalar(same.order_by(photo_rows.c.id).limit(1))
    if existing is None:
        role = placement.role if placement.product_id else source.role[:40]
        await photos.add(
            tx, workspace_id, uploaded, name=source.name, product_id=product_id, role=role, takes_over=False,
            by=placement.by, id=photo_id,
        )  # fmt: skip
    if placement.collection_id is not None:
        await collections.put(tx, workspace_id, placement.collection_id, add=[product_id])
    return existing or photo_id


def _sku(source: Source) -> str:
    return _cut(source.sku, 200) or "photo"


def _choices(sources: Sequence[Source], images: Mapping[int, str]) -> dict[str, dict[str, Any]]:
    by_photo = {
        id: {"style": source.style, "channels": list(source.channels), "priority": source.priority}
        for place, id in images.items()
        for source in [sources[place]]
    }
    return {id: choices for id, choices in by_photo.items() if any(choices.values())}


def _cut(text: str, length: int) -> str:
    return "".join(letter for letter in text if letter.isprintable())[:length].strip()


async def _existing(tx: Tx, workspace_id: str, ids: Sequence[str]) -> set[str]:
    """Those that an earlier try of this job added, even if somebody has deleted them since."""
    existing: set[str] = set()
    for first in range(0, len(ids), _AT_ONCE):
        chunk = ids[first : first + _AT_ONCE]
        existing |= set(await tx.scalars(
            select(photo_rows.c.id).where(photo_rows.c.workspace_id == workspace_id, photo_rows.c.id.in_(chunk))
        ))  # fmt: skip
    return existing


def _photo_id(job_id: str, salt: str, place: int, source: Source) -> str:
    """As `new_id` makes them: the job's time, the place, and a hash of what identifies this member."""
    moment = (job_id.partition("_")[2] or job_id)[:11]
    mark = "\n".join((job_id, salt, source.name, source.sku, source.role))
    return f"img_{moment}{place:05x}{hashlib.sha256(mark.encode()).hexdigest()[:11]}"


def _refusal(name: str, error: PackshotError) -> dict[str, str]:
    reason = f"{error.problem} {error.remedy}".strip()
    return {"name": name, "code": error.code, "words": error.problem, "remedy": error.remedy, "reason": reason}
