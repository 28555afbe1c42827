"""Files of the store, by signed link: good for a working day, the same for a while, so that caches know them."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path
from fastapi.responses import StreamingResponse
from starlette.requests import Request

from packshot.api.described import FILE
from packshot.api.service import Service, Svc
from packshot.channel import safe_name
from packshot.errors import NotFound

router = APIRouter(tags=["files"])


_KINDS = ("application/octet-stream", "application/zip", "image/*")


@router.get(
    "/files/{token}",
    response_class=StreamingResponse,
    responses={200: {"description": "The file.", "content": {kind: {"schema": FILE} for kind in _KINDS}}},
)
async def download(
    svc: Svc, token: Annotated[str, Path(max_length=1000, description="The last part of the link.")]
) -> StreamingResponse:
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


_TYPES = {".webp": "image/webp", ".avif": "image/avif", ".tif": "image/tiff", ".jpg": "image/jpeg"}

_HOST = re.compile(r"[A-Za-z0-9.\-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:]{2,45}\](:\d{1,5})?")
_requested_at: ContextVar[str] = ContextVar("asked_at", default="")


@contextmanager
def requested_at(request: Request) -> Iterator[None]:
    """Links are made for the address that was asked, where PACKSHOT_PUBLIC_URL names none."""
    host = request.headers.get("host", "")
    token = _requested_at.set(f"{request.url.scheme}://{host}" if _HOST.fullmatch(host) else "")
    try:
        yield
    finally:
        _requested_at.reset(token)


def link(svc: Service, workspace_id: str, key: str, name: str = "") -> str:
    """An address that anyone who has it may open, until it expires.  "" for a key that is empty."""
    if not key:
        return ""
    token = svc.signer.sign({"k": key, "n": name, "w": workspace_id})
    address = svc.settings.public_url.rstrip("/") or _requested_at.get() or svc.settings.address
    return f"{address}/api/v1/files/{token}"


def media_type(name: str) -> str:
    suffix = "." + name.rpartition(".")[2].lower()
    return _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
