"""A workspace on an empty database, with photos in it and fakes for what stands around the catalog.

Whatever asks for it runs twice, on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from packshot.catalog import jobs
from packshot.catalog.batches import expand, lifecycle
from packshot.catalog.batches.requests import BatchRequest
from packshot.catalog.items import findings
from packshot.catalog.jobs import Claim, JobRecord
from packshot.catalog.ports import JobRef
from packshot.db import Database, typed
from packshot.db import tables as t
from packshot.finding import Finding, Verdict
from packshot.service.worker import work_on
from packshot.store import Store

WS, OTHER = "ws_a", "ws_b"


@dataclass
class FakeQueues:
    """Keeps what was queued, in order; a ticket is there once."""

    refs: dict[str, JobRef] = field(default_factory=dict)

    async def add(self, refs: list[JobRef]) -> None:
        for ref in refs:
            self.refs.setdefault(ref.job_id, ref)

    async def remove(self, refs: list[JobRef]) -> None:
        for ref in refs:
            self.refs.pop(ref.job_id, None)


class FakeSecrets:
    def encrypt(self, secret: str) -> bytes:
        return secret[::-1].encode()

    def decrypt(self, kept: bytes) -> str:
        return kept.decode()[::-1]


@dataclass
class Studio:
    """What a worker hands to the catalog, and short ways to what tests need."""

    db: Database
    store: Store
    queues: FakeQueues
    settings: Any
    secrets: FakeSecrets = field(default_factory=FakeSecrets)
    pixels: Any = None

    async def job(self, id: str) -> JobRecord:
        async with self.db.read() as tx:
            return typed(JobRecord, (await tx.execute(select(t.jobs).where(t.jobs.c.id == id))).one())

    async def claim(self, ref: JobRef) -> Claim:
        """As a worker does: taken up, and written down as at work."""
        async with self.db.write() as tx:
            claimed = await jobs.claim(tx, ref)
            assert claimed.claim is not None
            if claimed.begins:
                await jobs.begin(tx, claimed.claim)
        return claimed.claim

    async def work_off(self, ref: JobRef | None) -> None:
        """What the workers do with a job, stage by stage."""
        while ref is not None:
            ref = await work_on(await self.claim(ref), self)

    async def rows(self, table: Any, *where: Any) -> list[Any]:
        async with self.db.read() as tx:
            return list((await tx.execute(select(table).where(*where))).all())

    async def add_photos(
        self, count: int, *, ws: str = WS, first: int = 0, category: str = "", **fields: Any
    ) -> list[str]:
        ids = []
        async with self.db.write() as tx:
            for n in range(first, first + count):
                sku, id = f"SKU-{n:05d}", f"img_{ws}_{n:05d}"
                await tx.execute(insert(t.products).values(
                    id=f"prd_{ws}_{n:05d}", workspace_id=ws, sku=sku, category=category, revision=1, created_at=0,
                    updated_at=0,
                ))  # fmt: skip
                await tx.execute(insert(t.photos).values(**photo_row(id, ws, n) | fields))
                ids.append(id)
        return ids

    async def make(self, asked: dict[str, Any], *, ws: str = WS) -> str:
        """A batch, filled."""
        id, ref = await self.ask(asked, ws=ws)
        await expand.work(await self.job(ref.id), self)
        return id

    async def ask(self, asked: dict[str, Any], *, ws: str = WS) -> tuple[str, JobRef]:
        full = {"name": "Spring", "styles": [{"style": "white"}]} | asked
        async with self.db.write() as tx:
            return await lifecycle.create(tx, ws, BatchRequest.model_validate(full), by="usr_1")

    async def finish(
        self, batch_id: str, *, rejected: bool | set[str] = False, only: list[str] | None = None
    ) -> list[str]:
        """What the workers do: each item's files are made, and it waits for review.  Gives the items' ids in order.

        rejected: whether files break a hard rule, or those of which channels do.
        """
        where = [t.items.c.batch_id == batch_id, t.items.c.status == "processing"]
        if only is not None:
            where.append(t.items.c.id.in_(only))
        found = await self.rows(t.items, *where)
        async with self.db.write() as tx:
            for item in found:
                version = (await tx.execute(select(t.item_versions).where(
                    t.item_versions.c.item_id == item.id, t.item_versions.c.version == item.version
                ))).one()  # fmt: skip
                for channel in version.channels:
                    breaks = rejected if isinstance(rejected, bool) else channel["id"] in rejected
                    said = [Finding(check="white", verdict=Verdict.FAIL, words="Not white.")] if breaks else []
                    content = f"{item.id} {item.version} {channel['id']}".encode()
                    sha = hashlib.sha256(content).hexdigest()
                    await self.store.aput(f"renditions/{sha}", content)
                    await tx.execute(insert(t.renditions).values(
                        item_id=item.id, version=item.version, channel=channel["id"], workspace_id=item.workspace_id,
                        name="shoe-main.png", key=f"renditions/{sha}", sha256=sha, bytes=len(content), width=10,
                        height=10, format="png", disclosure="compositeCapture", rejected=breaks, created_at=t.now(),
                        findings=[finding.model_dump(mode="json") for finding in said],
                    ))  # fmt: skip
                    await findings.store(tx, item.workspace_id, item.id, {channel["id"]: said}, version=item.version)
                await tx.execute(
                    update(t.items).where(t.items.c.id == item.id)
                    .values(
                        status="review", stage="", done_at=t.now(), needs_look=bool(rejected),
                        worst=2.0 * bool(rejected),
                    )
                )  # fmt: skip
        return [item.id for item in sorted(found, key=lambda item: item.position)]


def photo_row(id: str, ws: str, n: int) -> dict[str, Any]:
    sha = hashlib.sha256(id.encode()).hexdigest()
    return {
        "id": id, "workspace_id": ws, "product_id": f"prd_{ws}_{n:05d}", "role": "main", "position": 0,
        "name": f"photo-{n:05d}.jpg", "sha256": sha, "key": f"originals/{ws}/{sha}", "thumb_key": f"thumbs/{sha}.jpg",
        "format": "JPEG", "width": 2400, "height": 1800, "bytes": 1000, "profile": "", "fingerprint": sha[:16],
        "findings": [], "matte_version": 0, "revision": 1, "created_at": 0.0, "updated_at": 0.0,
    }  # fmt: skip


@pytest.fixture
async def studio(database: Database, tmp_path: Path, anyio_backend: str) -> Studio:
    async with database.write() as tx:
        for ws in (WS, OTHER):
            await tx.execute(insert(t.workspaces).values(id=ws, name=ws, settings={}, created_at=0))
    settings = SimpleNamespace(data_dir=tmp_path / "data", exports=tmp_path / "exports", private_endpoints=False)
    return Studio(database, Store(tmp_path / "objects"), FakeQueues(), settings)
