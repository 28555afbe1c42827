"""Photos: added, ordered, replaced. The original file is never changed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field
from sqlalchemy import ColumnElement, func, insert, select, update

from packshot.catalog.events.log import record_event
from packshot.catalog.items import findings as flags
from packshot.catalog.items.versions import remake
from packshot.catalog.library import collections, photo_flags
from packshot.catalog.ports import JobRef
from packshot.catalog.status import Line
from packshot.catalog.tasks import UploadedPhoto
from packshot.db import Tx, typed
from packshot.db.tables import new_id, now, photos, product_collections, products
from packshot.errors import BadOption, NotFound
from packshot.finding import Finding

MAIN = "main"
NAME_LENGTH = 200


def _role(text: str) -> str:
    role = " ".join(text.lower().split())
    if not role or not role.isprintable():
        raise ValueError("a role is a short word such as main, angle 2 or swatch")
    return role


Role = Annotated[str, Field(max_length=40), AfterValidator(_role)]


_EXAMPLE: dict[str, Any] = {
    "examples": [
        {
            "id": "img_0193a1b2c3d4e5f60718293a4b", "product_id": "prd_0193a1b2c3d4e5f60718293a4b", "role": "main",
            "position": 0, "name": "shoe.jpg", "format": "JPEG", "width": 4000, "height": 3000, "bytes": 3145728,
            "profile": "sRGB", "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "findings": [], "matte_version": 1, "original": "https://packshot.example/api/v1/files/…",
            "thumb": "https://packshot.example/api/v1/files/…", "revision": 1, "created_at": "2026-11-25T09:00:00Z",
            "updated_at": "2026-11-25T09:00:00Z",
        }
    ]
}  # fmt: skip


class PhotoView(BaseModel, frozen=True, json_schema_extra=_EXAMPLE):
    """One photo.  `original` and `thumb` are links; inside the catalog they are keys in the store."""

    id: str
    product_id: str | None
    role: str
    position: int
    name: str
    format: str
    width: int
    height: int
    bytes: int
    profile: str
    sha256: str
    findings: tuple[Finding, ...] = Field(description="What the checks at upload say about it.")
    matte_version: int = Field(description="Of its current matte; 0 until it is cut out.")
    original: str
    thumb: str
    revision: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class PhotoRecord:
    """A row of `photos`."""

    id: str
    workspace_id: str
    product_id: str | None
    role: str
    position: int
    name: str
    sha256: str
    key: str
    thumb_key: str
    format: str
    width: int
    height: int
    bytes: int
    profile: str
    fingerprint: str
    findings: list[dict[str, Any]]
    matte_version: int
    product_px: int | None
    revision: int
    created_by: str | None
    created_at: float
    updated_at: float
    deleted_at: float | None


class PhotoChange(BaseModel, frozen=True, extra="forbid", json_schema_extra={"examples": [{"role": "angle 2"}]}):
    """What to change; what is left out stays. A null product takes the photo out of its product."""

    name: Line | None = Field(None, min_length=1, max_length=NAME_LENGTH)
    role: Role | None = None
    position: int | None = Field(None, ge=0, le=9_999)
    product_id: str | None = Field(None, max_length=40, pattern=r"^[A-Za-z0-9_]+$")


def safe_name(name: str) -> str:
    """A file's own name without folders and characters that do not print; at most NAME_LENGTH letters."""
    last = PurePosixPath(name.replace("\\", "/")).name
    printable = "".join(c if c.isprintable() else "�" for c in unicodedata.normalize("NFC", last)).strip()
    if printable in ("", ".", ".."):
        return "photo"
    if len(printable) <= NAME_LENGTH:
        return printable
    suffix = PurePosixPath(printable).suffix
    suffix = suffix if len(suffix) <= 6 else ""
    return printable[: NAME_LENGTH - len(suffix)] + suffix


# --- read ---


