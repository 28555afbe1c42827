"""What an error means at the command line: one sentence and an exit code; a report where it is Packshot's own fault."""

from __future__ import annotations

import errno
import os
import platform
import re
import sys
import tempfile
import traceback
from datetime import datetime
from pathlib import Path

import structlog
import typer
from obstore.exceptions import BaseError as StoreError
from pydantic import ValidationError
from pydantic_settings import SettingsError
from sqlalchemy.exc import SQLAlchemyError

from packshot import __version__, logs
from packshot.cli.common import say
from packshot.db.errors import explained
from packshot.errors import BadOption, DiskFull, Fault, NotFound, PackshotError, StoreAway, Unavailable, plainly
from packshot.settings import Settings

log = structlog.get_logger(__name__)

FAILED, USAGE, FAULT, STOPPED = 1, 64, 70, 130  # 64 and 70 as in BSD's sysexits.h
TRACEBACK_VARIABLE = "PACKSHOT_TRACEBACK"
_FULL = (errno.ENOSPC, errno.EDQUOT)
# What lies with the machine, whatever the program does.  A file that is not there may be a fault of ours.
_MACHINE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE)


def exit_code(error: BaseException) -> int:
    """Say what happened; how the program is to end."""
    if isinstance(error, typer.Abort | KeyboardInterrupt):
        say("Stopped. What was finished is kept; the same command goes on from there.")
        return STOPPED
    if isinstance(error, BrokenPipeError):
        return 0
    words = in_words(error)
    if words is None:
        return _fault(error)
    say(f"error: {words.message}")
    return USAGE if isinstance(words, BadOption | NotFound) else FAILED


def in_words(error: BaseException) -> PackshotError | None:
    """The same error as a sentence with its remedy; None for a fault of Packshot's own."""
    match error:
        case Fault():
            return None
        case PackshotError():
            return error
        case ValidationError() if error.title == Settings.__name__:
            return _setting(error)
        case SettingsError():
            field = re.search(r'field "(\w+)"', str(error))
            name = f"PACKSHOT_{field[1].upper()}" if field else "PACKSHOT_…"
            return BadOption("it takes JSON, and this is none.", subject=name)
        case SQLAlchemyError():
            return explained(error)
        case StoreError() | StoreAway():
            return Unavailable(
                f"the store does not answer as it should ({logs.without_secrets(str(error).splitlines()[0])}).",
                remedy="Is PACKSHOT_STORE_URL right, and the store reachable with the keys in AWS_…?",
            )
        case MemoryError():
            return Unavailable("there is not enough memory for this.")
        case OSError() if error.errno in _FULL:
            return DiskFull("the disk is full.", subject=_path(error), remedy="Make room, then try again.")
        case OSError() if error.errno in _MACHINE and error.filename is not None:
            return Unavailable(
                f"{(error.strerror or 'it cannot be used').lower()}.", subject=_path(error),
                remedy="Check the path, and that Packshot may read and write there.",
            )  # fmt: skip
    return None


def _path(error: OSError) -> str:
    return os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""


def _setting(error: ValidationError) -> BadOption:
    """The first value in the environment that is not understood."""
    wrong = error.errors()[0]
    name = "PACKSHOT_" + "__".join(str(part).upper() for part in wrong["loc"])
    if wrong["type"] == "extra_forbidden":
        return BadOption("there is no such setting.", subject=name)
    value = logs.without_secrets(str(wrong["input"]))[:100]
    return BadOption(f"{plainly(wrong)}, not “{value}”.", subject=name)


# --- our own fault ---


def _fault(error: BaseException) -> int:
    """Write a report with the traceback, and say where it is; into the log as well, where there is one."""
    trace = "".join(traceback.format_exception(error)) + getattr(error, "stack", "")
    text = logs.without_secrets(
        f"packshot {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
        f"packshot {' '.join(sys.argv[1:])}\n\n{trace}"
    )
    path = _written(text)
    if logs.is_configured():
        log.error("command.fault", report=str(path or ""), exc_info=error)
    problem = f"{type(error).__name__}: {logs.without_secrets(str(error)[:300])}".removeprefix("Fault: ")
    say(f"error: this is a fault of Packshot's own ({problem}).")
    if path is not None:
        say(f"Please report it with {path}, which holds the traceback ({TRACEBACK_VARIABLE}=1 prints it here too).")
    if path is None or os.environ.get(TRACEBACK_VARIABLE):
        say(text)
    return FAULT


def _written(text: str) -> Path | None:
    """A file that only its owner may read, in the cache folder or the one for temporary files."""
    name = f"packshot-{datetime.now():%Y%m%d-%H%M%S}-{os.getpid()}.txt"
    for folder in (_reports, lambda: Path(tempfile.gettempdir())):
        try:
            path = folder() / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
                out.write(text)
            return path
        except (OSError, ValueError):  # full, read-only, or settings that are not understood
            continue
    return None


def _reports() -> Path:
    return Settings().cache_dir / "reports"
