"""The commands of whoever runs the service."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from studio import WS, FakeQueues, Studio

from packshot.cli import operate
from packshot.cli.common import progress
from packshot.db import Database
from packshot.db import tables as t
from packshot.db.upgrade import upgrade
from packshot.errors import NotFound, Unavailable
from packshot.service.maintenance.backup import backup
from packshot.service.maintenance.purge import DAY, purge
from packshot.service.maintenance.restore import restore
from packshot.settings import Settings
from packshot.store import Store


class Reached(FakeQueues):
    async def ping(self) -> bool:
        return True


@pytest.mark.anyio
async def test_all_failures_are_listed_and_retried_whatever_failed(
    studio: Studio, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = await studio.make({"source": {"images": await studio.add_photos(3)}})
    async with studio.db.write() as tx:
        for n, row in enumerate((await tx.execute(select(t.items))).all()):
            error = {"reason": f"The photo {n} is too dark.", "cause": f"cause {n % 2}"}
            await tx.execute(update(t.items).where(t.items.c.id == row.id).values(status="failed", error=error))
        await tx.execute(insert(t.jobs).values(
            id="job_z", workspace_id=WS, kind="import", status="failed", stage="segment", stages=["segment"],
            request={}, result={}, error={"reason": "The archive is damaged."}, priority=1, created_at=0, touched_at=0,
        ))  # fmt: skip
    queues = Reached()
    assert await operate._failures(studio.db, queues, retry=True) == 4
    told = capsys.readouterr()
    assert [f"The photo {n} is too dark." in told.out for n in range(3)] == [True] * 3
    assert "The archive is damaged." in told.out
    assert "4 put back to work." in told.err
    assert len(queues.refs) == 4
    assert {row.status for row in await studio.rows(t.items, t.items.c.batch_id == batch)} == {"processing"}
    assert await operate._failures(studio.db, queues, retry=True) == 0


def test_where_nothing_runs_it_says_so_in_words(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no service's database in this folder"):
        operate.requeue(tmp_path)
    operate.migrate(tmp_path)
    with pytest.raises(Unavailable, match=r"the queue takes no work .* Start `packshot serve` on this data folder"):
        operate.requeue(tmp_path)


def test_a_folder_goes_into_a_backup_and_into_another_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    operate.migrate(tmp_path / "a")
    operate.backup(tmp_path / "a.tar", tmp_path / "a")
    assert "--with-secret puts it in" in " ".join(capsys.readouterr().err.split())
    operate.restore(tmp_path / "a.tar", tmp_path / "b")
    operate.purge(tmp_path / "b")
    assert "Removed for good: nothing" in capsys.readouterr().out


def test_backups_and_clearing_out_work_on_s3(tmp_path: Path, s3_url: str) -> None:
    async def both(store: Store, back: Store) -> None:
        settings = Settings(data_dir=tmp_path)
        dbs = []
        for name in ("a", "b"):
            upgrade(f"sqlite:///{tmp_path / name}.db")
            dbs.append(Database(f"sqlite:///{tmp_path / name}.db"))
        row: dict[str, Any] = {"workspace_id": "ws", "kind": "zip", "name": "", "bytes": 1, "created_at": 0}
        async with dbs[0].write() as tx:
            await tx.execute(insert(t.workspaces).values(id="ws", name="ws", settings={}, created_at=0))
            await tx.execute(insert(t.uploads).values(
                id="upl_1", key="uploads/ws/upl_1", expires_at=t.now() + 9 * DAY, **row
            ))  # fmt: skip
        for key in ("uploads/ws/upl_1", "renditions/unnamed", "other/things"):
            await store.aput(key, key.encode())
        told = await backup(dbs[0], store, settings, tmp_path / "a.tar", bar=progress)
        assert (told.objects, told.missing) == (1, 0)
        await restore(dbs[1], back, settings, tmp_path / "a.tar", bar=progress)
        assert back.get("uploads/ws/upl_1") == b"uploads/ws/upl_1"
        counts = await purge(dbs[0], store, at=t.now() + 2 * DAY)
        assert counts.files == 1
        assert {entry.key for entry in store.entries()} == {"uploads/ws/upl_1", "other/things"}
        for db in dbs:
            await db.close()

    asyncio.run(both(Store(s3_url), Store(f"{s3_url}-back")))
