"""Photos: taken in, put in order, replaced. The original is never changed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field
from sqlalchemy import Row, func, insert, select, update

from packshot.catalog.events.log import tell
from packshot.catalog.items.versions import remake
from packshot.catalog.library import collections
from packshot.catalog.ports import JobRef
from packshot.catalog.status import Line
from packshot.db import Tx
from packshot.db.tables import new_id, now, photos, product_collections, products
from packshot.errors import BadOption, NotFound
from packshot.finding import Finding, Verdict
from packshot.ops.measure import bits_apart

MAIN = "main"
NAME_LENGTH = 200
# Two fingerprints that differ in so many bits are the same picture (ops.measure.bits_apart) …
ALIKE_BITS = 4
# … and a photo is compared with so many before it; the same file is found however old.
COMPARED = 2_000
# Only the same file is as similar as 1.
_NOT_THE_FILE = 0.99


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
    """One photo.  `original` and `thumb` are keys in the store, until a link is made of them."""

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
    findings: tuple[Finding, ...] = Field(description="What is to be said about it before work is spent on it.")
    matte_version: int = Field(description="Of its current matte; 0 until it is cut out.")
    original: str
    thumb: str
    revision: int
    created_at: datetime
    updated_at: datetime


class PhotoChange(BaseModel, frozen=True, extra="forbid", json_schema_extra={"examples": [{"role": "angle 2"}]}):
    """What is to be different; what is left out stays. A null product takes the photo out of its product."""

    name: Line | None = Field(None, min_length=1, max_length=NAME_LENGTH)
    role: Role | None = None
    position: int | None = Field(None, ge=0, le=9_999)
    product_id: str | None = Field(None, max_length=40, pattern=r"^[A-Za-z0-9_]+$")


def safe_name(name: str) -> str:
    """A file's own name, whatever a browser, a path trick or a joker made of it; at most NAME_LENGTH letters."""
    last = PurePosixPath(name.replace("\\", "/")).name
    kept = "".join(c if c.isprintable() else "�" for c in unicodedata.normalize("NFC", last)).strip()
    if kept in ("", ".", ".."):
        return "photo"
    if len(kept) <= NAME_LENGTH:
        return kept
    suffix = PurePosixPath(kept).suffix
    suffix = suffix if len(suffix) <= 6 else ""
    return kept[: NAME_LENGTH - len(suffix)] + suffix


# --- read ---


async def get(tx: Tx, workspace_id: str, photo_id: str) -> PhotoView:
    """One photo.  Raises NotFound."""
    return view(await row(tx, workspace_id, photo_id))


async def row(tx: Tx, workspace_id: str, photo_id: str, *, lock: bool = False) -> Row[Any]:
    """One photo as it is kept.  Raises NotFound."""
    query = select(photos).where(_live(workspace_id), photos.c.id == photo_id)
    found = (await tx.execute(query.with_for_update() if lock else query)).first()
    if found is None:
        raise NotFound("there is no such photo.", subject=photo_id)
    return found


