"""Parameters that many routes take: ids, ETags, pages and their cursors, how long to wait."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Header, Path, Query
from pydantic import BaseModel, Field

from packshot.errors import BadOption, OutOfDate

LONGEST_WAIT = 60
_USUAL_WAIT = 30
_ID = r"^[A-Za-z0-9_]{1,40}$"

ImageId = Annotated[str, Path(description="An image, by id.", pattern=_ID)]
ProductId = Annotated[str, Path(description="A product, by id.", pattern=_ID)]
CollectionId = Annotated[str, Path(description="A collection, season or category, by id.", pattern=_ID)]
StyleId = Annotated[str, Path(description="A style, by id.", pattern=_ID)]
ChannelId = Annotated[str, Path(description="A channel, by id.", pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
JobId = Annotated[str, Path(description="A job, by id.", pattern=_ID)]
Id = Annotated[str, Field(pattern=_ID)]
OfProduct = Annotated[str | None, Query(pattern=_ID, description="Only those of this product, by id.")]
OfCollection = Annotated[
    str | None, Query(pattern=_ID, description="Only those in this collection or one under it, by id.")
]
OfImage = Annotated[str | None, Query(pattern=_ID, description="Only those of this image, by id.")]
Search = Annotated[
    str | None, Query(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$", description="Only those with these letters.")
]
IfMatch = Annotated[str | None, Header(alias="If-Match", description="The ETag that was last seen; 412 if it changed.")]
IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match", description="The ETag that is there already.")]
Prefer = Annotated[
    str | None,
    Header(description=f"`wait=20` waits up to so many seconds ({LONGEST_WAIT} at most) and answers with the result."),
]


def seconds_to_wait(prefer: str | None) -> int:
    """RFC 7240, 4.3.  What is not understood is passed over, as it says."""
    found = re.search(r"(?:^|[,;\s])wait(?:\s*=\s*\"?(\d{1,9}))?", (prefer or "").lower())
    return min(int(found[1] or _USUAL_WAIT), LONGEST_WAIT) if found else 0


T = TypeVar("T")


class Page(BaseModel, Generic[T], json_schema_extra={"description": "Some of a list, in its order."}):
    """Some of a list. `next_cursor` gives the rest; null at the end."""

    items: list[T]
    next_cursor: str | None = Field(None, description="The next page's `cursor`; null on the last.")


class Counted(Page[T], Generic[T]):
    """Some of a list, and how long it is as a whole."""

    total: int | None = Field(None, description="How many there are on all pages, with `count=true`.")


Cursor = Annotated[str | None, Query(max_length=400, description="`next_cursor` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=200, description="How many at once.")]
Count = Annotated[bool, Query(description="Say how many there are on all pages, too.")]


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


def etag(revision: int | str) -> str:
    return f'"{revision}"'


def matches(if_match: str | None, revision: int | str) -> None:
    """Raises OutOfDate where it is another state by now.  Without the header everything matches."""
    if if_match is None or if_match.strip() == "*":
        return
    tags = {tag.strip().removeprefix("W/") for tag in if_match.split(",")}
    if etag(revision) not in tags:
        raise OutOfDate("somebody changed this after you loaded it.", remedy="Load it again, then make your change.")


def unchanged(if_none_match: str | None, revision: int | str) -> bool:
    """Whether the asker has this state already: answer 304."""
    if if_none_match is None:
        return False
    return etag(revision) in {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}


def after_item(cursor: str | None) -> tuple[float, int, str] | None:
    """Where a page of items goes on.  Raises BadOption."""
    if cursor is None:
        return None
    match unpacked(cursor):
        case [int() | float() as worst, int() as position, str() as id]:
            return float(worst), position, id
    raise BadOption("this is not a cursor of this list.", subject="cursor", remedy="Begin without one.")