async def get(tx: Tx, workspace_id: str, photo_id: str) -> PhotoView:
    """One photo.  Raises NotFound."""
    return view(await row(tx, workspace_id, photo_id))


async def row(tx: Tx, workspace_id: str, photo_id: str, *, lock: bool = False) -> PhotoRecord:
    """One photo as it is stored.  Raises NotFound."""
    query = select(photos).where(_live(workspace_id), photos.c.id == photo_id)
    record = (await tx.execute(query.with_for_update() if lock else query)).first()
    if record is None:
        raise NotFound("there is no such photo.", subject=photo_id)
    return typed(PhotoRecord, record)


@dataclass(frozen=True, slots=True)
class PhotoFilter:
    """Which photos a list holds: those for which all that is given is true.

    collection_id: of products in it and in what is under it.  unassigned: of no product.  q: in the name.
    flagged: with at least one finding.
    """

    ids: Sequence[str] | None = None
    product_id: str | None = None
    collection_id: str | None = None
    unassigned: bool | None = None
    q: str | None = None
    role: str | None = None
    cut_out: bool | None = None
    flagged: bool | None = None


async def page(
    tx: Tx, workspace_id: str, filter: PhotoFilter = PhotoFilter(), *, after: str | None = None, limit: int = 50
) -> list[PhotoView]:
    """Photos, the newest first.  after: the id of the last one on the page before.

    Raises NoSuchCollection.
    """
    query = select(photos).where(*await _conditions(tx, workspace_id, filter))
    if after:
        query = query.where(photos.c.id < after)
    rows = await tx.execute(query.order_by(photos.c.id.desc()).limit(limit))
    return [view(typed(PhotoRecord, row)) for row in rows]


async def count(tx: Tx, workspace_id: str, filter: PhotoFilter = PhotoFilter()) -> int:
    """How many there are on all pages.  Raises NoSuchCollection."""
    query = select(func.count()).select_from(photos).where(*await _conditions(tx, workspace_id, filter))
    return (await tx.execute(query)).scalar_one()


async def of_products(tx: Tx, workspace_id: str, product_ids: Sequence[str]) -> dict[str, list[PhotoView]]:
    """Product → its photos in order.  product_ids: a page of them."""
    rows = await tx.execute(
        select(photos)
        .where(_live(workspace_id), photos.c.product_id.in_(product_ids))
        .order_by(photos.c.position, photos.c.id)
    )
    grouped: dict[str, list[PhotoView]] = {id: [] for id in product_ids}
    for row in rows:
        grouped[row.product_id].append(view(typed(PhotoRecord, row)))
    return grouped


async def existing(tx: Tx, workspace_id: str, ids: Collection[str]) -> set[str]:
    """Those of the ids that are photos of this workspace.  ids: at most 500."""
    return set(await tx.scalars(select(photos.c.id).where(_live(workspace_id), photos.c.id.in_(ids))))


# --- write ---


async def add(
    tx: Tx,
    workspace_id: str,
    uploaded: UploadedPhoto,
    *,
    name: str,
    product_id: str | None = None,
    role: str | None = None,
    takes_over: bool = True,
    by: str | None = None,
    id: str | None = None,
) -> PhotoView:
    """Store an upload as a photo.  uploaded: as the pixel process took it in.

    role: None finds one, main first.  takes_over: a new main photo makes the one that was main an angle; otherwise the
    second takes the next free angle.  id: of a caller that must not add it twice.
    Raises NotFound where there is no such product.
    """
    id, at = id or new_id("img"), now()
    role, position = await _place(tx, workspace_id, product_id, role, takes_over=takes_over)
    findings = await _findings(tx, workspace_id, uploaded, product_id)
    await tx.execute(
        insert(photos).values(
            id=id, workspace_id=workspace_id, product_id=product_id, role=role, position=position,
            name=safe_name(name), findings=photo_flags.as_json(findings), matte_version=0, revision=1, created_by=by,
            created_at=at, updated_at=at, **{column: getattr(uploaded, column) for column in _FILE_COLUMNS},
        )
    )  # fmt: skip
    await flags.store(tx, workspace_id, id, {"": findings})
    await record_event(tx, workspace_id, "photo.added")
    return await get(tx, workspace_id, id)