@dataclass(frozen=True, slots=True)
class Sought:
    """Which photos a list is of: all of what is given holds.

    collection_id: of products in it and in what is under it.  unassigned: of no product.  q: in the name.
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
    tx: Tx, workspace_id: str, sought: Sought = Sought(), *, after: str | None = None, limit: int = 50
) -> list[PhotoView]:
    """Photos, the newest first.  after: the id of the last one seen.

    Raises NotFound where there is no such collection.
    """
    query = select(photos).where(*await _of(tx, workspace_id, sought)).order_by(photos.c.id.desc()).limit(limit)
    if after:
        query = query.where(photos.c.id < after)
    return [view(found) for found in await tx.execute(query)]


async def count(tx: Tx, workspace_id: str, sought: Sought = Sought()) -> int:
    """How many there are on all pages.  Raises NotFound where there is no such collection."""
    query = select(func.count()).select_from(photos).where(*await _of(tx, workspace_id, sought))
    return (await tx.execute(query)).scalar_one()


async def of_products(tx: Tx, workspace_id: str, product_ids: Sequence[str]) -> dict[str, list[PhotoView]]:
    """Product → its photos in order.  product_ids: a page of them."""
    found = await tx.execute(
        select(photos)
        .where(_live(workspace_id), photos.c.product_id.in_(product_ids))
        .order_by(photos.c.position, photos.c.id)
    )
    grouped: dict[str, list[PhotoView]] = {id: [] for id in product_ids}
    for photo in found:
        grouped[photo.product_id].append(view(photo))
    return grouped


async def known(tx: Tx, workspace_id: str, ids: Collection[str]) -> set[str]:
    """Those of the ids that are photos here.  At most 500."""
    return set(await tx.scalars(select(photos.c.id).where(_live(workspace_id), photos.c.id.in_(ids))))


# --- write ---


async def add(
    tx: Tx,
    workspace_id: str,
    made: Mapping[str, Any],
    *,
    name: str,
    product_id: str | None = None,
    role: str | None = None,
    takes_over: bool = True,
    by: str | None = None,
    id: str | None = None,
) -> PhotoView:
    """Keep an upload as a photo.  made: the answer of `stages.analyse`.

    role: None finds one, main first.  takes_over: a new main photo makes the one that was main an angle; otherwise
    whoever comes second takes the next free angle.  id: given by who must not add it twice.
    Raises NotFound where there is no such product.
    """
    id, at = id or new_id("img"), now()
    role, position = await _place(tx, workspace_id, product_id, role, takes_over=takes_over)
    twin = await _twin(tx, workspace_id, made["sha256"], made["fingerprint"])
    findings = [*made["findings"], *([twin.model_dump(mode="json")] if twin else [])]
    await tx.execute(
        insert(photos).values(
            id=id, workspace_id=workspace_id, product_id=product_id, role=role, position=position,
            name=safe_name(name), findings=findings, matte_version=0, revision=1, created_by=by, created_at=at,
            updated_at=at, **{column: made[column] for column in _MADE},
        )
    )  # fmt: skip
    await tell(tx, workspace_id, "photo.added")
    return await get(tx, workspace_id, id)


async def change(tx: Tx, workspace_id: str, photo_id: str, wanted: PhotoChange) -> PhotoView:
    """Rename, move, give another role: one main photo a product, so the one that was main becomes an angle.

    Raises NotFound.
    """
    photo = await row(tx, workspace_id, photo_id, lock=True)
    fields = {
        name: value
        for name, value in wanted.model_dump(exclude_unset=True).items()
        if value is not None or name == "product_id"
    }
    product_id = fields.get("product_id", photo.product_id)
    if product_id != photo.product_id:
        role, position = await _place(tx, workspace_id, product_id, fields.get("role"), takes_over=True)
        fields = {"position": position} | fields | {"role": role}
    elif fields.get("role") == MAIN != photo.role and product_id is not None:
        await _place(tx, workspace_id, product_id, MAIN, takes_over=True)
    await _update(tx, workspace_id, photo_id, **fields)
    return await get(tx, workspace_id, photo_id)


async def reorder(tx: Tx, workspace_id: str, product_id: str, order: Sequence[str]) -> None:
    """Put a product's photos in this order.  Raises BadOption where the list is not exactly its photos."""
    held = [photo.id for photo in (await of_products(tx, workspace_id, [product_id]))[product_id]]
    if sorted(held) != sorted(order):
        raise BadOption(
            f"the order must name each of the product's {len(held)} photos once.",
            subject="photos",
            remedy="Read the product again and send all of its photos in the order they are to have.",
        )
    for position, id in enumerate(order):
        await tx.execute(update(photos).where(_live(workspace_id), photos.c.id == id).values(position=position))


async def delete(tx: Tx, workspace_id: str, photo_id: str) -> None:
    """Take a photo away.  What was made of it stays, and so does the file until it is purged.  Raises NotFound."""
    await row(tx, workspace_id, photo_id, lock=True)
    await _update(tx, workspace_id, photo_id, deleted_at=now())
    await tell(tx, workspace_id, "photo.deleted")


async def replace(
    tx: Tx, workspace_id: str, photo_id: str, made: Mapping[str, Any], *, name: str | None = None
) -> tuple[PhotoView, list[JobRef]]:
    """Put another file in a photo's place; role, position and product stay, its matte is to be made anew.

    Open items that use it get a new version.  Raises NotFound.  Gives the photo and the tickets to queue.
    """
    photo = await row(tx, workspace_id, photo_id, lock=True)
    named = {} if name is None else {"name": safe_name(name)}
    if made["sha256"] == photo.sha256:
        await _update(tx, workspace_id, photo_id, **named)
        return await get(tx, workspace_id, photo_id), []
    twin = await _twin(tx, workspace_id, made["sha256"], made["fingerprint"], besides=photo_id)
    findings = [*made["findings"], *([twin.model_dump(mode="json")] if twin else [])]
    fields = {column: made[column] for column in _MADE}
    await _update(tx, workspace_id, photo_id, matte_version=0, findings=findings, **fields, **named)
    refs = await remake(tx, workspace_id, photo_id=photo_id, reason="photo replaced")
    await tell(tx, workspace_id, "photo.replaced")
    return await get(tx, workspace_id, photo_id), refs


# --- parts ---

_MADE = ("sha256", "key", "thumb_key", "format", "width", "height", "bytes", "profile", "fingerprint")


