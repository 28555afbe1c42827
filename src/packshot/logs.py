"""Logs: one event a line, JSON where a machine reads them, readable at a terminal, and nothing secret in either.

What other libraries log goes the same way. Secrets are taken out by the name of their field and by what they look like,
so that one inside a longer text, an error's or an address's, is taken out as well. What is away for a while (`Outage`)
is one line when it goes, one a minute while it is away, and one when it is back, however often it is tried.
"""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, TextIO

import structlog

HIDDEN = "…"
AWAY_EVERY_SECONDS = 60.0  # a line that something is still away
_DEEPEST = 8  # nested values; what lies deeper is not shown

_SECRET_WORDS = (
    "password|passwd|passphrase|secret|token|authorization|cookie|csrf|credentials?|signature|session|"
    r"api[_-]?key|access[_-]?key|private[_-]?key|key[_-]?hash"
)
_SECRET_NAME = re.compile(rf"(?:^|[_-])(?:{_SECRET_WORDS})(?:$|[_-])|(?:^|[_-])hash$", re.IGNORECASE)
# A field may say which, how many there are, or when: that is no secret.
_PLAIN_NAME = re.compile(r"(?<!session)[_-](?:id|count|seconds|at|bytes)$", re.IGNORECASE)

_LOOKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b(psk_|whsec_)[\w.+/=-]+"), rf"\1{HIDDEN}"),
    (re.compile(r"\$argon2\w*\$\S+"), HIDDEN),
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]{4,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (re.compile(r"(://)(?:[^\s@/:]*:[^\s\"'<>]+|[^\s@/:?#]+)@"), rf"\1{HIDDEN}@"),
    (re.compile(r"(/(?:files|f)/)[\w-]{12,}\.[\w.-]{12,}"), rf"\1{HIDDEN}"),  # a signed link's token
    (
        re.compile(
            r"([?&;](?:[\w-]*(?:token|signature|credential|secret|password)|sig|key|api_key|code)=)[^&\s\"'#;]+",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
    # SQLAlchemy shows a failed statement's values.
    (re.compile(r"\[parameters: .*?\](?=\n|$)", re.DOTALL), f"[parameters: {HIDDEN}]"),
    # `password=…`, `"token": "…"`, `Set-Cookie: …`, PostgreSQL's `Key (token_hash)=(…)`.
    (
        re.compile(
            rf"((?:{_SECRET_WORDS})(?:_hash)?\)?[\"']?\s*[:=]\s*[\"'(]?)(?!Bearer|Basic|{HIDDEN})[^\s\"',;&)]+",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
)

# Chatty ones are heard from WARNING on; the rest from INFO on.
_QUIET = (
    "alembic", "asyncio", "bullmq", "httpcore", "httpx", "multipart", "python_multipart", "sqlalchemy", "uvicorn.error",
)  # fmt: skip


def configure(to: TextIO | None = None) -> None:
    """Send every log line to stderr, or `to`: JSON, or for reading where that is a terminal.  Once, in main."""
    stream = to or sys.stderr
    readable = stream.isatty()
    before: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=not readable, key="at"),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    render: Any = (
        structlog.dev.ConsoleRenderer(timestamp_key="at", exception_formatter=structlog.dev.plain_traceback)
        if readable
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, redacted, render],
        )
    )
    structlog.configure(
        processors=[
            *before,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("psycopg").setLevel(logging.ERROR)  # that a server hangs is said once, by `Outage`
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):  # it brings handlers of its own
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = name != "uvicorn.access"  # requests are counted in `metrics`; their addresses hold tokens
    logging.getLogger("uvicorn.access").disabled = True
    logging.captureWarnings(True)


def is_configured() -> bool:
    """Whether log lines go where `configure` sends them."""
    return any(isinstance(handler.formatter, structlog.stdlib.ProcessorFormatter) for handler in
               logging.getLogger().handlers)  # fmt: skip


class Outage:
    """Whether one part that is needed answers: `NAME.away`, `NAME.still_away` once a minute, `NAME.back`.

    One that comes and goes writes no more than two lines a minute.  clock: seconds, going forward.
    """

    def __init__(self, name: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._name, self._clock = name, clock
        self._log = structlog.get_logger("packshot.outage")
        self._since: float | None = None
        self._logged_at: float | None = None
        self._is_logged = False  # whether this outage has a line yet

    def away(self, error: BaseException | str) -> None:
        """It did not answer just now."""
        at = self._clock()
        if self._since is None:
            self._since = at
        if self._logged_at is not None and at - self._logged_at < AWAY_EVERY_SECONDS:
            return
        event = "still_away" if self._is_logged else "away"
        cause = error if isinstance(error, str) else (str(error) or type(error).__name__)
        self._log.warning(f"{self._name}.{event}", seconds=round(at - self._since), error=cause.strip()[:300])
        self._logged_at, self._is_logged = at, True

    def back(self) -> None:
        """It answered just now."""
        if self._since is None:
            return
        if self._is_logged:
            self._log.info(f"{self._name}.back", seconds=round(self._clock() - self._since))
        self._since, self._is_logged = None, False


def redacted(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A log event without its secrets: a structlog processor."""
    return {name: _field(name, value, 0) for name, value in event.items()}


def without_secrets(text: str) -> str:
    """The same text with each secret in it replaced."""
    for look, instead in _LOOKS:
        text = look.sub(instead, text)
    return text


def _field(name: str, value: Any, depth: int) -> Any:
    if value not in (None, "") and _SECRET_NAME.search(name) and not _PLAIN_NAME.search(name):
        return HIDDEN
    return _value(value, depth)


def _value(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return without_secrets(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return f"{len(value)} bytes"
    if depth >= _DEEPEST:
        return HIDDEN
    if isinstance(value, Mapping):
        return {str(name): _field(str(name), inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_value(inner, depth + 1) for inner in value]
    return without_secrets(repr(value))
