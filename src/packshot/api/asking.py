"""Parameters that many routes take."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Header, Path, Query
from pydantic import Field

LONGEST_WAIT = 60
_USUAL_WAIT = 30
_ID = r"^[A-Za-z0-9_]{1,40}$"

ImageId = Annotated[str, Path(description="An image, by id.", pattern=_ID)]
ProductId = Annotated[str, Path(description="A product, by id.", pattern=_ID)]
CollectionId = Annotated[str, Path(description="A collection, season or category, by id.", pattern=_ID)]
TemplateId = Annotated[str, Path(description="A template, by id.", pattern=_ID)]
ChannelId = Annotated[str, Path(description="A channel, by id.", pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
RunId = Annotated[str, Path(description="A run, by id.", pattern=_ID)]
Id = Annotated[str, Field(pattern=_ID)]
QueryId = Annotated[str | None, Query(pattern=_ID)]
Search = Annotated[str | None, Query(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
IfMatch = Annotated[
    str | None, Header(alias="If-Match", description="The ETag that was last seen; refused with 412 if it changed.")
]
IfNoneMatch = Annotated[str | None, Header(alias="If-None-Match", description="The ETag that is there already.")]
Prefer = Annotated[
    str | None,
    Header(description=f"`wait=20` waits up to so many seconds ({LONGEST_WAIT} at most) and answers with the result."),
]


def seconds_to_wait(prefer: str | None) -> int:
    """RFC 7240, 4.3.  What is not understood is passed over, as it says."""
    found = re.search(r"(?:^|[,;\s])wait(?:\s*=\s*\"?(\d{1,9}))?", (prefer or "").lower())
    return min(int(found[1] or _USUAL_WAIT), LONGEST_WAIT) if found else 0
