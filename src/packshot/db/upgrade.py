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
from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from packshot.db import BUSY_SECONDS
from packshot.db.errors import explained
from packshot.db.tables import metadata
from packshot.errors import Conflict

log = structlog.get_logger(__name__)

_ADVISORY_LOCK = 0x7061636B73686F74  # "packshot" as a number


def upgrade(url: str, revision: str = "head") -> None:
    """Bring it to this version's state; one that is there already is not touched.

    url: `sqlite:///…` or `postgresql://…`.  Raises Conflict for a database that a newer program or another one made,
    Unavailable where it cannot be opened or written.
    """
    with in_words(url), _connected(url) as connection:
        before, newest = _state(connection)
        if before == newest:
            return
        command.upgrade(configuration(connection), revision)
        log.info("database.upgraded", before=before or "empty", after=newest)


def check(url: str) -> None:
    """Whether it is at this version's state, without changing it.  Raises Conflict, Unavailable."""
    with in_words(url), _connected(url) as connection:
        found, newest = _state(connection)
        if found != newest:
            raise Conflict(
                "the database is not at this version's state.", subject=named(url),
                remedy="Run `packshot migrate` first.",
            )  # fmt: skip


def downgrade(url: str, revision: str = "base") -> None:
    """Go back to an older state.  What only newer ones can hold is lost."""
    with _connected(url) as connection:
        command.downgrade(configuration(connection), revision)


def named(url: str) -> str:
    """The database, in words without its password."""
    at = make_url(url)
    if at.drivername.startswith("sqlite"):
        return at.database or ""
    return at.set(drivername=at.get_backend_name()).render_as_string()


@contextmanager
def in_words(url: str) -> Iterator[None]:
    """Whatever the database itself suffers from in here is raised as Unavailable or DiskFull, with what to do."""
    try:
        yield
    except SQLAlchemyError as error:
        words = explained(error, place=named(url))
        if words is None:
            raise
        raise words from error


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
def _connected(url: str) -> Iterator[Connection]:
    """One transaction, while no other program is in here: all of the change is made, or none of it."""
    engine = sync_engine(url)
    try:
        if engine.dialect.name == "sqlite":
            with _locked(f"{engine.url.database}.upgrade"), engine.begin() as connection:
                yield connection
            return
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
            yield connection
    finally:
        engine.dispose()


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
    """The revision that it is at, None where it is empty, and the newest there is.  Raises Conflict."""
    scripts = ScriptDirectory.from_config(configuration())
    revisions = {script.revision for script in scripts.walk_revisions()}
    newest = scripts.get_current_head()
    assert newest is not None
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in revisions:
        raise Conflict(
            "it was changed by a newer Packshot than this one.",
            subject=named(str(connection.engine.url)),
            remedy="Start the newer version, or restore a backup that this one made.",
        )
    others = set(inspect(connection).get_table_names()) & set(metadata.tables) if current is None else set()
    if others:
        raise Conflict(
            f"this database holds tables of another program ({', '.join(sorted(others)[:3])}).",
            subject=named(str(connection.engine.url)),
            remedy="Give Packshot a database, or a data folder, of its own.",
        )
    return current, newest