async def change(tx: Tx, workspace_id: str, photo_id: str, changes: PhotoChange) -> PhotoView:
    """Rename, move, give another role.  A product has one main photo: the one that was main becomes an angle.

    Raises NotFound.
    """
    photo = await row(tx, workspace_id, photo_id, lock=True)
    fields = {
        name: value
        for name, value in changes.model_dump(exclude_unset=True).items()
        if value is not None or name == "product_id"
    }
    product_id = fields.get("product_id", photo.product_id)
    if product_id != photo.product_id:
        role, position = await _place(tx, workspace_id, product_id, fields.get("role"), takes_over=True)
        fields = {"position": position} | fields | {"role": role}
    elif fields.get("role") == MAIN != photo.role and product_id is not None:
        await _place(tx, workspace_id, product_id, MAIN, takes_over=True)
    await _update(tx, workspace_id, photo_id, **fields)
    if product_id != photo.product_id:
        await photo_flags.moved(tx, workspace_id, photo_id)
    return await get(tx, workspace_id, photo_id)


async def reorder(tx: Tx, workspace_id: str, product_id: str, order: Sequence[str]) -> None:
    """Put a product's photos in this order.  Raises BadOption where the list is not exactly its photos."""
    ids = [photo.id for photo in (await of_products(tx, workspace_id, [product_id]))[product_id]]
    if sorted(ids) != sorted(order):
        raise BadOption(
            f"the order must name each of the product's {len(ids)} photos once.",
            subject="photos",
            remedy="Read the product again and send all of its photos in the order they are to have.",
        )
    for position, id in enumerate(order):
        await tx.execute(update(photos).where(_live(workspace_id), photos.c.id == id).values(position=position))


async def delete(tx: Tx, workspace_id: str, photo_id: str) -> None:
    """Delete a photo.  Its items stay, and so does the file until it is purged.  Raises NotFound."""
    await row(tx, workspace_id, photo_id, lock=True)
    await _update(tx, workspace_id, photo_id, deleted_at=now())
    await photo_flags.moved(tx, workspace_id, photo_id)
    await record_event(tx, workspace_id, "photo.deleted")


async def replace(
    tx: Tx, workspace_id: str, photo_id: str, uploaded: UploadedPhoto, *, name: str | None = None
) -> tuple[PhotoView, list[JobRef]]:
    """Put another file in a photo's place; role, position and product stay, and it is cut out again.

    Open items that use it get a new version.  Returns the photo and the jobs to queue.  Raises NotFound.
    """
    photo = await row(tx, workspace_id, photo_id, lock=True)
    named = {} if name is None else {"name": safe_name(name)}
    if uploaded.sha256 == photo.sha256:
        await _update(tx, workspace_id, photo_id, **named)
        return await get(tx, workspace_id, photo_id), []
    findings = await _findings(tx, workspace_id, uploaded, photo.product_id, besides=photo_id)
    fields = {column: getattr(uploaded, column) for column in _FILE_COLUMNS}
    await _update(
        tx, workspace_id, photo_id, matte_version=0, findings=photo_flags.as_json(findings), **fields, **named
    )
    await flags.store(tx, workspace_id, photo_id, {"": findings})
    refs = await remake(tx, workspace_id, photo_id=photo_id, reason="photo replaced")
    await record_event(tx, workspace_id, "photo.replaced")
    return await get(tx, workspace_id, photo_id), refs


# --- parts ---

_FILE_COLUMNS = (
    "sha256", "key", "thumb_key", "format", "width", "height", "bytes", "profile", "fingerprint", "product_px",
)  # fmt: skip


