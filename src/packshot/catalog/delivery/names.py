"""Whose a delivered name is: in one folder or bucket it belongs to the product that was delivered under it first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from packshot.db import Tx, typed
from packshot.db.tables import deliveries, items, jobs, photos


@dataclass(frozen=True, slots=True)
class Delivered:
    """A file that lies in the place already, by its name."""

    name: str
    channel: str
    sha256: str
    photo_id: str
    product_id: str | None


async def delivered(tx: Tx, workspace_id: str, to: dict[str, Any], names: Iterable[str]) -> dict[str, list[Delivered]]:
    """Name → what was delivered under it to this place, the newest last.  to: of the export's request."""
    place = [jobs.c.request["to"]["kind"].as_string() == to["kind"]]
    for field in ("folder", "destination", "prefix"):
        if to.get(field):
            place.append(jobs.c.request["to"][field].as_string() == to[field])
    wanted = list(names)
    found: dict[str, list[Delivered]] = {}
    for first in range(0, len(wanted), 500):
        rows = await tx.execute(
            select(
                deliveries.c.name, deliveries.c.channel, deliveries.c.sha256, items.c.photo_id, photos.c.product_id
            )
            .join(jobs, jobs.c.id == deliveries.c.job_id)
            .join(items, items.c.id == deliveries.c.item_id)
            .join(photos, photos.c.id == items.c.photo_id)
            .where(
                deliveries.c.workspace_id == workspace_id, deliveries.c.status == "delivered",
                deliveries.c.name.in_(wanted[first : first + 500]), *place,
            )
            .order_by(deliveries.c.at, deliveries.c.id)
        )  # fmt: skip
        for row in rows:
            found.setdefault(row.name, []).append(typed(Delivered, row))
    return found


async def owners(tx: Tx, item_ids: Iterable[str]) -> dict[str, tuple[str, str | None]]:
    """Item → its photo and product."""
    query = select(items.c.id, items.c.photo_id, photos.c.product_id).join(photos, photos.c.id == items.c.photo_id)
    rows = await tx.execute(query.where(items.c.id.in_(list(item_ids))))
    return {row.id: (row.photo_id, row.product_id) for row in rows}


def successors(earlier: Sequence[Delivered], owner: tuple[str, str | None]) -> list[Delivered]:
    """Those that a file of this photo and product may replace."""
    photo, product = owner
    return [one for one in earlier if one.photo_id == photo or (product is not None and one.product_id == product)]
