"""Rows of a list are matched with photos that are here already: by SKU, then by file name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from pydantic import ValidationError

from packshot.catalog.asked import Special
from packshot.catalog.listing import Unmatched, entry, photo_query
from packshot.catalog.planning import Entry
from packshot.catalog.status import Priority
from packshot.db import Tx
from packshot.db.tables import photos, products

_AT_ONCE = 500
Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Matched:
    """found: photos that are here.  missing: rows whose address is to be fetched.  unmatched: what is left."""

    found: list[Entry]
    missing: list[tuple[int, Row]]
    unmatched: Unmatched


async def match(tx: Tx, workspace_id: str, rows: Sequence[tuple[int, Row]]) -> Matched:
    """rows: (number, column → value) of a manifest.  Reads only."""
    by_sku = await _photos(tx, workspace_id, products.c.sku, "sku", [row["sku"] for _, row in rows])
    names = [PurePosixPath(row["file"].replace("\\", "/")).name for _, row in rows]
    by_name = await _photos(tx, workspace_id, photos.c.name, "name", names)
    matched = Matched([], [], [])
    for (number, row), name in zip(rows, names, strict=True):
        channels = tuple(dict.fromkeys(re.findall(r"[^;|,\s]+", row["channel"])))
        special, wrong = wish(row["template"], channels, row["priority"])
        chosen = _of_product(by_sku.get(row["sku"], []), row["role"], name) or by_name.get(name, [])[-1:]
        if wrong:
            matched.unmatched.append({"name": _shown(number, row), "reason": wrong})
        elif chosen:
            matched.found.extend(replace(photo, special=special) for photo in chosen)
        elif row["url"]:
            matched.missing.append((number, row))
        else:
            reason = "There is no photo of this SKU" + (", and none of this file name." if name else ".")
            matched.unmatched.append({"name": _shown(number, row), "reason": reason})
    return matched


def wish(template: str, channels: Sequence[str], priority: str) -> tuple[Special | None, str]:
    """What a list wants for its photo, or what is wrong with that.  Empty: as the batch has it."""
    if priority and priority.lower() not in list(Priority):
        return None, f"There is no priority “{priority}”: use {', '.join(Priority)}."
    if not (template or channels or priority):
        return None, ""
    wanted = {"template": template or None, "channels": tuple(channels) or None, "priority": priority.lower() or None}
    try:
        return Special.model_validate({"sku": "-", **wanted}), ""
    except ValidationError:
        return None, "Its template and channels are more, or longer, than there are."


def _of_product(found: Sequence[Entry], role: str, name: str) -> Sequence[Entry]:
    """Of a product's photos the one with the row's file name, else that in its role; all where it names neither.

    A product's only photo is meant, whatever its file was called.
    """
    role = " ".join(role.lower().split())
    named = [photo for photo in found if name and photo.name == name]
    if named:
        return named[-1:]
    if role:
        return [photo for photo in found if photo.role == role]
    return found if not name or len(found) == 1 else []


def _shown(number: int, row: Row) -> str:
    return f"row {number}: {row['sku'] or row['file'] or row['url']}"


async def _photos(tx: Tx, workspace_id: str, column: Any, field: str, values: Sequence[str]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for chunk in _chunks([value for value in dict.fromkeys(values) if value]):
        rows = await tx.execute(photo_query(workspace_id).where(column.in_(chunk)).order_by(photos.c.id))
        for row in rows:
            found.setdefault(getattr(row, field), []).append(entry(row))
    return found


def _chunks(things: Sequence[str]) -> Iterator[Sequence[str]]:
    for first in range(0, len(things), _AT_ONCE):
        yield things[first : first + _AT_ONCE]
