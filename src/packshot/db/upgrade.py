"""Brings a database to this version's state: its tables are created, or changed step by step (Alembic).

Programs that start at the same time wait for each other. A database that a newer Packshot has changed is left alone.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from packshot.db import BUSY_SECONDS
from packshot.errors import Conflict, Unavailable

log = structlog.get_logger(__name__)

_ADVISORY_LOCK = 0x7061636B73686F74  # "packshot" as a number


def upgrade(url: str, revision: str = "head") -> None:
    """Bring it to this version's state; one that is there already is not touched.

    url: `sqlite:///…` or `postgresql://…`.  Raises Conflict for a database newer than this program, Unavailable where
    it cannot be opened.
    """
    engine = sync_engine(url)
    try:
        with _alone(engine) as connection:
            before, newest = _state(connection)
            if before == newest:
                return
            command.upgrade(configuration(connection), revision)
            log.info("database.upgraded", before=before or "empty", after=newest)
    except OperationalError as error:
        raise Unavailable(
            f"it cannot be opened: {str(error.orig).strip()}",
            subject=_named(engine),
            remedy="Is the database running, and is PACKSHOT_DATABASE_URL right?",
        ) from error
    finally:
        engine.dispose()


def downgrade(url: str, revision: str = "base") -> None:
    """Go back to an older state.  What only newer ones can hold is lost."""
    engine = sync_engine(url)
    try:
        with _alone(engine) as connection:
            command.downgrade(configuration(connection), revision)
    finally:
        engine.dispose()


def sync_engine(url: str) -> Engine:
    """An engine without asyncio, for this and for backups; creates the folder of an SQLite file."""
    if not url.startswith("sqlite"):
        return create_engine(make_url(url).set(drivername="postgresql+psycopg"), poolclass=NullPool)
    address = make_url(url).set(drivername="sqlite")
    if address.database:
        Path(address.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_engine(address, connect_args={"timeout": BUSY_SECONDS}, poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # the driver would commit in the middle of a change
        # Foreign keys are not enforced here: a table that is changed by copying it is missing for a moment.
        connection.execute("PRAGMA journal_mode=WAL")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    return engine


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's, without a file."""
    config = Config()
    config.set_main_option("script_location", "packshot:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """One transaction while no other program upgrades: the whole change is made, or none of it."""
    if engine.dialect.name == "sqlite":
        with _locked(f"{engine.url.database}.upgrade"), engine.begin() as connection:
            yield connection
        return
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
        yield connection


@contextmanager
def _locked(path: str) -> Iterator[None]:
    """A file's lock.  The file stays: were it removed, two could each hold one of the same name."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _state(connection: Connection) -> tuple[str | None, str]:
    """Its revision, and the newest one.  Raises Conflict where its revision is not among ours."""
    scripts = ScriptDirectory.from_config(configuration())
    revisions = {script.revision for script in scripts.walk_revisions()}
    newest = scripts.get_current_head()
    assert newest is not None
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in revisions:
        raise Conflict(
            "it was changed by a newer Packshot than this one.",
            subject=_named(connection.engine),
            remedy="Start the newer version, or restore a backup that this one made.",
        )
    return current, newest


def _named(engine: Engine) -> str:
    """The database without its password."""
    return engine.url.database or "" if engine.dialect.name == "sqlite" else engine.url.render_as_string()
