"""For whoever runs the service: backups, the queue, dead letters, clearing out, workspaces, links to sign in with."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

import typer

from packshot.cli.common import make_data_folder, not_writable, progress, say
from packshot.errors import BadOption, NotFound, Unavailable
from packshot.settings import Settings

Data = Annotated[Path | None, typer.Option("--data", help="The service's data folder.")]
SHOWN_RUNS = 500
T = TypeVar("T")


def add_to(app: typer.Typer) -> None:
    service = backup, restore, purge, requeue, failures, migrate
    accounts = sign_in_link, workspaces, new_workspace, invite_owner
    for command in (*service, *accounts):
        app.command(command.__name__.replace("_", "-"))(command)


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE.tar", help="Where the backup goes; nothing is overwritten.")],
    data: Data = None,
    with_secret: Annotated[
        bool, typer.Option("--with-secret", help="Put the key in that opens kept credentials: guard the file then.")
    ] = False,
) -> int:
    """Write everything the service keeps into one file, while it runs; for SQLite and PostgreSQL alike."""
    from packshot.service.maintenance import backup as work

    settings = _settings(data)
    told = asyncio.run(
        _with(settings, lambda db, _: work.backup(db, _store(settings), settings, file, bar=progress,
                                                  with_secret=with_secret))
    )  # fmt: skip
    if told.missing:
        say(f"note: {told.missing} files that rows refer to are no longer in the store; they are not in the backup.")
    if with_secret and not told.secret:
        say("note: there is no secret.key here. If PACKSHOT_SECRET is set, keep its value somewhere safe yourself.")
    elif not with_secret:
        say("note: the backup is without secret.key: after a restore elsewhere, kept credentials of destinations are "
            "lost, and must be entered again. --with-secret puts it in.")  # fmt: skip
    print(f"{told.rows} rows and {told.objects} files ({told.bytes / 2**20:.1f} MB) are in {file}.")
    return 0


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE.tar", help="A backup.")],
    data: Data = None,
) -> int:
    """Put a backup into an empty data folder, or into the empty database and store that the environment names."""
    from packshot.db.upgrade import upgrade
    from packshot.service.maintenance import restore as work

    settings = _settings(data)
    work.check(file)
    make_data_folder(settings)
    upgrade(settings.database)
    told = asyncio.run(
        _with(settings, lambda db, _: work.restore(db, _store(settings), settings, file, bar=progress))
    )  # fmt: skip
    if told.lost_credentials:
        say(f"note: the backup holds no secret.key: enter the credentials of {told.lost_credentials} destinations "
            "again, or copy the old secret.key into the data folder.")  # fmt: skip
    print(f"{told.rows} rows and {told.objects} files are restored. `packshot serve` goes on with what was at work.")
    return 0


def purge(data: Data = None) -> int:
    """Remove for good what was deleted long enough ago, and files that nothing refers to. The API does it every day."""
    from packshot.db.tables import now
    from packshot.service.maintenance import purge as work

    settings = _settings(data)
    counts = asyncio.run(_with(settings, lambda db, _: work.purge(db, _store(settings), at=now())))
    print(counts.line())
    return 0


def requeue(data: Data = None) -> int:
    """Build the queue again from the database, after Valkey or Redis was lost. Harmless at any other time."""
    from packshot.db import Database
    from packshot.db.tables import now
    from packshot.service.queues import Queues
    from packshot.service.worker import requeue_stalled

    settings = _settings(data)

    async def rebuilt(db: Database, queues: Queues) -> int:
        try:
            await queues.check()
        except Unavailable as error:
            remedy = "Is the server of PACKSHOT_REDIS_URL running?" if settings.redis_url else (
                "Start `packshot serve` on this data folder, then do it again from another terminal."
            )  # fmt: skip
            raise Unavailable(error.problem, subject=str(settings.data_dir), remedy=remedy) from error
        return await requeue_stalled(db, queues, since=now())

    print(f"{asyncio.run(_with(settings, rebuilt))} jobs are queued again.")
    return 0


def failures(
    data: Data = None, retry: Annotated[bool, typer.Option("--retry", help="Try all of them again.")] = False
) -> int:
    """List what failed three times, with the reason; `--retry` puts it back to work."""
    found = asyncio.run(_with(_settings(data), lambda db, queues: _failures(db, queues, retry=retry)))
    if not found:
        say("Nothing has failed.")
    return 0


def migrate(data: Data = None) -> int:
    """Bring the database up to date; the service does it by itself when it starts."""
    from packshot.db.upgrade import upgrade

    settings = _settings(data)
    make_data_folder(settings)
    upgrade(settings.database)
    print("The database is up to date.")
    return 0


def sign_in_link(email: Annotated[str, typer.Argument(help="Whose account it opens.")], data: Data = None) -> int:
    """Print a link with which a member signs in and chooses a new password, good once and for an hour.

    For who has forgotten his password, or has to wait after too many wrong ones.
    """
    from packshot.catalog.accounts import invites

    settings = _settings(data)

    async def token(db: Any, _: Any) -> str:
        async with db.write() as tx:
            return await invites.sign_in_link(tx, email)

    words = urlencode({"token": asyncio.run(_with(settings, token)), "account": email.strip()})
    print(f"{settings.address}/welcome?{words}")
    return 0


def workspaces(data: Data = None) -> int:
    """List the workspaces, one a line of JSON."""
    from packshot.catalog.accounts import workspaces

    async def rows(db: Any, _: Any) -> list[tuple[str, str, int]]:
        async with db.read() as tx:
            return await workspaces.workspace_rows(tx)

    for id, name, members in asyncio.run(_with(_settings(data), rows)):
        print(json.dumps({"id": id, "name": name, "members": members}, ensure_ascii=False))
    return 0


def new_workspace(
    name: Annotated[str, typer.Argument(help="Of the shop or team.")],
    email: Annotated[str, typer.Argument(help="Who owns it.")],
    data: Data = None,
) -> int:
    """Make a further workspace and print a link with which its owner signs in, good once and for a week.

    Neither workspace sees what is in the other. An account belongs to one workspace.
    """
    from packshot.catalog.accounts import invites

    name, email = name.strip(), _email(email)
    if not 0 < len(name) <= 200:
        raise BadOption("a workspace needs a name of 1 to 200 characters.", subject="name")
    settings = _settings(data)

    async def token(db: Any, _: Any) -> str:
        async with db.write() as tx:
            return (await invites.found_workspace(tx, name, email))[1]

    print(f"{settings.address}/welcome?token={asyncio.run(_with(settings, token))}")
    return 0


def invite_owner(
    workspace: Annotated[str, typer.Argument(help="By its id, as `packshot workspaces` lists it.")],
    email: Annotated[str, typer.Argument(help="Who is to own it.")],
    data: Data = None,
) -> int:
    """Print a link with which somebody joins a workspace as an owner, good once and for a week.

    For a workspace whose first link has expired or got lost.
    """
    from packshot.catalog.accounts import invites

    email = _email(email)
    settings = _settings(data)

    async def token(db: Any, _: Any) -> str:
        async with db.write() as tx:
            return await invites.invite_owner(tx, workspace, email)

    print(f"{settings.address}/welcome?token={asyncio.run(_with(settings, token))}")
    return 0


# --- parts ---


def _email(words: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", words.strip()):
        raise BadOption("this is no email address.", subject=words)
    return words.strip()


async def _failures(db: Any, queues: Any, *, retry: bool) -> int:
    """Print all dead letters of all workspaces; gives how many there are."""
    from sqlalchemy import select

    from packshot.catalog.items import dead_letters as letters
    from packshot.db.tables import workspaces

    total = 0
    async with db.read() as tx:
        ids = list(await tx.scalars(select(workspaces.c.id).order_by(workspaces.c.id)))
    for workspace in ids:
        after, job_ids = None, []
        while True:
            async with db.read() as tx:
                page = await letters.page(tx, workspace, after=after, limit=500)
            for letter in page:
                print(f"{letter.id}  {letter.name}  {letter.stage}: {letter.reason}")
            total += len(page)
            if not page:
                break
            after = page[-1].id
        async with db.read() as tx:
            for letter in await letters.failed_jobs(tx, workspace, limit=SHOWN_RUNS):
                job_ids.append(letter.id)
                print(f"{letter.id}  {letter.kind}  {letter.stage}: {letter.reason}")
        total += len(job_ids)
        if retry and total:
            await _retry(db, queues, workspace, job_ids)
    return total


async def _retry(db: Any, queues: Any, workspace: str, job_ids: list[str]) -> None:
    """Everything of one workspace, cause by cause, in transactions that stay short."""
    from packshot.catalog.items import dead_letters as letters

    async with db.read() as tx:
        requests: list[dict[str, Any]] = [{"cause": group.cause} for group in await letters.groups(tx, workspace)]
    requests += [{"job_ids": job_ids}] if job_ids else []
    again = 0
    for request in requests:
        left = 1
        while left:
            try:
                async with db.write() as tx:
                    done, refs = await letters.retry(tx, workspace, **request)
            except NotFound:  # of cancelled batches, or taken up by somebody else meanwhile
                break
            await queues.add(refs)
            again, left = again + done.items + done.jobs, done.left
    say(f"{again} put back to work.")
    if not await queues.ping():
        say("note: the queue is not running now; they are taken up once the service is.")


def _settings(data: Path | None) -> Settings:
    return Settings() if data is None else Settings(data_dir=data)


def _store(settings: Settings) -> Any:
    from packshot.store import Store

    return Store(settings.store)


async def _with(settings: Settings, work: Callable[[Any, Any], Awaitable[T]]) -> T:
    """Do it with an open database and its queue.

    Raises NotFound where there is none yet, Conflict where another version made it, Unavailable where it is away.
    """
    from packshot.db import Database
    from packshot.db.upgrade import check, in_words
    from packshot.service.queues import Queues

    if not settings.database_url and not (settings.data_dir / "packshot.db").exists():
        raise NotFound(
            "there is no service's database in this folder.", subject=str(settings.data_dir),
            remedy="Name its data folder with --data, or start `packshot serve` first.",
        )  # fmt: skip
    # On a full disk one may still look, and back up elsewhere.
    if not settings.database_url and not os.access(settings.data_dir, os.W_OK):
        raise not_writable(settings.data_dir, "Permission denied")
    await asyncio.to_thread(check, settings.database)
    db, queues = Database(settings.database), Queues(settings.redis)
    try:
        with in_words(settings.database):
            return await work(db, queues)
    finally:
        await queues.close()
        await db.close()
