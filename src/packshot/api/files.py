"""Files by signed link."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path
from fastapi.responses import StreamingResponse

from packshot.api.links import media_type
from packshot.api.service import Svc
from packshot.channel import safe_name
from packshot.errors import NotFound

router = APIRouter(tags=["files"])


@router.get("/files/{token}", response_class=StreamingResponse)
async def download(svc: Svc, token: Annotated[str, Path(max_length=1000)]) -> StreamingResponse:
    """A file, by a link that the API gave: good for some eleven hours, needs no sign-in."""
    what = svc.signer.verified(token)
    size = await svc.store.asize(what["k"])
    if size is None:
        raise NotFound("this file is no longer there.")
    name = safe_name(what["n"] or what["k"].rpartition("/")[2])
    kind = media_type(name)
    how = "inline" if kind.startswith("image/") and kind != "image/svg+xml" else "attachment"
    return StreamingResponse(
        svc.store.stream(what["k"]),
        media_type=kind,
        headers={
            "Content-Length": str(size),
            "Content-Disposition": f"{how}; filename*=UTF-8''{quote(name)}",
            "Cache-Control": "private, max-age=39600, immutable",
        },
    )
