"""Duplicates: whether a file looks like a photo that exists already."""

from __future__ import annotations

from sqlalchemy import select

from packshot.db import Tx
from packshot.db.tables import photos, products
from packshot.finding import Finding, Verdict
from packshot.ops.measure import bits_apart

# Two fingerprints that differ in so many bits are the same picture (ops.measure.bits_apart) …
ALIKE_BITS = 4
# … and a photo is compared with so many before it; the same file is found whatever its age.
COMPARED = 2_000
# Only the same file has the similarity 1.
_NOT_THE_FILE = 0.99


async def find(
    tx: Tx, workspace_id: str, sha256: str, fingerprint: str, *, besides: str | None = None
) -> Finding | None:
    """A finding that names such a photo; None where there is none.  besides: the photo to pass over."""
    query = (
        select(photos.c.fingerprint, photos.c.name, products.c.sku)
        .outerjoin(products, products.c.id == photos.c.product_id)
        .where(photos.c.workspace_id == workspace_id, photos.c.deleted_at.is_(None))
    )
    if besides is not None:
        query = query.where(photos.c.id != besides)
    same = (await tx.execute(query.where(photos.c.sha256 == sha256).limit(1))).first()
    if same is not None:
        return _duplicate(f"The same file is here already: {_named(same.name, same.sku)}.", 1)
    bits = int(fingerprint, 16)
    for other in await tx.execute(query.order_by(photos.c.id.desc()).limit(COMPARED)):
        different = bits_apart(bits, int(other.fingerprint, 16))
        if different <= ALIKE_BITS:
            return _duplicate(
                f"It looks like {_named(other.name, other.sku)}, which is here already.",
                min(_NOT_THE_FILE, 1 - different / 64),
            )
    return None


def _named(name: str, sku: str | None) -> str:
    return f"“{name}” of {sku}" if sku else f"“{name}”, a photo without a product"


def _duplicate(words: str, similarity: float) -> Finding:
    return Finding(
        check="duplicate", verdict=Verdict.WARN, words=words, value=similarity, limit=1 - ALIKE_BITS / 64,
        unit="similarity",
    )  # fmt: skip
