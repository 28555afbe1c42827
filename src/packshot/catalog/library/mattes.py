"""Mattes of a photo, version after version: a model's, or painted by hand. None is ever overwritten."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy import func, insert, select, update

from packshot.catalog.events.log import record_event
from packshot.catalog.items.versions import remake
from packshot.catalog.library import photo_flags, photos
from packshot.catalog.library.photos import PhotoRecord
from packshot.catalog.ports import JobRef
from packshot.catalog.tasks import Matte
from packshot.db import Tx, typed
from packshot.db.tables import mattes, now
from packshot.db.tables import photos as photo_rows
from packshot.errors import Conflict, NotFound, OutOfDate
from packshot.finding import Finding


class MatteView(BaseModel, frozen=True):
    """One version of a photo's matte."""

    version: int
    source: str = Field(description="The model, “the file's own transparency”, or “by hand”.")
    uncertainty: float
    findings: tuple[Finding, ...]
    sha256: str = Field(description="The ETag of the matte.")
    current: bool
    usable: bool = Field(description="False where the photo was replaced since.")
    created_by: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MatteRecord:
    """A row of `mattes`."""

    photo_id: str
    version: int
    workspace_id: str
    photo_sha256: str
    key: str
    sha256: str
    source: str
    uncertainty: float
    findings: list[dict[str, Any]]
    product_px: int | None
    created_by: str | None
    created_at: float


async def versions(tx: Tx, workspace_id: str, photo_id: str) -> list[MatteView]:
    """All mattes of a photo, the newest first.  Raises NotFound."""
    photo = await photos.row(tx, workspace_id, photo_id)
    rows = await tx.execute(
        select(mattes)
        .where(mattes.c.workspace_id == workspace_id, mattes.c.photo_id == photo_id)
        .order_by(mattes.c.version.desc())
    )
    return [_view(photo, typed(MatteRecord, row)) for row in rows]


async def current(tx: Tx, workspace_id: str, photo_id: str) -> tuple[PhotoRecord, MatteRecord]:
    """A photo and its matte.  Raises NotFound, which names the remedy where it is not cut out yet."""
    photo = await photos.row(tx, workspace_id, photo_id)
    matte = await _version(tx, photo, photo.matte_version)
    if matte is None:
        raise NotFound(
            "this photo is not cut out yet.",
            subject=photo.name,
            remedy=f"POST /api/v1/images/{photo_id}/segment does it.",
        )
    return photo, matte


async def put(
    tx: Tx,
    workspace_id: str,
    photo_id: str,
    matte: Matte,
    *,
    photo_sha256: str,
    matte_version: int,
    by: str | None = None,
) -> tuple[MatteView, list[JobRef]]:
    """Store a matte painted by hand as the photo's next version.  matte: as the pixel process stored its layer.

    photo_sha256, matte_version: what it was painted on.  Raises OutOfDate where that has changed, NotFound.
    """
    photo = await photos.row(tx, workspace_id, photo_id, lock=True)
    if photo.sha256 != photo_sha256 or photo.matte_version != matte_version:
        raise OutOfDate(
            "somebody changed this photo's matte in between.",
            subject=photo.name,
            remedy="Load it again and repeat the change.",
        )
    last = await tx.scalar(select(func.max(mattes.c.version)).where(mattes.c.photo_id == photo_id))
    version = (last or 0) + 1
    await tx.execute(
        insert(mattes).values(
            photo_id=photo_id, version=version, workspace_id=workspace_id, photo_sha256=photo.sha256, key=matte.key,
            sha256=matte.sha256, source=matte.source, uncertainty=matte.uncertainty, product_px=matte.product_px,
            findings=[finding.model_dump(mode="json") for finding in matte.findings],
            created_by=by, created_at=now(),
        )
    )  # fmt: skip
    return await _use(tx, workspace_id, photo_id, version)


async def revert(tx: Tx, workspace_id: str, photo_id: str, version: int) -> tuple[MatteView, list[JobRef]]:
    """Go back to an earlier matte.  Raises NotFound; Conflict where it was made of a photo that was replaced since."""
    photo = await photos.row(tx, workspace_id, photo_id, lock=True)
    matte = await _version(tx, photo, version)
    if matte is None:
        raise NotFound(f"there is no version {version} of its matte.", subject=photo.name)
    if matte.photo_sha256 != photo.sha256:
        raise Conflict(
            f"version {version} was made of a photo that has been replaced since.",
            subject=photo.name,
            remedy="Cut the photo out again.",
        )
    if version == photo.matte_version:
        return _view(photo, matte), []
    return await _use(tx, workspace_id, photo_id, version)


# --- parts ---


async def _use(tx: Tx, workspace_id: str, photo_id: str, version: int) -> tuple[MatteView, list[JobRef]]:
    await tx.execute(
        update(photo_rows)
        .where(photo_rows.c.workspace_id == workspace_id, photo_rows.c.id == photo_id)
        .values(matte_version=version, updated_at=now())
    )  # fmt: skip
    refs = await remake(tx, workspace_id, photo_id=photo_id, reason="matte edited")
    await record_event(tx, workspace_id, "photo.matte")
    photo, matte = await current(tx, workspace_id, photo_id)
    if matte.product_px is not None:
        await photo_flags.cut_out(tx, workspace_id, photo_id, matte.product_px)
    return _view(photo, matte), refs


async def _version(tx: Tx, photo: PhotoRecord, version: int) -> MatteRecord | None:
    query = select(mattes).where(mattes.c.photo_id == photo.id, mattes.c.version == version)
    row = (await tx.execute(query)).first()
    return None if row is None else typed(MatteRecord, row)


def _view(photo: PhotoRecord, matte: MatteRecord) -> MatteView:
    return MatteView(
        **asdict(matte), current=matte.version == photo.matte_version, usable=matte.photo_sha256 == photo.sha256
    )
