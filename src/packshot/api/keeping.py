"""A ZIP or CSV list that comes with a form is kept, for the run that reads it."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path, PurePosixPath

from sqlalchemy import insert
from starlette.datastructures import UploadFile

from packshot.api.access import Principal
from packshot.api.service import Service
from packshot.db.tables import new_id, now, uploads
from packshot.errors import DamagedFile, TooLarge, UnsupportedFormat

KEPT_SECONDS = 24 * 3600.0
_PIECE = 2**20
_LIST_BYTES = 64 * 2**20


async def keep(svc: Service, who: Principal, file: UploadFile) -> str:
    """Put it into the store; gives the upload's id.  Raises UnsupportedFormat, TooLarge, DamagedFile, DiskFull."""
    name = PurePosixPath((file.filename or "list").replace("\\", "/")).name[:200]
    kind = _kind(await file.read(4), name)
    await file.seek(0)
    limit = svc.settings.limits.zip_bytes if kind == "zip" else _LIST_BYTES
    id, size = new_id("upl"), 0
    key = f"uploads/{who.workspace_id}/{id}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        with path.open("wb") as out:
            while piece := await file.read(_PIECE):
                size += len(piece)
                if size > limit:
                    raise TooLarge(f"it is larger than {limit / 2**20:.0f} MB.", subject=name, remedy="Split it.")
                await asyncio.to_thread(out.write, piece)
        await asyncio.to_thread(svc.store.put_file, key, path)
    at = now()
    async with svc.db.write() as tx:
        await tx.execute(
            insert(uploads).values(
                id=id, workspace_id=who.workspace_id, kind=kind, name=name, key=key, bytes=size, created_at=at,
                expires_at=at + KEPT_SECONDS,
            )
        )  # fmt: skip
    return id


def _kind(head: bytes, name: str) -> str:
    if not head:
        raise DamagedFile("the file is empty.", subject=name, remedy="Choose it again.")
    if head[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        if name.lower().endswith((".xlsx", ".xlsm", ".ods")):
            raise UnsupportedFormat("a spreadsheet is not read here.", subject=name, remedy="Save it as CSV.")
        return "zip"
    if name.lower().endswith((".csv", ".tsv", ".txt")):
        return "csv"
    raise UnsupportedFormat("this is neither a ZIP nor a CSV list.", subject=name, remedy="Send a .zip or a .csv file.")
