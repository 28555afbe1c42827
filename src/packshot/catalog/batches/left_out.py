"""What a batch leaves out of what it was asked for, and why: second copies, and photos that were deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel
from sqlalchemy import select, update

from packshot.catalog.batches.plan import SHOWN_PHOTOS, Entry
from packshot.catalog.batches.requests import BatchRequest, ItemChoices, PhotoSource
from packshot.catalog.library.photos import MAIN
from packshot.catalog.status import ItemStatus
from packshot.db import Tx
from packshot.db.tables import batches, items, now, photos
from packshot.ops.likeness import LookAlikes

Reason = Literal["duplicate", "deleted"]


class LeftOut(BaseModel, frozen=True):
    """A photo that was asked for and is not in the batch.

    like: the name of the photo that is in it instead.  special: what its row of a list wants for it.
    """

    photo: str
    name: str
    reason: Reason
    like: str = ""
    special: ItemChoices | None = None


@dataclass(frozen=True, slots=True)
class Sorted:
    taken: list[Entry]
    left_out: list[LeftOut]


def without_duplicates(entries: Sequence[Entry], request: BatchRequest) -> Sorted:
    """Of photos of one product that look the same only the first is taken: the main photo, else the one in front.

    Of photos without a product only the same file counts.  A photo that the request names for settings of its own is
    taken in any case, and all are where it wants duplicates.
    """
    if request.duplicates:
        return Sorted(list(entries), [])
    named = {choices.image for choices in request.items}
    alike: dict[str, LookAlikes[Entry]] = {}
    files: dict[tuple[str, str], Entry] = {}
    out: dict[str, LeftOut] = {}
    for entry in sorted(
        entries, key=lambda one: (one.photo_id not in named, one.role != MAIN, one.position, one.photo_id)
    ):
        of_product = alike.setdefault(entry.product_id, LookAlikes())
        file = entry.product_id, entry.sha256
        first = files.get(file) or (of_product.find(entry.fingerprint) if entry.product_id else None)
        if first is not None and entry.photo_id not in named:
            out[entry.photo_id] = LeftOut(
                photo=entry.photo_id, name=entry.name, reason="duplicate", like=first.name, special=entry.special
            )
            continue
        files.setdefault(file, entry)
        of_product.add(entry.fingerprint, entry)
    return Sorted([entry for entry in entries if entry.photo_id not in out], list(out.values()))


def with_duplicates(request: BatchRequest, left_out: Iterable[Mapping[str, Any]]) -> BatchRequest | None:
    """The same request for nothing but the duplicates that were left out; None where there are none."""
    again = [one for one in map(LeftOut.model_validate, left_out) if one.reason == "duplicate"]
    if not again:
        return None
    special = [
        one.special.model_copy(update={"image": one.photo, "sku": None}) for one in again if one.special is not None
    ]
    source = PhotoSource(images=tuple(one.photo for one in again))
    return request.model_copy(update={"source": source, "duplicates": True, "items": (*request.items, *special)})


def as_flags(left_out: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """By reason: [{check, words, count, photos}]."""
    by_reason: dict[Reason, list[LeftOut]] = {}
    for one in map(LeftOut.model_validate, left_out):
        by_reason.setdefault(one.reason, []).append(one)
    return [
        {"check": reason, "words": _words(some[0]), "count": len(some),
         "photos": [one.photo for one in some[:SHOWN_PHOTOS]]}
        for reason, some in by_reason.items()
    ]  # fmt: skip


def _words(one: LeftOut) -> str:
    if one.reason == "deleted":
        return f"Deleted before the work on it began, such as “{one.name}”."
    return f"The same as another photo of its product, such as “{one.name}” and “{one.like}”."


async def deleted_since(tx: Tx, workspace_id: str, batch_id: str, left_out: Sequence[Mapping[str, Any]]) -> None:
    """Take waiting items of photos that were deleted out of a batch, and write that down."""
    gone = (await tx.execute(
        select(items.c.id, photos.c.id.label("photo"), photos.c.name)
        .join(photos, photos.c.id == items.c.photo_id)
        .where(
            items.c.workspace_id == workspace_id, items.c.batch_id == batch_id,
            items.c.status == ItemStatus.PROCESSING, photos.c.deleted_at.is_not(None),
        )
    )).all()  # fmt: skip
    if not gone:
        return
    ids = [one.id for one in gone]
    for first in range(0, len(ids), 500):
        chosen = items.c.id.in_(ids[first : first + 500])
        await tx.execute(update(items).where(chosen).values(status=ItemStatus.CANCELLED, touched_at=now()))
    more = {one.photo: LeftOut(photo=one.photo, name=one.name, reason="deleted") for one in gone}
    all_left_out = [*left_out, *(one.model_dump(mode="json") for one in more.values())]
    await tx.execute(update(batches).where(batches.c.id == batch_id).values(left_out=all_left_out))
