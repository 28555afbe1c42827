"""What is said of a photo beside others and for the workspace's channels; and said anew once something has changed.

What the pixels alone say is `steps/analyse.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row, select, update

from packshot.catalog.items import findings as flags
from packshot.catalog.library import look_alikes
from packshot.catalog.library.look_alikes import LookAlike
from packshot.catalog.styles import channels
from packshot.db import Tx
from packshot.db.tables import photos
from packshot.finding import Finding, Verdict
from packshot.ops.likeness import ALIKE_BITS
from packshot.steps.analyse import too_small

SMALL, DUPLICATE, OTHER_PRODUCT = "small", "duplicate", "other_product"
# Said anew for so many photos that look like one that went or moved; beyond it they keep what was said.
_SAID_ANEW = 100
_NOT_THE_FILE = 0.99  # only the same file has the similarity 1


async def small(tx: Tx, workspace_id: str, size: tuple[int, int], product_px: int | None) -> list[Finding]:
    """For the channels in use.  product_px: the product's longest side; None before it is cut out."""
    needed = {channel.name: channel.rules.product_px for channel in await channels.in_use(tx, workspace_id)}
    finding = too_small(needed, product=product_px, photo=max(size))
    return [finding] if finding else []


async def alike(
    tx: Tx,
    workspace_id: str,
    sha256: str,
    fingerprint: str,
    product_id: str | None,
    *,
    besides: str | None = None,
    older_than: str | None = None,
) -> list[Finding]:
    """Whether it is here already, and whether it may be another product's.

    besides, older_than: as `look_alikes.find`.
    """
    found = await look_alikes.find(tx, workspace_id, sha256, fingerprint, besides=besides, older_than=older_than)
    elsewhere = [one for one in found if product_id and one.product_id and one.product_id != product_id]
    here = [one for one in found if one not in elsewhere]
    return [*map(_duplicate, here[:1]), *map(_elsewhere, elsewhere[:1])]


async def cut_out(tx: Tx, workspace_id: str, photo_id: str, product_px: int | None) -> None:
    """Its product is as long as this now: judge by that instead of by the whole photo."""
    photo = (await tx.execute(select(photos).where(photos.c.id == photo_id))).one()
    if photo.product_px == product_px:
        return
    await tx.execute(update(photos).where(photos.c.id == photo_id).values(product_px=product_px))
    findings = await small(tx, workspace_id, (photo.width, photo.height), product_px)
    await _say_anew(tx, photo, findings, instead_of=(SMALL,))


async def moved(tx: Tx, workspace_id: str, photo_id: str) -> None:
    """It went, or is another product's now: what was said of it and of those that look like it is said anew."""
    photo = (await tx.execute(select(photos).where(photos.c.id == photo_id))).one()
    found = await look_alikes.find(tx, workspace_id, photo.sha256, photo.fingerprint, besides=photo_id)
    ids = [one.photo_id for one in found[:_SAID_ANEW]] + [photo_id]
    for one in await tx.execute(select(photos).where(photos.c.id.in_(ids), photos.c.deleted_at.is_(None))):
        named = any(finding["check"] in (DUPLICATE, OTHER_PRODUCT) for finding in one.findings)
        if named or one.id == photo_id:
            # Of two that look alike only the newer says so: both could be deleted as duplicates otherwise.
            findings = await alike(tx, workspace_id, one.sha256, one.fingerprint, one.product_id, older_than=one.id)
            await _say_anew(tx, one, findings, instead_of=(DUPLICATE, OTHER_PRODUCT))


async def _say_anew(tx: Tx, photo: Row[Any], findings: Sequence[Finding], *, instead_of: Sequence[str]) -> None:
    kept = [Finding.model_validate(one) for one in photo.findings if one["check"] not in instead_of]
    if [*kept, *findings] == [Finding.model_validate(one) for one in photo.findings]:
        return
    values = {"findings": as_json([*kept, *findings]), "revision": photos.c.revision + 1}
    await tx.execute(update(photos).where(photos.c.id == photo.id).values(**values))
    await flags.store(tx, photo.workspace_id, photo.id, {"": [*kept, *findings]})


def as_json(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [finding.model_dump(mode="json") for finding in findings]


def _duplicate(one: LookAlike) -> Finding:
    where = f"“{one.name}” of {one.sku}" if one.sku else f"“{one.name}”, a photo without a product"
    words = (
        f"The same file is here already: {where}."
        if one.same_file
        else f"It looks like {where}, which is here already."
    )
    return _likeness(DUPLICATE, words, one)


def _elsewhere(one: LookAlike) -> Finding:
    what = "The same file is" if one.same_file else "Looks the same as"
    return _likeness(OTHER_PRODUCT, f"{what} “{one.name}” of {one.sku}. Is it in the right place?", one)


def _likeness(check: str, words: str, one: LookAlike) -> Finding:
    value = 1.0 if one.same_file else min(_NOT_THE_FILE, 1 - one.bits_apart / 64)
    return Finding(
        check=check, verdict=Verdict.WARN, words=words, value=value, limit=1 - ALIKE_BITS / 64, unit="similarity"
    )