def view(photo: PhotoRecord) -> PhotoView:
    return PhotoView(**asdict(photo), original=photo.key, thumb=photo.thumb_key)


def _live(workspace_id: str) -> ColumnElement[bool]:
    return (photos.c.workspace_id == workspace_id) & photos.c.deleted_at.is_(None)


async def _conditions(tx: Tx, workspace_id: str, filter: PhotoFilter) -> list[ColumnElement[bool]]:
    conditions = [_live(workspace_id)]
    if filter.ids is not None:
        conditions.append(photos.c.id.in_(filter.ids))
    if filter.product_id is not None:
        conditions.append(photos.c.product_id == filter.product_id)
    if filter.collection_id is not None:
        await collections.row(tx, workspace_id, filter.collection_id)
        inside = select(product_collections.c.product_id).where(
            product_collections.c.collection_id.in_(collections.under(workspace_id, filter.collection_id))
        )
        conditions.append(photos.c.product_id.in_(inside))
    if filter.unassigned is not None:
        conditions.append(photos.c.product_id.is_(None) if filter.unassigned else photos.c.product_id.is_not(None))
    if filter.q:
        conditions.append(photos.c.name.icontains(filter.q, autoescape=True))
    if filter.role:
        conditions.append(photos.c.role == filter.role.lower())
    if filter.cut_out is not None:
        conditions.append(photos.c.matte_version > 0 if filter.cut_out else photos.c.matte_version == 0)
    if filter.flagged is not None:
        number = func.json_array_length(photos.c.findings)
        conditions.append(number > 0 if filter.flagged else number == 0)
    return conditions


async def _update(tx: Tx, workspace_id: str, photo_id: str, **fields: Any) -> None:
    await tx.execute(
        update(photos)
        .where(_live(workspace_id), photos.c.id == photo_id)
        .values(**fields, revision=photos.c.revision + 1, updated_at=now())
    )


async def _place(
    tx: Tx, workspace_id: str, product_id: str | None, role: str | None, *, takes_over: bool
) -> tuple[str, int]:
    """Role and position of a photo that is added to a product; the one that was main becomes an angle."""
    if product_id is None:
        return role or MAIN, 0
    owner = select(products.c.id).where(
        products.c.workspace_id == workspace_id, products.c.id == product_id, products.c.deleted_at.is_(None)
    )
    if await tx.scalar(owner.with_for_update()) is None:
        raise NotFound("there is no such product.", subject=product_id)
    others = (await tx.execute(
        select(photos.c.id, photos.c.role, photos.c.position).where(
            _live(workspace_id), photos.c.product_id == product_id
        )
    )).all()  # fmt: skip
    roles = {other.role for other in others}
    position = max((other.position for other in others), default=-1) + 1
    if role is None:
        return (MAIN if MAIN not in roles else _free_angle(roles)), position
    if role not in roles or (role != MAIN and takes_over):
        return role, position
    if not takes_over:
        return _free_angle(roles), position
    for other in others:
        if other.role == MAIN:
            angle = _free_angle(roles)
            roles.add(angle)
            await _update(tx, workspace_id, other.id, role=angle)
    return role, position


def _free_angle(roles: Iterable[str]) -> str:
    numbers = [int(match[1]) for role in roles if (match := re.fullmatch(r"angle (\d{1,4})", role))]
    return f"angle {max(numbers, default=1) + 1}"


async def _findings(
    tx: Tx, workspace_id: str, uploaded: UploadedPhoto, product_id: str | None, *, besides: str | None = None
) -> tuple[Finding, ...]:
    """Of the file itself, for the channels in use, and beside other photos.  besides: the one to pass over."""
    size = uploaded.width, uploaded.height
    small = await photo_flags.small(tx, workspace_id, size, uploaded.product_px)
    alike = await photo_flags.alike(
        tx, workspace_id, uploaded.sha256, uploaded.fingerprint, product_id, besides=besides
    )
    return (*small, *uploaded.findings, *alike)
