"""One database, SQLite or PostgreSQL: `read()` and `write()` each give one transaction, and nothing commits below them.

SQLite runs in WAL mode. Writers take the lock at once (BEGIN IMMEDIATE), so that none fails half-way; readers never
wait. `durable` is for what was promised to a person (uploads, reviews): such a commit is on the disk before it returns.
Workers need not wait for the disk: what a power loss takes from them, the sweeper finds and does again.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import structlog
from sqlalchemy import Row, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from packshot.db.errors import Cause, cause_of, reason
from packshot.logs import Outage

log = structlog.get_logger(__name__)

Tx = AsyncConnection
BUSY_SECONDS = 30
SLOW_SECONDS = 1.0  # a writer that holds the lock for longer keeps people waiting
PING_SECONDS = 10.0
_WRITES = "packshot_writes"
# The last statement of every writing transaction that this task begins; where it raises, all is rolled back.
before_commit: ContextVar[Callable[[Tx], Awaitable[None]] | None] = ContextVar("before_commit", default=None)


class Database:
    """Connections to one database; the log says when it goes away and when it is back.

    url: `sqlite:///…` or `postgresql://…`.
    """

    def __init__(self, url: str, *, durable: bool = True, connections: int = 8) -> None:
        self.is_sqlite = url.startswith("sqlite")
        self._engine = _sqlite(url, durable, connections) if self.is_sqlite else _postgres(url, connections)
        self._outage, self._writes_outage = Outage("database"), Outage("database.writes")

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        """A transaction that sees one state of things."""
        with self._noted():
            async with self._engine.connect() as tx:
                yield tx

    @asynccontextmanager
    async def write(self) -> AsyncIterator[Tx]:
        """A transaction that is committed at the end, or rolled back whole."""
        with self._noted():
            async with self._engine.connect() as tx:
                await tx.execution_options(**{_WRITES: True})
                async with tx.begin():
                    started, last = time.perf_counter(), before_commit.get()
                    yield tx
                    if last is not None:
                        await last(tx)
                took = time.perf_counter() - started
                if took > SLOW_SECONDS:
                    log.warning("transaction.slow", seconds=round(took, 2))
            self._writes_outage.back()

    async def ping(self) -> bool:
        """Whether it answers within ten seconds."""
        try:
            async with asyncio.timeout(PING_SECONDS), self.read() as tx:
                await tx.execute(text("SELECT count(*) FROM alembic_version"))
        except TimeoutError:
            self._outage.away(f"no answer within {PING_SECONDS:.0f} s")
            return False
        except SQLAlchemyError:
            return False
        return True

    async def close(self) -> None:
        await self._engine.dispose()

    @contextmanager
    def _noted(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            match cause_of(error):
                case Cause.FULL | Cause.READ_ONLY:
                    self._writes_outage.away(reason(error))
                case Cause.AWAY | Cause.DAMAGED:
                    self._outage.away(reason(error))
            raise
        self._outage.back()


def async_url(url: str) -> str:
    """The address with the driver that is used here."""
    scheme, _, rest = url.partition("://")
    if scheme.startswith("sqlite"):
        return f"sqlite+aiosqlite://{rest}"
    return f"postgresql+psycopg://{rest}"


def _sqlite(url: str, durable: bool, connections: int) -> AsyncEngine:
    engine = create_async_engine(
        async_url(url),
        connect_args={"timeout": BUSY_SECONDS},
        hide_parameters=True,  # errors go into logs; what people typed does not
        poolclass=AsyncAdaptedQueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=BUSY_SECONDS,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def on_connect(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # the driver begins no transaction by itself
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", f"synchronous={'FULL' if durable else 'NORMAL'}", "foreign_keys=ON",
                       f"busy_timeout={BUSY_SECONDS * 1000}", "cache_size=-4000"):  # fmt: skip
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def on_begin(connection: Any) -> None:
        writes = connection.get_execution_options().get(_WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _postgres(url: str, connections: int) -> AsyncEngine:
    return create_async_engine(
        async_url(url), pool_size=connections, max_overflow=connections, pool_pre_ping=True, hide_parameters=True
    )


_Record = TypeVar("_Record")


def typed(cls: type[_Record], row: Row[*tuple[Any, ...]]) -> _Record:
    """A row as a dataclass of the same fields: a column that is missing or one too many is an error."""
    return cls(**row._mapping)
