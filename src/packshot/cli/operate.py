"""For whoever runs the service: the queue made anew, dead letters, the database brought up to date."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer

from packshot.cli.common import say
from packshot.errors import Unavailable
from packshot.settings import Settings

Data = Annotated[Path | None, typer.Option("--data", help="The service's data folder.")]


def add_to(app: typer.Typer) -> None:
    for command in (requeue, failures, migrate):
        app.command(command.__name__)(command)


def requeue(data: Data = None) -> int:
    """Build the queue again from the database, after Valkey or Redis was lost. Harmless at any other time."""
    from packshot.db.tables import now
    from packshot.worker import requeue as work

    async def rebuilt(db: Any, queues: Any) -> int:
        if not await queues.ping():
            raise Unavailable("the queue cannot be reached.", remedy="Start `packshot serve`, or Valkey, first.")
        return await work(db, queues, since=now())

    print(f"{asyncio.run(_with(_settings(data), rebuilt))} pieces of work are queued.")
    return 0


def failures(
    data: Data = None, retry: Annotated[bool, typer.Option("--retry", help="Try all of them again.")] = False
) -> int:
    """List what failed three times, with the reason; `--retry` puts it back to work."""
    from sqlalchemy import select

    from packshot.catalog.status import ItemStatus
    from packshot.catalog.work import Ticket
    from packshot.db.tables import items, now, photos

    async def listed(db: Any, queues: Any) -> int:
        wanted = (
            select(items.c.id, items.c.stage, items.c.version, items.c.priority, items.c.error, photos.c.name)
            .join(photos, photos.c.id == items.c.photo_id)
            .where(items.c.status == ItemStatus.FAILED)
        )
        async with db.read() as tx:
            found = (await tx.execute(wanted)).all()
        for row in found:
            print(f"{row.id}  {row.name}  {row.stage}: {(row.error or {}).get('reason', '')}")
        if retry:
            for row in found:
                async with db.write() as tx:
                    again = {"status": ItemStatus.PROCESSING, "attempts": 0, "error": None, "touched_at": now()}
                    mine = items.c.id == row.id, items.c.status == ItemStatus.FAILED
                    await tx.execute(items.update().where(*mine).values(**again))
            await queues.add(Ticket(row.stage, row.id, row.version, row.priority) for row in found)
            say(f"{len(found)} put back to work.")
        return len(found)

    found = asyncio.run(_with(_settings(data), listed))
    if not found:
        say("Nothing has failed.")
    return 0


def migrate(data: Data = None) -> int:
    """Bring the database up to date; the service does it by itself when it starts."""
    from packshot.db.upgrade import upgrade

    settings = _settings(data)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    upgrade(settings.database)
    print("The database is up to date.")
    return 0


def _settings(data: Path | None) -> Settings:
    return Settings() if data is None else Settings(data_dir=data)


async def _with(settings: Settings, work: Any) -> int:
    from packshot.db import Database
    from packshot.jobs import Queues

    db, queues = Database(settings.database), Queues(settings.redis)
    try:
        return int(await work(db, queues))
    finally:
        await queues.close()
        await db.close()
