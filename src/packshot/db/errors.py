"""What a database's own error means to whoever runs it: busy, full, read-only, damaged, or away.

Anything else (a wrong statement, a broken constraint) is a fault of the program or of what it was given.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from packshot.errors import DiskFull, PackshotError, Unavailable


class Cause(StrEnum):
    BUSY = "busy"  # locked, or all connections are in use: it passes by itself
    FULL = "full"  # nothing can be written; what is there can be read
    READ_ONLY = "read_only"
    DAMAGED = "damaged"
    AWAY = "away"


# SQLite's result codes: https://www.sqlite.org/rescode.html, those that lie with its file and not with a statement.
_SQLITE = {
    5: Cause.BUSY, 6: Cause.BUSY, 13: Cause.FULL, 3: Cause.READ_ONLY, 8: Cause.READ_ONLY, 11: Cause.DAMAGED,
    26: Cause.DAMAGED, 10: Cause.AWAY, 14: Cause.AWAY,
}  # fmt: skip
_SQLITE_IOERR_SHMSIZE = 4874  # no room for the file that readers and writers share
# PostgreSQL's SQLSTATEs (appendix A of its manual), by their beginning: the longest first.
_POSTGRES = {
    "53100": Cause.FULL, "53300": Cause.BUSY, "25006": Cause.READ_ONLY, "XX001": Cause.DAMAGED, "XX002": Cause.DAMAGED,
    "08": Cause.AWAY, "28": Cause.AWAY, "3D": Cause.AWAY, "57P": Cause.AWAY, "58": Cause.AWAY, "55P": Cause.BUSY,
    "40": Cause.BUSY,
}  # fmt: skip


def cause_of(error: BaseException) -> Cause | None:
    """None where the database itself is well."""
    if isinstance(error, PoolTimeout):
        return Cause.BUSY
    if not isinstance(error, DBAPIError):
        return None
    for inner in _chain(error.orig):
        code = getattr(inner, "sqlite_errorcode", None)
        if code is not None:
            return Cause.FULL if code == _SQLITE_IOERR_SHMSIZE else _SQLITE.get(code & 0xFF)
        state = getattr(inner, "sqlstate", None)
        if state is not None:
            return next((cause for start, cause in _POSTGRES.items() if state.startswith(start)), None)
    refused = type(error.orig).__name__ == "OperationalError"  # psycopg's, of a connection that never was
    return Cause.AWAY if error.connection_invalidated or refused else None


def explained(error: BaseException, *, place: str = "") -> PackshotError | None:
    """The same for a person, with what to do; None where the database itself is well.

    place: its file or address without a password, for whoever runs the service; nobody else needs to see it.
    """
    words = reason(error)
    match cause_of(error):
        case Cause.BUSY:
            return Unavailable("the database is busy.", subject=place, remedy="Try again in a moment.")
        case Cause.FULL:
            return DiskFull(
                "the disk that holds the database is full.", subject=place, remedy="Make room, then try again."
            )
        case Cause.READ_ONLY:
            return Unavailable(
                f"the database cannot be written ({words}).", subject=place,
                remedy="Packshot must own it, and its disk must not be mounted read-only.",
            )  # fmt: skip
        case Cause.DAMAGED:
            return Unavailable(
                f"the database is damaged, or is no database ({words}).", subject=place,
                remedy="Restore the last backup into a new data folder: packshot restore FILE.tar --data NEW.",
            )  # fmt: skip
        case Cause.AWAY:
            return Unavailable(
                f"the database cannot be opened ({words}).", subject=place,
                remedy="Is it there and running, and is PACKSHOT_DATABASE_URL right?",
            )  # fmt: skip
    return None


def reason(error: BaseException) -> str:
    """The database's own words, one line of them."""
    lines = str(getattr(error, "orig", None) or error).strip().splitlines()
    return lines[0].rstrip(".") if lines else type(error).__name__


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The driver's own error is the cause of the one that SQLAlchemy's asyncio adapter raises."""
    while error is not None:
        yield error
        error = error.__cause__
