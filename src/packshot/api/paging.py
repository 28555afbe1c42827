"""Long lists come in pages; a cursor says where the next one begins."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """Some of a list. `next_cursor` gives the rest; null at the end."""

    items: list[T]
    next_cursor: str | None = Field(None, description="Give this as `cursor` for the next page.")


class Counted(Page[T], Generic[T]):
    """Some of a list, and how long it is as a whole."""

    total: int | None = Field(None, description="How many there are on all pages, with `count=true`.")


Cursor = Annotated[str | None, Query(max_length=400, description="`next_cursor` of the page before.")]
Limit = Annotated[int, Query(ge=1, le=200, description="How many at once.")]
Count = Annotated[bool, Query(description="Say how many there are on all pages, too.")]
