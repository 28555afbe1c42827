"""Photos of a workspace that look like a given one: the one index of likeness, whoever asks.

`photos` has an index for each part of a fingerprint, so that a look-up reads the few rows that agree in a part,
whatever the size of the library.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select, union_all

from packshot.db import Tx
from packshot.db.tables import fingerprint_part, photos, products
from packshot.ops.likeness import ALIKE_BITS, PARTS, bits_apart, parts

# In each part, the newest: where more agree, as thousands of copies of one photo do, the nearest are among them.
COMPARED = 2_000


@dataclass(frozen=True, slots=True)
class LookAlike:
    """A photo that looks like the given one."""

    photo_id: str
    name: str
    product_id: str | None
    sku: str | None
    bits_apart: int
    same_file: bool


async def find(
    tx: Tx,
    workspace_id: str,
    sha256: str,
    fingerprint: str,
    *,
    besides: str | None = None,
    older_than: str | None = None,
) -> list[LookAlike]:
    """The same file first, then the nearest; of two as near the older.

    fingerprint: 16 hexadecimal digits.  besides: the photo to pass over.  older_than: only those before this photo.
    """
    mine = [photos.c.workspace_id == workspace_id, photos.c.deleted_at.is_(None)]
    if besides is not None:
        mine.append(photos.c.id != besides)
    if older_than is not None:
        mine.append(photos.c.id < older_than)
    agreeing = [
        select(photos.c.id)
        .where(*mine, fingerprint_part(photos.c.fingerprint, place) == part)
        .order_by(photos.c.id.desc())
        .limit(COMPARED)
        .subquery()
        for place, part in zip(PARTS, parts(fingerprint), strict=True)
    ]
    same = select(photos.c.id).where(*mine, photos.c.sha256 == sha256).limit(COMPARED).subquery()
    candidates = union_all(*(select(one.c.id) for one in (same, *agreeing)))
    query = (
        select(photos.c.id, photos.c.name, photos.c.sha256, photos.c.fingerprint, photos.c.product_id, products.c.sku)
        .outerjoin(products, products.c.id == photos.c.product_id)
        .where(photos.c.id.in_(candidates))
    )
    found = [
        LookAlike(row.id, row.name, row.product_id, row.sku, bits, row.sha256 == sha256)
        for row in await tx.execute(query)
        if (bits := bits_apart(fingerprint, row.fingerprint)) <= ALIKE_BITS or row.sha256 == sha256
    ]
    return sorted(found, key=lambda one: (not one.same_file, one.bits_apart, one.photo_id))
