"""Where a list goes on: what the last entry was sorted by, packed so that nobody takes it apart."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from packshot.api.paging import Page
from packshot.errors import BadOption

_T = TypeVar("_T")


def page_of(found: Sequence[_T], limit: int, place: Callable[[_T], Any]) -> Page[_T]:
    """A page of what was found, for which one more than `limit` was asked.  place: what the list is sorted by."""
    shown = list(found[:limit])
    more = len(found) > limit
    return Page(items=shown, next_cursor=_packed(place(shown[-1])) if more and shown else None)


def after_id(cursor: str | None) -> str | None:
    """The id of the last entry that was seen.  Raises BadOption."""
    place = unpacked(cursor)
    if place is None or (isinstance(place, str) and re.fullmatch(r"[A-Za-z0-9_]{1,40}", place)):
        return place
    raise _not_ours()


def unpacked(cursor: str | None) -> Any:
    """What `page_of` packed; None without a cursor.  Raises BadOption."""
    if cursor is None:
        return None
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError):
        raise _not_ours() from None
    return place


def _packed(place: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).decode().rstrip("=")


def _not_ours() -> BadOption:
    return BadOption("this is not a cursor of this list.", subject="cursor", remedy="Begin without one.")