def view(photo: Row[Any]) -> PhotoView:
    return PhotoView.model_validate({**photo._mapping, "original": photo.key, "thumb": photo.thumb_key})


def _live(workspace_id: str) -> Any:
    return (photos.c.workspace_id == workspace_id) & photos.c.deleted_at.is_(None)


async def _of(tx: Tx, workspace_id: str, sought: Sought) -> list[Any]:
    """The conditions of a list."""
    wanted = [_live(workspace_id)]
    if sought.ids is not None:
        wanted.append(photos.c.id.in_(sought.ids))
    if sought.product_id is not None:
        wanted.append(photos.c.product_id == sought.product_id)
    if sought.collection_id is not None:
        await collections.row(tx, workspace_id, sought.collection_id)
        inside = select(product_collections.c.product_id).where(
            product_collections.c.collection_id.in_(collections.under(workspace_id, sought.collection_id))
        )
        wanted.append(photos.c.product_id.in_(inside))
    if sought.unassigned is not None:
        wanted.append(photos.c.product_id.is_(None) if sought.unassigned else photos.c.product_id.is_not(None))
    if sought.q:
        wanted.append(photos.c.name.icontains(sought.q, autoescape=True))
    if sought.role:
        wanted.append(photos.c.role == sought.role.lower())
    if sought.cut_out is not None:
        wanted.append(photos.c.matte_version > 0 if sought.cut_out else photos.c.matte_version == 0)
    if sought.flagged is not None:
        some = func.json_array_length(photos.c.findings)
        wanted.append(some > 0 if sought.flagged else some == 0)
    return wanted


async def _update(tx: Tx, workspace_id: str, photo_id: str, **fields: Any) -> None:
    await tx.execute(
        update(photos)
        .where(_live(workspace_id), photos.c.id == photo_id)
        .values(**fields, revision=photos.c.revision + 1, updated_at=now())
    )


async def _place(
    tx: Tx, workspace_id: str, product_id: str | None, role: str | None, *, takes_over: bool
) -> tuple[str, int]:
    """Role and position of a photo that comes to a product; the photo that was main makes room."""
    if product_id is None:
        return role or MAIN, 0
    owner = select(products.c.id).where(
        products.c.workspace_id == workspace_id, products.c.id == product_id, products.c.deleted_at.is_(None)
    )
    if await tx.scalar(owner.with_for_update()) is None:
        raise NotFound("there is no such product.", subject=product_id)
    held = (await tx.execute(
        select(photos.c.id, photos.c.role, photos.c.position).where(
            _live(workspace_id), photos.c.product_id == product_id
        )
    )).all()  # fmt: skip
    taken = {photo.role for photo in held}
    position = max((photo.position for photo in held), default=-1) + 1
    if role is None:
        return (MAIN if MAIN not in taken else _free_angle(taken)), position
    if role not in taken or (role != MAIN and takes_over):
        return role, position
    if not takes_over:
        return _free_angle(taken), position
    for photo in held:
        if photo.role == MAIN:
            angle = _free_angle(taken)
            taken.add(angle)
            await _update(tx, workspace_id, photo.id, role=angle)
    return role, position


def _free_angle(taken: Iterable[str]) -> str:
    numbers = [int(found[1]) for role in taken if (found := re.fullmatch(r"angle (\d{1,4})", role))]
    return f"angle {max(numbers, default=1) + 1}"


async def _twin(
    tx: Tx, workspace_id: str, sha256: str, fingerprint: str, *, besides: str | None = None
) -> Finding | None:
    """The photo that is here already and looks the same."""
    columns = (
        select(photos.c.fingerprint, photos.c.name, products.c.sku)
        .outerjoin(products, products.c.id == photos.c.product_id)
        .where(_live(workspace_id))
    )
    if besides is not None:
        columns = columns.where(photos.c.id != besides)
    same = (await tx.execute(columns.where(photos.c.sha256 == sha256).limit(1))).first()
    if same is not None:
        return _duplicate(f"The same file is here already: {_called(same)}.", 1)
    mark = int(fingerprint, 16)
    for other in await tx.execute(columns.order_by(photos.c.id.desc()).limit(COMPARED)):
        bits = bits_apart(mark, int(other.fingerprint, 16))
        if bits <= ALIKE_BITS:
            return _duplicate(
                f"It looks like {_called(other)}, which is here already.", min(_NOT_THE_FILE, 1 - bits / 64)
            )
    return None


def _called(photo: Any) -> str:
    return f"“{photo.name}” of {photo.sku}" if photo.sku else f"“{photo.name}”, a photo without a product"


def _duplicate(words: str, similarity: float) -> Finding:
    return Finding(
        check="duplicate", verdict=Verdict.WARN, words=words, value=similarity, limit=1 - ALIKE_BITS / 64,
        unit="similarity",
    )  # fmt: skip
